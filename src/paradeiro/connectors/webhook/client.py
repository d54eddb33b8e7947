"""In: an endpoint of the store's; out: a session that posts signed messages to it. HTTP only.

Only a 2xx is success. Any other answer is retried with the same webhook-id; 410 says that the endpoint no longer
exists.
"""

import asyncio
import contextlib
import ssl

import httpcore
import httpx

from paradeiro.connectors.webhook.render import trial_request
from paradeiro.connectors.webhook.signature import secrets_of, signature_headers
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Clock, Request, Sent
from paradeiro.sdk.guard import Guard, Resolve, guarded_pool, resolve
from paradeiro.sdk.http import HttpAnswer, retry_after

TIMEOUT_SECONDS = 20.0  # for the whole exchange up to the answer's status; Standard Webhooks recommends 15 to 30
_BODY_SECONDS = 2.0
LARGEST_BODY = 64 * 1024
_LONGEST_PAUSE = 24 * 3600.0
_CONNECTIONS = 10
_GONE = 410


class WebhookSession:
    """An open session with one endpoint. Each message uses its own connection, checked when it is made."""

    def __init__(
        self, account: AccountRef, clock: Clock, *, resolve: Resolve = resolve, tls: ssl.SSLContext | None = None
    ) -> None:
        self._settings = account.settings
        self._clock = clock
        self._guard = Guard(account.inner_hosts, resolve)
        self._pool = guarded_pool(self._guard, _CONNECTIONS, tls)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    async def look(self) -> str:
        """Why the endpoint's address must not be contacted; empty if it may be."""
        url = _url(self._settings["url"])
        problem = self._problem(url)
        if problem or url is None:
            return problem
        try:
            await self._guard.addresses(_host(url), url.port or 443)
        except httpcore.ConnectError as error:
            return str(error)
        return ""

    async def send(self, request: Request, telling_id: str) -> Sent:
        """Post one message, signed now. Only the status of the answer counts."""
        url = _url(self._settings["url"])
        problem = self._problem(url)
        if problem or url is None:
            return Sent(Outcome.RETRY, message=problem)
        try:
            proof = signature_headers(
                secrets_of(self._settings, self._clock()), telling_id, self._clock(), request.body
            )
        except ValueError as error:
            return Sent(Outcome.RETRY, message=str(error))
        headers = [*request.headers, ("Host", url.netloc.decode()), ("Content-Length", str(len(request.body))), *proof]
        return await self._post(url, headers, request.body)

    async def try_out(self, telling_id: str) -> Sent:
        """Post a test message that concerns no order."""
        return await self.send(trial_request(telling_id, self._clock()), telling_id)

    async def already_done(self, request: Request, telling_id: str) -> bool:  # noqa: ARG002 - the same call for every sink
        """Never known: the same message is sent again with the same webhook-id, by which duplicates are detected."""
        return False

    def _problem(self, url: httpx.URL | None) -> str:
        if url is None or url.scheme not in {"http", "https"} or not url.host:
            return "the address is no https:// address"
        if url.userinfo:
            return "an address with a user and a password in it is not used"
        if url.scheme == "http" and not self._guard.allows(_host(url), url.port or 80):
            return "only https:// is spoken with the outside world"
        return ""

    async def _post(self, url: httpx.URL, headers: list[tuple[str, str]], body: bytes) -> Sent:
        reached = False
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS) as limit,
                self._pool.stream(
                    "POST",
                    httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=[(name.encode(), value.encode()) for name, value in headers],
                    content=body,
                    extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT_SECONDS)},
                ) as response,
            ):
                reached = True
                sent = _sent(response)
                limit.reschedule(asyncio.get_running_loop().time() + _BODY_SECONDS)
                await _drain(response)
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as error:
            return Sent(Outcome.RETRY, message=f"could not connect: {error or type(error).__name__}"[:300])
        except (TimeoutError, httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            # The status was received: the body does not matter.
            if reached:
                return sent
            return Sent(Outcome.RETRY, message=f"no answer came: {type(error).__name__}", in_doubt=True)
        return sent


def _url(text: str) -> httpx.URL | None:
    try:
        return httpx.URL(text.strip())
    except (httpx.InvalidURL, UnicodeError):
        return None


def _host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii")


async def _drain(response: httpcore.Response) -> None:
    """Read the rest of the answer, up to a bound, so that the other side does not see a broken connection."""
    size = 0
    async with contextlib.aclosing(response.aiter_stream()) as parts:  # type: ignore[type-var] # it is a generator
        async for part in parts:
            size += len(part)
            if size > LARGEST_BODY:
                return


def _sent(response: httpcore.Response) -> Sent:
    status = response.status
    if 200 <= status < 300:
        return Sent(Outcome.FOUND, receipt=f"HTTP {status}", http_status=status)
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    pause = retry_after(HttpAnswer(status, headers, b""))
    words = f"HTTP {status}"
    if 300 <= status < 400:
        words += ": it leads elsewhere, where messages never follow; enter the new address"
    return Sent(
        Outcome.RETRY,
        message=words,
        http_status=status,
        retry_after=None if pause is None else min(pause, _LONGEST_PAUSE),
        gone=status == _GONE,
    )
