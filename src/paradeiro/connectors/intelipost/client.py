"""In: orders' numbers and invoices' keys; out: one answer each, as raw bytes with an outcome. HTTP only."""

from collections.abc import Sequence
from urllib.parse import quote

from paradeiro.connectors.intelipost.parse import parse
from paradeiro.domain.orders.identifiers import IdentifierKind, identifier_of
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Answer, Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure, http_problem, json_object, new_client, retry_after, send_request

PRODUCTION = "https://api.intelipost.com.br"
_PATH = "/api/v1/shipment_order"
_OF_THE_SHOP = "sales_order_number"


class IntelipostSession:
    """One client's connection."""

    def __init__(self, account: AccountRef, _: Clock) -> None:
        settings = account.settings
        headers = {"api-key": settings.get("api_key") or "", "Accept": "application/json"}
        self._client = new_client(settings.get("base_url") or PRODUCTION, headers)
        self._by_shop = (settings.get("order_is") or "").strip().lower() == _OF_THE_SHOP

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order."""
        found = {code: await self._ask(code) for code in dict.fromkeys(tracking_codes)}
        return [found[code] for code in tracking_codes]

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    def _path(self, code: str) -> str:
        known = identifier_of(code)
        by = "/invoice_key" if known.kind is IdentifierKind.INVOICE_KEY else f"/{_OF_THE_SHOP}" if self._by_shop else ""
        return f"{_PATH}{by}/{quote(known.value, safe='')}"

    async def _ask(self, code: str) -> Answer:
        answer = await send_request(self._client, "GET", self._path(code))
        if isinstance(answer, HttpFailure):
            return Answer(code, Outcome.RETRY, message=answer.message)
        outcome = http_problem(answer)
        if outcome is Outcome.REFUSED:
            outcome = _refusal(answer)
        if outcome is not None:
            return Answer(code, outcome, answer.body, f"HTTP {answer.status}", answer.status, retry_after(answer))
        parsed = parse(answer.body)
        # Several shipments of one order are read together; the first decides what is said of the request.
        best = next((each for each in parsed if each.outcome is Outcome.FOUND), parsed[0])
        return Answer(code, best.outcome, answer.body, best.message, answer.status)


def _refusal(answer: HttpAnswer) -> Outcome:
    """A 4xx that their interface itself writes concerns this order: 404 is not known yet. Any other is an outage."""
    if answer.is_html or json_object(answer.body).get("status") != "ERROR":
        return Outcome.MALFORMED
    return Outcome.NOT_FOUND if answer.status == 404 else Outcome.REFUSED
