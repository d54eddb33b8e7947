"""In: a request to one of the gateway's interfaces; out: its answer; a refused token is renewed once."""

import asyncio
from collections.abc import Callable, Sequence

import httpx

from paradeiro.connectors.correios.token import NoToken, TokenCache
from paradeiro.sdk.http import HttpAnswer, HttpFailure, json_object, send_request

# Halving a batch of which every code is refused takes 99 requests; the gateway allows a burst of 55.
_AT_ONCE = 8
_NO_TOKEN = b"GTW-008"
_OBJECTS = b'"objetos"'
# How the gateway says that a receipt is not ready was never recorded but for 404; these can mean nothing else.
_NOT_YET = frozenset({202, 204, 404, 408, 425, 429})
_FIRST_SERVER_ERROR = 500
_LONGEST_NUMBER = 64


class Gateway:
    """The gateway with one contract's token."""

    def __init__(self, client: httpx.AsyncClient, tokens: TokenCache) -> None:
        self._client = client
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self.tokens = tokens

    async def ask(
        self, method: str, path: str, *, params: Sequence[tuple[str, str]] = (), body: bytes | None = None
    ) -> HttpAnswer | HttpFailure | NoToken:
        """One request. A refused token is renewed and the request repeated once."""
        for attempt in (1, 2):
            token = await self.tokens.token()
            if isinstance(token, NoToken):
                return token
            headers = {"Authorization": f"Bearer {token}"}
            if body is not None:
                headers["Content-Type"] = "application/json"
            async with self._turns:
                answer = await send_request(self._client, method, path, params=params, headers=headers, body=body)
            if isinstance(answer, HttpFailure):
                return answer
            if attempt == 2 or not token_refused(answer) or not self.tokens.forget(token):
                return answer
        raise AssertionError("the second attempt returns")

    async def redeem(
        self, path: str, number: str, *, pauses: Sequence[float], is_ready: Callable[[HttpAnswer], bool]
    ) -> HttpAnswer | None:
        """The answer for a receipt, requested after each of the pauses (seconds) until `is_ready` accepts it or it is
        refused; None if it was never ready.
        """
        for pause in pauses:
            await asyncio.sleep(pause)
            answer = await self.ask("GET", f"{path}/{number}")
            if isinstance(answer, NoToken):
                return None
            if isinstance(answer, HttpFailure) or _not_yet(answer):
                continue
            if not answer.ok or is_ready(answer):
                return answer
        return None


def token_refused(answer: HttpAnswer) -> bool:
    """Whether the token was refused. With which status `GTW-008` comes was never recorded, so any will do."""
    return answer.status == 401 or (_NO_TOKEN in answer.body and _OBJECTS not in answer.body)


def receipt_number(answer: HttpAnswer) -> str:
    """The number of the receipt; empty if none was given that is safe in a path."""
    number = json_object(answer.body).get("numero")
    text = str(number) if isinstance(number, str | int) and not isinstance(number, bool) else ""
    return text if text.isascii() and text.replace("-", "").isalnum() and len(text) <= _LONGEST_NUMBER else ""


def _not_yet(answer: HttpAnswer) -> bool:
    return answer.status in _NOT_YET or answer.status >= _FIRST_SERVER_ERROR
