"""In: a request to a carrier that issues tokens to client credentials; out: its answer, or the outcome of all codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import msgspec

from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Answer, Clock
from paradeiro.sdk.http import (
    HttpAnswer,
    HttpFailure,
    error_text,
    http_problem,
    json_object,
    retry_after,
    send_request,
)
from paradeiro.sdk.tokens import NoTokens, Tokens

_UNAUTHORISED, _BAD_REQUEST = 401, 400
# Lives of tokens in seconds: less would ask for one at each request, more is no life of an access token.
_SHORTEST_LIFE, _USUAL_LIFE, _LONGEST_LIFE = 60, 3600, 30 * 24 * 3600
_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class TokenCall:
    """How a party is asked for a token: a POST to `path`. `named`: the answer's field that is it. Its repr shows no
    credential.
    """

    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    named: str = "access_token"


class TokenClient:
    """The connection of one account whose requests carry a bearer token (OAuth 2.0, client credentials)."""

    def __init__(self, client: httpx.AsyncClient, account: AccountRef, clock: Clock, call: TokenCall) -> None:
        self._client = client
        self._keep = account.keep
        self._clock = clock
        self._call = call
        self._tokens: Tokens | None = None

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
    ) -> HttpAnswer | HttpFailure | NoTokens:
        """Send with the current token; a refused token is renewed once."""
        stale = ""
        answer: HttpAnswer | HttpFailure | NoTokens = HttpFailure("nothing was sent", in_doubt=False)
        for _ in range(2):
            tokens = await self._token(stale)
            if isinstance(tokens, NoTokens):
                return tokens
            sent = {**(headers or {}), "Authorization": f"Bearer {tokens.access}"}
            answer = await send_request(self._client, method, path, headers=sent, params=params, body=body)
            if isinstance(answer, HttpFailure) or answer.status != _UNAUTHORISED:
                return answer
            stale = tokens.access
        return answer

    async def _token(self, stale: str) -> Tokens | NoTokens:
        known = self._tokens
        if known is not None and known.access != stale and known.expires_at > self._clock() + timedelta(minutes=1):
            return known
        given = await (self._keep(stale, self._renew) if self._keep is not None else self._renew(""))
        self._tokens = given if isinstance(given, Tokens) else None
        return given

    async def _renew(self, _: str) -> Tokens | NoTokens:
        """A new token. Client credentials need no refresh token."""
        call = self._call
        answer = await send_request(self._client, "POST", call.path, headers=call.headers, body=call.body)
        if isinstance(answer, HttpFailure):
            return NoTokens(Outcome.RETRY, f"the token service: {answer.message}", answer.in_doubt)
        if not answer.ok:
            refused = http_problem(answer) is Outcome.AUTH_FAILED or answer.status == _BAD_REQUEST
            outcome = Outcome.AUTH_FAILED if refused else Outcome.RETRY
            return NoTokens(outcome, f"the token service: {error_text(answer)}")
        given = json_object(answer.body)
        access = given.get(call.named)
        if not (isinstance(access, str) and access and access.isascii() and access.isprintable() and " " not in access):
            return NoTokens(Outcome.RETRY, "the token service answered something that is no token")
        return Tokens(access, "", self._clock() + timedelta(seconds=_life(given.get("expires_in"))))


def _life(value: object) -> int:
    """Seconds; parties write a number or a text."""
    text = str(value).strip()
    known = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return min(max(int(text), _SHORTEST_LIFE), _LONGEST_LIFE) if known else _USUAL_LIFE


def failure_answers(codes: Sequence[str], told: HttpAnswer | HttpFailure | NoTokens) -> list[Answer] | None:
    """The same failure for every code of a request; None if the answer is a success that is to be read. A 4xx that is
    none of the general ones concerns the interface, not a code: connectors look for their errors about codes before.
    """
    if isinstance(told, NoTokens):
        return [Answer(code, told.outcome, message=told.message) for code in codes]
    if isinstance(told, HttpFailure):
        return [Answer(code, Outcome.RETRY, message=told.message) for code in codes]
    outcome = http_problem(told)
    if outcome is None and not told.is_html:
        return None
    if outcome in {None, Outcome.REFUSED}:
        outcome = Outcome.MALFORMED
    words = error_text(told)
    return [Answer(code, outcome, told.body, words, told.status, retry_after(told)) for code in codes]


def encoded_form(**fields: str) -> bytes:
    """A form's body, as `application/x-www-form-urlencoded`."""
    return httpx.Request("POST", "http://form", data=fields).content


def encoded_json(**fields: str) -> bytes:
    """A JSON object's bytes."""
    return msgspec.json.encode(fields)
