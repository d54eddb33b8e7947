"""In: tracking numbers to look up with one key; out: one answer per number, as raw bytes with an outcome. HTTP only."""

import re
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from paradeiro.connectors.dhl.parse import parse
from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.asking import failure_answers
from paradeiro.sdk.contract import AccountRef, Answer, Clock
from paradeiro.sdk.http import HttpAnswer, new_client, send_request

PRODUCTION = "https://api-eu.dhl.com"
_PATH = "/track/shipments"
_NOT_FOUND = 404
_NOT_ALPHANUMERIC = re.compile(r"[^0-9A-Z]+")


class DhlSession:
    """One key's connection. The interface takes one number a request."""

    def __init__(self, account: AccountRef, _: Clock) -> None:
        settings = account.settings
        key = (settings.get("api_key") or "").strip()
        # A key that cannot be a header would fail each request without a word about the key.
        self._key_problem = "" if key.isascii() and key.isprintable() and key else "the API key is missing or no key"
        headers = {"Accept": "application/json"} | ({} if self._key_problem else {"DHL-API-Key": key})
        self._client = new_client(settings.get("base_url") or PRODUCTION, headers)
        service = (settings.get("service") or "").strip().lower()
        self._service = (("service", service),) if service else ()

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order."""
        return [await self._look_up(code) for code in tracking_codes]

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def _look_up(self, code: str) -> Answer:
        if self._key_problem:
            return Answer(code, Outcome.AUTH_FAILED, message=self._key_problem)
        params = (("trackingNumber", code), ("language", "en"), *self._service)
        told = await send_request(self._client, "GET", _PATH, params=params)
        # Only its own problem document is a "not found"; any other 404 concerns the interface.
        if isinstance(told, HttpAnswer) and told.status == _NOT_FOUND:
            parsed = parse(told.body)[0]
            if parsed.outcome is Outcome.NOT_FOUND:
                return Answer(code, Outcome.NOT_FOUND, told.body, parsed.message, told.status)
        failures = failure_answers([code], told)
        if failures is not None or not isinstance(told, HttpAnswer):
            return (failures or [Answer(code, Outcome.RETRY)])[0]
        return _checked(Answer(code, Outcome.FOUND, told.body, "", told.status))


def _checked(answer: Answer) -> Answer:
    """The answer with the outcome of its body. Without `service`, DHL may answer about another business' shipment."""
    parsed = parse(answer.body)[0]
    if parsed.outcome is Outcome.FOUND and not _names_number(answer.body, answer.tracking_code):
        words = "the answer is about another number: say which DHL business carries (the account's field service)"
        return replace(answer, outcome=Outcome.MALFORMED, message=words)
    # An unreadable body is FOUND: recording then reports it with its bytes.
    outcome = Outcome.NOT_FOUND if parsed.outcome is Outcome.NOT_FOUND else Outcome.FOUND
    return replace(answer, outcome=outcome, message=parsed.message)


def _names_number(body: bytes, number: str) -> bool:
    """Whether one of the shipments says that it goes by this number (or its pieces do)."""
    wanted = _NOT_ALPHANUMERIC.sub("", number.upper()).lstrip("J0")
    shipments = msgspec.json.encode(msgspec.json.decode(body).get("shipments")).decode()
    return wanted in _NOT_ALPHANUMERIC.sub("", shipments.upper())
