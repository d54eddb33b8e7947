"""In: tracking numbers; out: Correo Argentino's raw answers, each with its outcome. HTTP only, no domain types."""

import base64
from collections.abc import Sequence
from datetime import timedelta

from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.asking import encoded_json, failure_answers
from paradeiro.sdk.contract import AccountRef, Answer, Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure, error_text, http_problem, json_object, new_client, send_request
from paradeiro.sdk.tokens import NoTokens, Tokens

from .parse import parse

PRODUCTION = "https://api.correoargentino.com.ar/micorreo/v1"
_JSON = {"Content-Type": "application/json"}
# The documented token is good for two and a half hours.
_LIFE = timedelta(hours=1)
_UNAUTHORISED = 401


class CorreoArgentinoSession:
    """An open connection of one account. A token is asked for with user and password."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        user, password = account.settings.get("user") or "", account.settings.get("password") or ""
        self._login = {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
        self._client = new_client(account.settings.get("base_url") or PRODUCTION, {"Accept": "application/json"})
        self._keep = account.keep
        self._clock = clock
        self._tokens: Tokens | None = None

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per number, in the order asked."""
        return [await self._ask(code) for code in tracking_codes]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, code: str) -> Answer:
        told = await self._shipment(code)
        failures = failure_answers([code], told)
        if failures is not None or not isinstance(told, HttpAnswer):
            return (failures or [Answer(code, Outcome.RETRY)])[0]
        parsed = parse(told.body)[0]
        # An unreadable body is FOUND: recording then reports it with its bytes.
        outcome = Outcome.NOT_FOUND if parsed.outcome is Outcome.NOT_FOUND else Outcome.FOUND
        return Answer(code, outcome, told.body, parsed.message, told.status)

    async def _shipment(self, code: str) -> HttpAnswer | HttpFailure | NoTokens:
        """Ask with the current token; a refused one is renewed once. The number is in the body of a GET."""
        stale = ""
        answer: HttpAnswer | HttpFailure = HttpFailure("nothing was sent", in_doubt=False)
        for _ in range(2):
            tokens = await self._token(stale)
            if isinstance(tokens, NoTokens):
                return tokens
            headers = {**_JSON, "Authorization": f"Bearer {tokens.access}"}
            body = encoded_json(shippingId=code)
            answer = await send_request(self._client, "GET", "/shipping/tracking", headers=headers, body=body)
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
        answer = await send_request(self._client, "POST", "/token", headers=self._login)
        if isinstance(answer, HttpFailure):
            return NoTokens(Outcome.RETRY, f"the login: {answer.message}")
        if not answer.ok:
            refused = http_problem(answer) is Outcome.AUTH_FAILED
            return NoTokens(Outcome.AUTH_FAILED if refused else Outcome.RETRY, f"the login: {error_text(answer)}")
        token = json_object(answer.body).get("token")
        if not (isinstance(token, str) and token.isascii() and token.isprintable() and token.strip()):
            return NoTokens(Outcome.RETRY, "the login answered without a token")
        return Tokens(token.strip(), "", self._clock() + _LIFE)
