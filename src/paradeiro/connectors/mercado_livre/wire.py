"""In: a request to Mercado Livre as one seller; out: its answer, or why there is none. Refresh tokens work once."""

from datetime import timedelta
from typing import Annotated

import msgspec

from paradeiro.domain.bounds import clean_text
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Clock, Sent
from paradeiro.sdk.http import (
    LONGEST_ERROR,
    HttpAnswer,
    HttpFailure,
    error_text,
    http_problem,
    json_object,
    new_client,
    retry_after,
    send_request,
)
from paradeiro.sdk.tokens import NoTokens, Tokens

BASE_URL = "https://api.mercadolibre.com"
_PAUSE_AFTER_429 = 60.0
_SERVER_ERROR = 500  # from here on it is unknown whether the request was carried out
_SHORTEST_LIFE, _LONGEST_LIFE = 60, 30 * 24 * 3600
_GONE = 410
_AUTHORISE = "authorise the application again and enter the new refresh token (docs/connectors/mercado_livre.md)"
# Error codes of 401 and 403 that refuse one shipment: V1's, V2's, V2's for a pair of status and substatus. A new token
# does not help.
_OF_ONE = frozenset({"invalid_user_id_for_order", "forbidden_client", "bad_request"})


class Wire:
    """The connection of one seller to Mercado Livre."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        self._settings = account.settings
        self._clock = clock
        self._keep = account.keep
        self._tokens: Tokens | None = None
        self._client = new_client(account.settings.get("base_url") or BASE_URL, {"Accept": "application/json"})

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def ask(self, method: str, path: str, body: bytes | None = None) -> HttpAnswer | Sent:
        """Send with the current token. A refused token is renewed once. An answer that is not 2xx is a `Sent`."""
        stale = ""
        for _ in range(2):
            tokens = await self._token(stale)
            if isinstance(tokens, NoTokens):
                return Sent(tokens.outcome, message=tokens.message, in_doubt=tokens.in_doubt)
            headers = {"Authorization": f"Bearer {tokens.access}"}
            # Without it the shipments' documentation guarantees nothing.
            headers |= {"x-format-new": "true"} if method == "GET" else {"Content-Type": "application/json"}
            answer = await send_request(self._client, method, path, headers=headers, body=body)
            if isinstance(answer, HttpFailure):
                return Sent(Outcome.RETRY, message=answer.message, in_doubt=answer.in_doubt)
            if answer.status != 401 or _error_code(answer) in _OF_ONE:
                return _checked(answer)
            stale = tokens.access
        words = f"Mercado Livre refuses the token that it has just given: {_AUTHORISE}"
        return Sent(Outcome.AUTH_FAILED, message=words, http_status=401)

    async def _token(self, stale: str) -> Tokens | NoTokens:
        known = self._tokens
        if known is not None and known.access != stale and known.expires_at > self._clock() + timedelta(minutes=1):
            return known
        if self._keep is not None:
            given = await self._keep(stale, self._renew)
        else:
            given = await self._renew(known.refresh if known else self._settings["refresh_token"])
        self._tokens = given if isinstance(given, Tokens) else None
        return given

    async def _renew(self, refresh: str) -> Tokens | NoTokens:
        """New tokens for a refresh token, which is invalid afterwards."""
        form = msgspec.structs.asdict(
            _TokenRequest("refresh_token", self._settings["client_id"], self._settings["client_secret"], refresh)
        )
        asked = self._client.build_request("POST", "/oauth/token", data=form)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await send_request(self._client, "POST", "/oauth/token", headers=headers, body=asked.content)
        if isinstance(answer, HttpFailure):
            return NoTokens(Outcome.RETRY, answer.message, answer.in_doubt)
        if not answer.ok:
            outcome = http_problem(answer)
            if outcome in {Outcome.AUTH_FAILED, Outcome.REFUSED}:
                return NoTokens(
                    Outcome.AUTH_FAILED, f"Mercado Livre lets us in no more ({error_text(answer)}): {_AUTHORISE}"
                )
            return NoTokens(Outcome.RETRY, error_text(answer))
        return self._read_tokens(answer)

    def _read_tokens(self, answer: HttpAnswer) -> Tokens | NoTokens:
        try:
            given = msgspec.json.decode(answer.body, type=_TokenAnswer)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return NoTokens(Outcome.RETRY, "the answer to a refresh token cannot be understood")
        lives = timedelta(seconds=min(max(given.expires_in, _SHORTEST_LIFE), _LONGEST_LIFE))
        return Tokens(given.access_token, given.refresh_token, self._clock() + lives)


class _TokenAnswer(msgspec.Struct):
    access_token: Annotated[str, msgspec.Meta(min_length=1)]
    refresh_token: Annotated[str, msgspec.Meta(min_length=1)]
    expires_in: int


class _TokenRequest(msgspec.Struct):
    grant_type: str
    client_id: str
    client_secret: str
    refresh_token: str


def _checked(answer: HttpAnswer) -> HttpAnswer | Sent:
    """The answer if it is 2xx; else what went wrong."""
    outcome = http_problem(answer)
    if outcome is Outcome.AUTH_FAILED and _error_code(answer) in _OF_ONE:
        outcome = Outcome.REFUSED
    if answer.status == _GONE:
        do = "set the account's api_version to one that Mercado Livre serves, or get a newer Paradeiro"
        return Sent(Outcome.ENDED, message=f"{_error_text(answer)}: {do}", http_status=answer.status)
    if outcome is not None:
        wait = retry_after(answer) or (_PAUSE_AFTER_429 if answer.status == 429 else None)
        doubt = answer.status >= _SERVER_ERROR
        return Sent(outcome, "", _error_text(answer), http_status=answer.status, retry_after=wait, in_doubt=doubt)
    if answer.is_html:
        return Sent(Outcome.MALFORMED, message="a web page came instead of an answer", http_status=answer.status)
    return answer


def _error_code(answer: HttpAnswer) -> str:
    """The error's code: V2 calls it `error_code`, everything else `error`."""
    read = json_object(answer.body)
    return next((v for k in ("error_code", "error") if isinstance(v := read.get(k), str)), "")


def _error_text(answer: HttpAnswer) -> str:
    """What went wrong, with the error's code: sellers find that in the documentation."""
    code, words = _error_code(answer), error_text(answer)
    return words if not code or code in words else clean_text(f"{words} ({code})", LONGEST_ERROR)
