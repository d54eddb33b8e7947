"""In: uvicorn's connections; out: the same with an end: so many at once, each head in time, nothing left half-said.

uvicorn bounds neither (0.54); bodies are bounded further in (web/bounds.py). Why not another server: decision 0031.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

# From the connection, or the answer before, to the end of the next request's head.
HEAD_SECONDS = 10.0
_FULL = b'{"error":{"code":"too_many_connections","message":"Too many are connected. Try again soon.","details":{}}}'
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 5\r\n"
    b"X-Content-Type-Options: nosniff\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"
) % (len(_FULL), _FULL)


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 whose connections are counted and whose heads must come in time."""

    head_seconds = HEAD_SECONDS

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        # Connections are counted here as they come; uvicorn would let them wait for a whole head first.
        self._most, self.limit_concurrency = self.limit_concurrency, None
        self._refused = False
        self._head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take it, or refuse it at once."""
        if self._most is not None and len(self.connections) >= self._most:
            self._refused, self.transport = True, transport
            transport.write(_REFUSAL)
            transport.close()
            return
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Read on; a head that has begun has its end set already."""
        if not self._refused:
            super().data_received(data)
            self._watch()

    def on_response_complete(self) -> None:
        """The next head has its time from now; so has what is left of a body that nobody wanted."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._forget()
        if not self._refused:
            super().connection_lost(exc)

    def _watch(self) -> None:
        cycle: Any = self.cycle  # None until the first head has come, whatever uvicorn's types say
        if cycle is not None and not cycle.response_complete:
            self._forget()
        elif self._head is None and not self.transport.is_closing():
            self._head = self.loop.call_later(self.head_seconds, self.transport.close)

    def _forget(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None


def web_options(*, most: int, proxies: str) -> dict[str, Any]:
    """How uvicorn runs our web: bounded, and believing nobody's word of where a request came from but `proxies`'
    (addresses or networks, with commas between; uvicorn's own default believes whoever is on this machine).
    """
    return {
        "http": BoundedProtocol,
        "limit_concurrency": most,
        "proxy_headers": bool(proxies),
        "forwarded_allow_ips": proxies,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
    }
