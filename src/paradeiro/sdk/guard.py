"""In: a host and port that somebody else named; out: an address that may be contacted, and a connection to exactly it.

The name is resolved here, all its addresses are checked, and the connection goes to a checked one: a later change of
the name's resolution has no effect. TLS and the Host header still use the name.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import httpcore

from paradeiro.sdk.http import tls as shared_tls

Resolve = Callable[[str, int], Awaitable[list[str]]]
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# The one network that the library calls global, and whose hosts relay to any 6to4 address (RFC 7526).
_RELAYS = ipaddress.ip_network("192.88.99.0/24")
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})
_LOW = 0xFFFF_FFFF


class HostRefusedError(httpcore.ConnectError):
    """The host must not be contacted; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Which hosts may be contacted. `inner_hosts` are allowed names in our own network, `name` on all ports,
    `name:port` on that one only.
    """

    inner_hosts: frozenset[str]
    resolve: Resolve

    def allows(self, host: str, port: int) -> bool:
        name = _plain(host)
        return any(name == of and on in {None, port} for of, on in map(_parse_allowed, self.inner_hosts))

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host, all of them allowed. Raises `HostRefusedError` if one is not, or there is none."""
        try:
            found = await self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name {host} has no address") from error
        if not found:
            raise httpcore.ConnectError(f"the name {host} has no address")
        if not self.allows(host, port) and any(is_inner(each) for each in found):
            raise HostRefusedError(f"{host} is not in the outside world, or not always")
        return found


def is_inner(text: str) -> bool:
    """Whether an address is anything but a plain one of the public internet. Of IPv6 that is what the library calls
    neither reserved nor an embedded IPv4 address: every embedded form lies outside 2000::/3, or the library knows it,
    or (ISATAP) the address ends in the IPv4 address.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return True
    if address.is_multicast or address.is_unspecified or address.is_reserved or not address.is_global:
        return True
    if isinstance(address, ipaddress.IPv4Address):
        return address in _RELAYS
    hides = (address.ipv4_mapped, address.sixtofour, address.teredo, _isatap(address))
    return address.is_site_local or any(each is not None for each in hides)


def _isatap(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an ISATAP interface's address ends in (RFC 5214)."""
    number = int(address)
    return ipaddress.IPv4Address(number & _LOW) if number >> 32 & _LOW in _ISATAP else None


def _parse_allowed(entry: str) -> tuple[str, int | None]:
    """An allowed host, and its only port: `erp.local`, `erp.local:8443`, `fd00::1`, `[fd00::1]:8443`."""
    host, _, port = entry.rpartition(":")
    if port.isdecimal() and (host.startswith("[") or (host and ":" not in host)):
        return _plain(host), int(port)
    return _plain(entry), None


def _plain(host: str) -> str:
    return host.lower().strip("[]").rstrip(".")


async def resolve(host: str, port: int) -> list[str]:
    """Query the machine's resolver, off the event loop."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def guarded_pool(guard: Guard, connections: int, tls: ssl.SSLContext | None = None) -> httpcore.AsyncConnectionPool:
    """A pool that connects to nothing but what the guard allows. Each exchange has its own connection, checked when it
    is made. `tls`: instead of the machine's certificates.
    """
    return httpcore.AsyncConnectionPool(
        ssl_context=tls or shared_tls(),
        max_connections=connections,
        max_keepalive_connections=0,
        network_backend=GuardedNetwork(guard),
    )


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to addresses that the guard allowed, and to nothing else. No proxy, no Unix socket."""

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
