"""In: shipment numbers; out: Andreani's raw traces, each with its outcome. HTTP only, no domain types."""

import base64
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import quote

from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.asking import failure_answers
from paradeiro.sdk.contract import AccountRef, Answer, Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure, error_text, http_problem, json_object, new_client, send_request
from paradeiro.sdk.tokens import NoTokens, Tokens

from .parse import parse

PRODUCTION = "https://apis.andreani.com"
_TOKEN = "x-authorization-token"  # noqa: S105 - a header's name
# They say a day.
_LIFE = timedelta(hours=23)
_NOT_FOUND, _UNAUTHORISED = 404, 401


class AndreaniSession:
    """An open connection of one account. A token is asked for with user and password, and is in the answer's header."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        user, password = account.settings.get("user") or "", account.settings.get("password") or ""
        self._login = {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
        self._client = new_client(account.settings.get("base_url") or PRODUCTION, {"Accept": "application/json"})
        self._keep = account.keep
        self._clock = clock
        self._tokens: Tokens | None = None

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the order asked."""
        return [await self._ask(code) for code in tracking_codes]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, code: str) -> Answer:
        told = await self._traces(code)
        if isinstance(told, HttpAnswer) and told.status == _NOT_FOUND and json_object(told.body):
            return Answer(code, Outcome.NOT_FOUND, told.body, "not admitted yet", told.status)
        failures = failure_answers([code], told)
        if failures is not None or not isinstance(told, HttpAnswer):
            return (failures or [Answer(code, Outcome.RETRY)])[0]
        parsed = parse(told.body)[0]
        # An unreadable body is FOUND: recording then reports it with its bytes.
        outcome = Outcome.NOT_FOUND if parsed.outcome is Outcome.NOT_FOUND else Outcome.FOUND
        return Answer(code, outcome, told.body, parsed.message, told.status)

    async def _traces(self, code: str) -> HttpAnswer | HttpFailure | NoTokens:
        """Ask with the current token; a refused one is renewed once."""
        stale = ""
        answer: HttpAnswer | HttpFailure = HttpFailure("nothing was sent", in_doubt=False)
        for _ in range(2):
            tokens = await self._token(stale)
            if isinstance(tokens, NoTokens):
                return tokens
            path = f"/v2/envios/{quote(code, safe='')}/trazas"
            answer = await send_request(self._client, "GET", path, headers={_TOKEN: tokens.access})
            if isinstance(answer, HttpFailure) or answer.status != _UNAUTHORISED:
                return answer
            stale = tokens.access
        return answer

    async def _token(self, stale: str) -> Tokens | NoTokens:
        known = self._tokens
        if known is not None and known.access != stale and known.expires_at > self._clock():
            return known
        given = await (self._keep(stale, self._renew) if self._keep is not None else self._renew(""))
        self._tokens = given if isinstance(given, Tokens) else None
        return given

    async def _renew(self, _: str) -> Tokens | NoTokens:
        answer = await send_request(self._client, "GET", "/login", headers=self._login)
        if isinstance(answer, HttpFailure):
            return NoTokens(Outcome.RETRY, f"the login: {answer.message}")
        if not answer.ok:
            refused = http_problem(answer) is Outcome.AUTH_FAILED
            return NoTokens(Outcome.AUTH_FAILED if refused else Outcome.RETRY, f"the login: {error_text(answer)}")
        # Mostly in the header; some saw it in the body.
        token = answer.headers.get(_TOKEN) or json_object(answer.body).get("token")
        if not (isinstance(token, str) and token.isascii() and token.isprintable() and token.strip()):
            return NoTokens(Outcome.RETRY, "the login answered without a token")
        return Tokens(token.strip(), "", self._clock() + _LIFE)
