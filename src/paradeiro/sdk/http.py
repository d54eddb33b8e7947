"""In: one HTTP request; out: an answer or a failure, never an exception. Times (each wait and the whole) and sizes are
bounded.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx
import msgspec

from paradeiro.domain.bounds import clean_text
from paradeiro.domain.words import Outcome

TIMEOUT_SECONDS = 20.0
# Seconds for one whole exchange: a party that sends a byte now and then never exceeds the limit of a single wait.
LONGEST_SECONDS = 40.0
LARGEST_BODY = 32 * 1024 * 1024
_LONGEST_WAIT = 86_400.0
LONGEST_ERROR = 500
_CONNECTIONS = 20
_FIRST_SERVER_ERROR = 500
_NO_ERROR: tuple[object, ...] = (None, "", 0, False, [], {})


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP response: status, headers (lower-case names) and the raw body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_html(self) -> bool:
        return "html" in self.headers.get("content-type", "") or self.body.lstrip()[:1] == b"<"


@dataclass(frozen=True, slots=True)
class HttpFailure:
    """No response. `in_doubt`: the party may have carried the request out before the connection broke."""

    message: str
    in_doubt: bool


@cache
def tls() -> ssl.SSLContext:
    """The TLS context of all connections of this process. Loading the certificates takes as long as many requests."""
    return httpx.create_ssl_context(trust_env=False)


def new_client(base_url: str, headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
    """A pooled client. It follows no redirect: interfaces that are switched off redirect to a web page (facts/correios,
    section 2).
    """
    return httpx.AsyncClient(
        base_url=base_url.rstrip("/"),
        headers=dict(headers or {}),
        verify=tls(),
        timeout=httpx.Timeout(TIMEOUT_SECONDS),
        limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
        follow_redirects=False,
        trust_env=False,
    )


async def send_request(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Sequence[tuple[str, str]] = (),
    body: bytes | None = None,
    longest: float | None = None,
    largest: int = LARGEST_BODY,
) -> HttpAnswer | HttpFailure:
    """Send one request. Every network error is an `HttpFailure`. `longest`: seconds for the whole of it, from waiting
    for a connection to the last byte of the answer. `largest`: bytes of the answer.
    """
    seconds = LONGEST_SECONDS if longest is None else longest
    progress = _Progress()
    try:
        request = client.build_request(method, path, headers=headers, params=list(params) or None, content=body)
        request.extensions["trace"] = progress.trace
        async with asyncio.timeout(seconds):
            response = await client.send(request, stream=True)
            try:
                return HttpAnswer(response.status_code, _lower(response.headers), await _read(response, largest))
            finally:
                await response.aclose()
    except TimeoutError:
        await progress.close_half_open()
        return HttpFailure(f"the whole answer had not come after {seconds:.0f} s", in_doubt=progress.in_doubt)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        return HttpFailure(f"could not connect: {type(error).__name__}", in_doubt=False)
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        return HttpFailure(f"the address cannot be used: {error}", in_doubt=False)
    except (httpx.HTTPError, httpx.StreamError) as error:
        return HttpFailure(f"the connection broke: {type(error).__name__}", in_doubt=True)


@dataclass(slots=True)
class _Progress:
    """How far a request came: before the connection is made nothing was sent, so nothing is in doubt."""

    in_doubt: bool = True
    half_open: Any = None

    async def trace(self, name: str, info: Mapping[str, Any]) -> None:
        if name.startswith("connection."):
            self.in_doubt = False
            if name == "connection.connect_tcp.complete":
                self.half_open = info.get("return_value")
        elif name.endswith("send_request_headers.started"):
            self.in_doubt, self.half_open = True, None

    async def close_half_open(self) -> None:
        """Close the socket of an abandoned handshake: httpcore 1.0 closes it after errors only."""
        if self.half_open is not None:
            await self.half_open.aclose()


async def _read(response: httpx.Response, largest: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > largest:
            raise httpx.ReadError(f"the answer is larger than {largest} bytes")
        parts.append(part)
    return b"".join(parts)


def _lower(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def http_problem(answer: HttpAnswer) -> Outcome | None:
    """The general outcome of a status; None for 2xx. A connector may decide otherwise for some statuses."""
    if answer.ok:
        return None
    match answer.status:
        case 401 | 403:
            return Outcome.AUTH_FAILED
        case 408 | 425 | 429:
            return Outcome.RETRY
        case status if status >= _FIRST_SERVER_ERROR:
            return Outcome.RETRY
        case status if 300 <= status < 400:
            return Outcome.MALFORMED
        case _:
            return Outcome.REFUSED


def retry_after(answer: HttpAnswer) -> float | None:
    """Seconds to wait from `Retry-After` (a date is read against `Date`), a day at most; None without it."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:20]), _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(value)
        said = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return None
    if until.tzinfo is None or said.tzinfo is None:
        return None
    return min(max((until - said).total_seconds(), 0.0), _LONGEST_WAIT)


def json_object(body: bytes) -> dict[str, Any]:
    """A body's JSON object; empty for any other body."""
    try:
        read = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def embedded_refusal(answer: HttpAnswer) -> str:
    """The error inside a 2xx answer; empty if there is none. Shapes of real parties: {error: …}, {errors: […]},
    {error_code: …}, {success: false}, {code: 12052048, message: …}.
    """
    body = json_object(answer.body)
    code = body.get("code")
    coded = isinstance(code, int) and not isinstance(code, bool) and code != 0 and not 200 <= code < 300
    named = any(body.get(name) not in _NO_ERROR for name in ("error", "errors", "error_code", "Error"))
    return error_text(answer) if named or body.get("success") is False or coded else ""


def error_text(answer: HttpAnswer) -> str:
    """The error message in one line, from any of the forms {error: {message}}, {message}, problem JSON, or none."""
    body = json_object(answer.body)
    error = body.get("error")
    inner: dict[str, Any] = error if isinstance(error, dict) else {}
    texts = (inner.get("message"), body.get("message"), body.get("Message"), body.get("title"), error)
    said = next((t for t in texts if isinstance(t, str) and t.strip()), "")
    return clean_text(f"HTTP {answer.status}{': ' if said else ''}{said}", LONGEST_ERROR)
