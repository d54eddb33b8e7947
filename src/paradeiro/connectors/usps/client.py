"""In: tracking numbers to look up with an app's credentials; out: one answer per number, as raw bytes. HTTP only."""

from collections.abc import Sequence
from urllib.parse import quote

from paradeiro.connectors.usps.parse import parse
from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.asking import TokenCall, TokenClient, encoded_json, failure_answers
from paradeiro.sdk.contract import AccountRef, Answer, Clock
from paradeiro.sdk.http import HttpAnswer, new_client

PRODUCTION = "https://apis.usps.com"
_PATH = "/tracking/v3/tracking/"
_NOT_FOUND, _BAD_REQUEST = 404, 400
# How the message of an error document begins.
_ERROR = "error "


class UspsSession:
    """One app's connection. The interface takes one number a request."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        settings = account.settings
        body = encoded_json(
            client_id=settings.get("client_id") or "",
            client_secret=settings.get("client_secret") or "",
            grant_type="client_credentials",
        )
        call = TokenCall("/oauth2/v3/token", {"Content-Type": "application/json"}, body)
        client = new_client(settings.get("base_url") or PRODUCTION, {"Accept": "application/json"})
        self._client = TokenClient(client, account, clock, call)

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order."""
        return [await self._look_up(code) for code in tracking_codes]

    async def close(self) -> None:
        """Close the pool."""
        await self._client.close()

    async def _look_up(self, code: str) -> Answer:
        # Without DETAIL there are sentences instead of events.
        told = await self._client.ask("GET", _PATH + quote(code, safe=""), params=(("expand", "DETAIL"),))
        if isinstance(told, HttpAnswer) and (told.ok or told.status in {_NOT_FOUND, _BAD_REQUEST}):
            parsed = parse(told.body)[0]
            # Its own error document with 404 says that the number is not known, whichever code it names.
            absent = told.status == _NOT_FOUND and parsed.message.startswith(_ERROR)
            if parsed.outcome is Outcome.NOT_FOUND or absent:
                return Answer(code, Outcome.NOT_FOUND, told.body, parsed.message, told.status)
        failures = failure_answers([code], told)
        if failures is not None or not isinstance(told, HttpAnswer):
            return (failures or [Answer(code, Outcome.RETRY)])[0]
        # An unreadable body is FOUND: recording then reports it with its bytes.
        return Answer(code, Outcome.FOUND, told.body, "", told.status)
