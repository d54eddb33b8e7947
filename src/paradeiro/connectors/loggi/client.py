"""In: tracking codes of one company; out: one answer per code, as raw bytes with an outcome. HTTP only."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import msgspec

from paradeiro.connectors.loggi.parse import parse
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Answer, Clock
from paradeiro.sdk.http import (
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

PRODUCTION = "https://api.loggi.com"
_TOKEN = "/v2/oauth2/token"  # noqa: S105 - the path of the token service
_REFUSED_TOKEN, _NOT_FOUND, _BAD = 401, 404, 400
# Renewed a little before its end; how long it lives is in the answer.
_MARGIN = timedelta(minutes=1)
_SHORTEST_LIFE, _USUAL_LIFE, _LONGEST_LIFE = 120.0, 1800.0, 86_400.0


class LoggiSession:
    """One company's connection, with a token that all workers share."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        self._settings = account.settings
        self._clock = clock
        self._keep = account.keep
        self._tokens: Tokens | None = None
        self._client = new_client(account.settings.get("base_url") or PRODUCTION, {"Accept": "application/json"})

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order; the interface takes one code a request."""
        return [await self._look_up(code) for code in tracking_codes]

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def _look_up(self, code: str) -> Answer:
        """The answer about one code. A refused token is renewed once."""
        company = quote((self._settings.get("company_id") or "").strip(), safe="")
        if not company:
            return Answer(code, Outcome.AUTH_FAILED, message="enter the number of the company at Loggi (company_id)")
        path, stale = f"/v1/companies/{company}/packages/{quote(code, safe='')}/tracking", ""
        refused = Answer(code, Outcome.AUTH_FAILED, message="Loggi refuses the token that it has just given")
        for _ in range(2):
            tokens = await self._token(stale)
            if isinstance(tokens, NoTokens):
                return Answer(code, tokens.outcome, message=tokens.message)
            told = await send_request(self._client, "GET", path, headers={"Authorization": f"Bearer {tokens.access}"})
            if isinstance(told, HttpFailure):
                return Answer(code, Outcome.RETRY, message=told.message)
            if told.status != _REFUSED_TOKEN:
                return _answer(code, told)
            stale, refused = tokens.access, replace(refused, body=told.body, http_status=told.status)
        return refused

    async def _token(self, stale: str) -> Tokens | NoTokens:
        known = self._tokens
        if known is not None and known.access != stale and known.expires_at > self._clock() + _MARGIN:
            return known
        given = await (self._renew("") if self._keep is None else self._keep(stale, self._renew))
        self._tokens = given if isinstance(given, Tokens) else None
        return given

    async def _renew(self, _: str) -> Tokens | NoTokens:
        """A new token for the account's credentials; there are no refresh tokens."""
        asked = {name: self._settings.get(name) or "" for name in ("client_id", "client_secret")}
        if not all(asked.values()):
            return NoTokens(Outcome.AUTH_FAILED, "enter client_id and client_secret of the integration")
        headers = {"Content-Type": "application/json"}
        answer = await send_request(self._client, "POST", _TOKEN, headers=headers, body=msgspec.json.encode(asked))
        if isinstance(answer, HttpFailure):
            return NoTokens(Outcome.RETRY, f"the token service: {answer.message}", answer.in_doubt)
        outcome = http_problem(answer)
        if outcome is not None:
            # 400 is how a token service refuses credentials; 404 and the like concern the interface.
            refused = outcome is Outcome.AUTH_FAILED or answer.status == _BAD
            words = f"the token service: {error_text(answer)}"
            return NoTokens(Outcome.AUTH_FAILED if refused else Outcome.RETRY, words)
        return self._read_token(json_object(answer.body))

    def _read_token(self, said: dict[str, Any]) -> Tokens | NoTokens:
        # Older clients read idToken; the other names are those of the standard.
        token = next((t for name in ("idToken", "access_token", "accessToken") if (t := said.get(name))), None)
        if not isinstance(token, str) or not (token.isascii() and token.isprintable()) or " " in token:
            return NoTokens(Outcome.RETRY, "the token service answered something that is no token")
        lives = timedelta(seconds=_life(said.get("expiresIn", said.get("expires_in"))))
        return Tokens(token, "", self._clock() + lives)


def _life(value: object) -> float:
    """For how many seconds a token is valid, within reason."""
    written = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    seconds = float(written[:12]) if written.isascii() and written.isdigit() else _USUAL_LIFE
    return min(max(seconds, _SHORTEST_LIFE), _LONGEST_LIFE)


def _answer(code: str, told: HttpAnswer) -> Answer:
    """The answer with its outcome. A web page is an outage, whatever its status."""
    problem, message = http_problem(told), error_text(told)
    if told.is_html and problem in {None, Outcome.REFUSED}:
        return Answer(code, Outcome.RETRY, told.body, "a web page came instead of an answer", told.status)
    if told.status == _NOT_FOUND:
        # Loggi says so in an object; anything else is a gateway's.
        said = json_object(told.body)
        outcome = Outcome.NOT_FOUND if said.get("message") or said.get("code") else Outcome.MALFORMED
        return Answer(code, outcome, told.body, message, told.status)
    if problem is not None:
        return Answer(code, problem, told.body, message, told.status, retry_after(told))
    parsed = parse(told.body)
    if any(each.tracking_code not in {"", tidy_code(code)} for each in parsed):
        return Answer(code, Outcome.MALFORMED, told.body, "the answer is about another code", told.status)
    # An unreadable answer is FOUND: recording then reports it with its bytes.
    outcome = Outcome.NOT_FOUND if all(each.outcome is Outcome.NOT_FOUND for each in parsed) else Outcome.FOUND
    return Answer(code, outcome, told.body, parsed[0].message, told.status)
