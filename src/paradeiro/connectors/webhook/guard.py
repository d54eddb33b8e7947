"""In: a host and a port that somebody typed; out: an address that may be spoken with, and a connection to exactly it.

The name is resolved here, every address that it has is checked, and the connection goes to a checked one: what the
name means a moment later changes nothing. TLS and the Host header still speak of the name.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import httpcore

Resolve = Callable[[str, int], Awaitable[list[str]]]
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What is_global does not say, or says otherwise from one Python to the next: other addresses hide in these.
_HIDING = tuple(
    ipaddress.ip_network(text)
    for text in (
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64 of a network's own
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "192.88.99.0/24",  # 6to4 relays
        "100.64.0.0/10",  # carrier-grade NAT
        "fec0::/10",  # site-local, as it once was
    )
)


class RefusedError(httpcore.ConnectError):
    """The host may not be spoken with; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Which hosts may be spoken with. `inner_hosts` are names in our own network that somebody allowed."""

    inner_hosts: frozenset[str]
    resolve: Resolve

    def allows(self, host: str) -> bool:
        return host.lower().rstrip(".") in self.inner_hosts

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host, all of them fit to speak with. Raises `RefusedError` if one is not, or none is."""
        try:
            found = await self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name {host} has no address") from error
        if not found:
            raise httpcore.ConnectError(f"the name {host} has no address")
        if not self.allows(host) and any(inner(each) for each in found):
            raise RefusedError(f"{host} is not in the outside world, or not always")
        return found


def inner(text: str) -> bool:
    """Whether an address is anything but a plain one of the public internet."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return True
    if address.is_multicast or address.is_unspecified or not address.is_global:
        return True
    return any(address in network for network in _HIDING if network.version == address.version)


async def resolve(host: str, port: int) -> list[str]:
    """Ask the machine's resolver, off the loop."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to addresses that the guard gave, and to nothing else. No proxy, no Unix socket."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._plain = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Try the checked addresses one after the other."""
        failed: Exception = httpcore.ConnectError("no address")
        for address in (await self._guard.addresses(host, port))[:4]:
            try:
                return await self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    async def sleep(self, seconds: float) -> None:
        await self._plain.sleep(seconds)
