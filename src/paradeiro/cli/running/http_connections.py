"""In: uvicorn's connections; out: the same with limits on their number and on the time of each request's head.

uvicorn limits neither (0.54); bodies are limited in web/bounds.py. Why not another server: decision 0031.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

# From the start of the connection, or the end of the previous answer, to the end of the next request's head.
HEAD_SECONDS = 10.0
_FULL = b'{"error":{"code":"too_many_connections","message":"Too many are connected. Try again soon.","details":{}}}'
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 5\r\n"
    b"X-Content-Type-Options: nosniff\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"
) % (len(_FULL), _FULL)


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 with a limit on connections and a timeout for request heads."""

    head_seconds = HEAD_SECONDS

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        # Connections are counted when they are opened; uvicorn counts them only after a whole head.
        self._most, self.limit_concurrency = self.limit_concurrency, None
        self._refused = False
        self._head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Accept the connection, or refuse it with 503 at once."""
        if self._most is not None and len(self.connections) >= self._most:
            self._refused, self.transport = True, transport
            transport.write(_REFUSAL)
            transport.close()
            return
        super().connection_made(transport)
        self._time_head()

    def data_received(self, data: bytes) -> None:
        """Read on; the timer of a head that has begun goes on."""
        if not self._refused:
            super().data_received(data)
            self._time_head()

    def on_response_complete(self) -> None:
        """Start the timer for the next head, which also limits an unread rest of a body."""
        super().on_response_complete()
        self._time_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timer."""
        self._cancel_head_timer()
        if not self._refused:
            super().connection_lost(exc)

    def _time_head(self) -> None:
        cycle: Any = self.cycle  # None until the first head has come, whatever uvicorn's types say
        if cycle is not None and not cycle.response_complete:
            self._cancel_head_timer()
        elif self._head is None and not self.transport.is_closing():
            self._head = self.loop.call_later(self.head_seconds, self.transport.close)

    def _cancel_head_timer(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None


def web_options(*, most: int, proxies: str) -> dict[str, Any]:
    """Uvicorn's options: at most `most` connections; X-Forwarded headers only from `proxies` (addresses or networks,
    separated by commas; uvicorn's own default trusts every process on this machine).
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
