"""In: tracking numbers; out: Correo Argentino's raw answers, each with its outcome. HTTP only, no domain types."""

import base64
from collections.abc import Sequence

from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.asking import TokenCall, TokenClient, encoded_json, failure_answers
from paradeiro.sdk.contract import AccountRef, Answer, Clock
from paradeiro.sdk.http import HttpAnswer, new_client

from .parse import parse

PRODUCTION = "https://api.correoargentino.com.ar/micorreo/v1"
_JSON = {"Content-Type": "application/json"}


class CorreoArgentinoSession:
    """An open connection of one account. A token is asked for with user and password; the documented one is good for
    two and a half hours, and is used for one.
    """

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        user, password = account.settings.get("user") or "", account.settings.get("password") or ""
        login = {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
        client = new_client(account.settings.get("base_url") or PRODUCTION, {"Accept": "application/json"})
        self._client = TokenClient(client, account, clock, TokenCall("/token", login, b"", named="token"))

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per number, in the order asked."""
        return [await self._ask(code) for code in tracking_codes]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _ask(self, code: str) -> Answer:
        # The number is in the body of a GET.
        body = encoded_json(shippingId=code)
        told = await self._client.ask("GET", "/shipping/tracking", headers=_JSON, body=body)
        failures = failure_answers([code], told)
        if failures is not None or not isinstance(told, HttpAnswer):
            return (failures or [Answer(code, Outcome.RETRY)])[0]
        parsed = parse(told.body)[0]
        # An unreadable body is FOUND: recording then reports it with its bytes.
        outcome = Outcome.NOT_FOUND if parsed.outcome is Outcome.NOT_FOUND else Outcome.FOUND
        return Answer(code, outcome, told.body, parsed.message, told.status)
