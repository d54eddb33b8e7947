"""In: the address of a file that a party's answer names; out: the file, or why it is not fetched. Never an exception.

Anybody who can write into such an answer could name an address: only https to the public internet is spoken, no
redirect is followed, size and time are bounded. An account whose base address is an address of this machine (a
simulator) may be given files by that server too: a name could come to lead elsewhere meanwhile, a number cannot.
"""

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpcore
import httpx

from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef
from paradeiro.sdk.guard import Guard, HostRefusedError, Resolve, guarded_pool, resolve

TIMEOUT_SECONDS = 20.0  # for one whole file
LARGEST_FILE = 8 * 1024 * 1024
_CONNECTIONS = 2
_PORTS: Mapping[str, int] = {"https": 443, "http": 80}
_LAST_PORT = 65535
_FIRST_SERVER_ERROR = 500
_LATER = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file (FOUND), or why there is none: NOT_FOUND (a link that is no more), RETRY, MALFORMED. The message names no
    address: links may hold a key.
    """

    outcome: Outcome
    content: bytes = field(default=b"", repr=False)
    message: str = ""


class Downloads:
    """Fetches files for one account."""

    def __init__(self, account: AccountRef, *, resolve: Resolve = resolve, tls: ssl.SSLContext | None = None) -> None:
        self._own = _here(account.settings.get("base_url") or "")
        own = frozenset() if self._own is None else frozenset({f"{self._own[1]}:{self._own[2]}"})
        self._guard = Guard(account.inner_hosts | own, resolve)
        self._pool = guarded_pool(self._guard, _CONNECTIONS, tls)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    async def fetch(self, address: str) -> Downloaded:
        """The file at an address. No credential of the account is sent there."""
        url = _url(address)
        if url is None or not self._may_speak(url):
            return Downloaded(Outcome.MALFORMED, message="the address of a picture is no https:// address")
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await self._get(url)
        except HostRefusedError:
            return Downloaded(Outcome.MALFORMED, message="the address of a picture is not in the outside world")
        except TimeoutError:
            return Downloaded(Outcome.RETRY, message=f"a picture had not come after {TIMEOUT_SECONDS:.0f} s")
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            return Downloaded(Outcome.RETRY, message=f"a picture did not come: {type(error).__name__}")

    def _may_speak(self, url: httpx.URL) -> bool:
        if not url.host or url.userinfo or url.scheme not in _PORTS or not 0 < (url.port or 443) <= _LAST_PORT:
            return False
        return url.scheme == "https" or _origin(str(url)) == self._own

    async def _get(self, url: httpx.URL) -> Downloaded:
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        # Each wait ends before the whole does: httpcore closes a half-open connection after errors only.
        waits = dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT_SECONDS / 4)
        headers = [("Host", url.netloc.decode()), ("Accept", "*/*")]
        async with self._pool.stream("GET", target, headers=headers, extensions={"timeout": waits}) as response:
            if response.status != 200:
                return _refused(response.status)
            parts: list[bytes] = []
            size = 0
            async with contextlib.aclosing(response.aiter_stream()) as stream:  # type: ignore[type-var] # a generator
                async for part in stream:
                    size += len(part)
                    if size > LARGEST_FILE:
                        return Downloaded(Outcome.MALFORMED, message=f"a picture is larger than {LARGEST_FILE} bytes")
                    parts.append(part)
        return Downloaded(Outcome.FOUND, b"".join(parts))


def _refused(status: int) -> Downloaded:
    """What another status than 200 means. A refusal concerns the link, which may have run out, never the account."""
    words = f"HTTP {status} instead of a picture"
    if status >= _FIRST_SERVER_ERROR or status in _LATER:
        return Downloaded(Outcome.RETRY, message=words)
    if 300 <= status < 400:
        return Downloaded(Outcome.MALFORMED, message=f"{words}: it leads elsewhere, which is not followed")
    return Downloaded(Outcome.NOT_FOUND, message=words)


def _url(text: str) -> httpx.URL | None:
    try:
        return httpx.URL(text.strip())
    except (httpx.InvalidURL, UnicodeError):
        return None


def _here(base_url: str) -> tuple[str, str, int] | None:
    """The origin of a base address that is an address of this machine; None for any other."""
    own = _origin(base_url)
    try:
        return own if own is not None and ipaddress.ip_address(own[1].strip("[]")).is_loopback else None
    except ValueError:
        return None


def _origin(text: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an address; None if it has none."""
    url = _url(text)
    if url is None or url.scheme not in _PORTS or not url.host:
        return None
    return url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
