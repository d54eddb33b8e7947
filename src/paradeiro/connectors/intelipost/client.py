"""In: orders' numbers and invoices' keys; out: one answer each, as raw bytes with an outcome. HTTP only."""

import asyncio
from collections.abc import Sequence
from urllib.parse import quote

from paradeiro.connectors.intelipost.parse import parse, proof_files
from paradeiro.domain.orders.identifiers import IdentifierKind, identifier_of
from paradeiro.domain.words import Outcome, ProofKind
from paradeiro.sdk.carriers.proofs import answer_with_files, failed_proof
from paradeiro.sdk.contract import AccountRef, Answer, Clock, ProofAnswer, ProofAsked
from paradeiro.sdk.downloads import Downloads
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
        self._downloads = Downloads(account)
        self._by_shop = (settings.get("order_is") or "").strip().lower() == _OF_THE_SHOP

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order."""
        found = {code: await self._ask(code) for code in dict.fromkeys(tracking_codes)}
        return [found[code] for code in tracking_codes]

    async def fetch_proofs(self, _: ProofKind, asked: Sequence[ProofAsked]) -> list[ProofAnswer]:
        """One answer per shipment, in the given order."""
        return [await self._prove(each.tracking_code) for each in asked]

    async def close(self) -> None:
        """Close the pools."""
        await self._client.aclose()
        await self._downloads.close()

    def _path(self, code: str) -> str:
        known = identifier_of(code)
        by = "/invoice_key" if known.kind is IdentifierKind.INVOICE_KEY else f"/{_OF_THE_SHOP}" if self._by_shop else ""
        return f"{_PATH}{by}/{quote(known.value, safe='')}"

    async def _prove(self, code: str) -> ProofAnswer:
        told = await send_request(self._client, "GET", self._path(code))
        failed = failed_proof(code, told)
        if failed is not None or not isinstance(told, HttpAnswer):
            return failed or ProofAnswer(code, Outcome.RETRY)
        if parse(told.body)[0].outcome is Outcome.NOT_FOUND:
            return ProofAnswer(code, Outcome.NOT_FOUND, message="they know no such order now")
        found = proof_files(told.body)
        if not found:
            return ProofAnswer(code, Outcome.MALFORMED, message="an answer that cannot be read")
        if len(found) > 1:
            message = "one order has several shipments: whose proof this would be is not certain"
            return ProofAnswer(code, Outcome.NOT_FOUND, message=message)
        files = await asyncio.gather(*(self._downloads.fetch(address) for address in found[0].addresses))
        return answer_with_files(code, files, pending=found[0].pending)

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
