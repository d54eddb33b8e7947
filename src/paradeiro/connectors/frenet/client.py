"""In: what packages are asked by, of one account; out: one answer each, as raw bytes with an outcome. HTTP only."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from paradeiro.connectors.frenet.parse import COLLECTION, parse
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.orders.identifiers import IdentifierKind, identifier_of
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Answer, Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure, http_problem, json_object, new_client, retry_after, send_request

PRODUCTION = "https://api.frenet.com.br"
_PATH = "/tracking/trackinginfo"
# Seen in a call of a public client; the limit is not documented.
MOST_NUMBERS = 10


class FrenetSession:
    """One account's connection. Numbers are asked about together, which needs no service's code; with a service's code,
    and by invoice or order, each package is asked about alone.
    """

    def __init__(self, account: AccountRef, _: Clock) -> None:
        settings = account.settings
        headers = {"token": settings.get("token") or "", "Accept": "application/json"}
        headers |= {"Content-Type": "application/json"}
        self._client = new_client(settings.get("base_url") or PRODUCTION, headers)
        self._service = (settings.get("service_code") or "").strip()

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order."""
        codes = tuple(dict.fromkeys(tracking_codes))
        together = [code for code in codes if not self._service and _is_number(code)]
        found = await self._ask_many(together) if together else {}
        for code in codes:
            if code not in found:
                found[code] = await self._ask_one(code)
        return [found[code] for code in tracking_codes]

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def _ask_many(self, codes: Sequence[str]) -> dict[str, Answer]:
        answer = await self._send({"ShippingServiceCode": None, "TrackingNumbers": list(codes)})
        if isinstance(answer, Answer):
            return {code: replace(answer, tracking_code=code) for code in codes}
        return _slice_batch(codes, answer)

    async def _ask_one(self, code: str) -> Answer:
        answer = await self._send(_question(code) | {"ShippingServiceCode": self._service or None})
        if isinstance(answer, Answer):
            return replace(answer, tracking_code=code)
        body = answer.body
        if isinstance(json_object(body).get(COLLECTION), list):
            return _slice_batch((code,), answer)[code]
        return _read(code, body, answer.status)

    async def _send(self, question: dict[str, Any]) -> HttpAnswer | Answer:
        answer = await send_request(self._client, "POST", _PATH, body=msgspec.json.encode(question))
        if isinstance(answer, HttpFailure):
            return Answer("", Outcome.RETRY, message=answer.message)
        outcome = http_problem(answer)
        if outcome is None:
            return answer
        # A 404 and the like concern the interface, not a number.
        outcome = Outcome.MALFORMED if outcome is Outcome.REFUSED else outcome
        return Answer("", outcome, answer.body, f"HTTP {answer.status}", answer.status, retry_after(answer))


def _is_number(code: str) -> bool:
    return identifier_of(code).kind is IdentifierKind.TRACKING_CODE


def _question(code: str) -> dict[str, Any]:
    """The question about one package. The sender is the account: his tax number is not asked for."""
    known = identifier_of(code)
    match known.kind:
        case IdentifierKind.INVOICE:
            _, series, number = known.value.split("/")
            return {"InvoiceNumber": number, "InvoiceSerie": series}
        case IdentifierKind.ORDER:
            return {"OrderNumber": known.value}
        case _:
            return {"TrackingNumber": known.value}


def _read(code: str, body: bytes, status: int) -> Answer:
    parsed = parse(body)[0]
    return Answer(code, parsed.outcome, body, parsed.message, status)


class _Root(msgspec.Struct):
    """An answer's root, its items as raw bytes."""

    TrackingResponseCollection: list[msgspec.Raw]


def _slice_batch(codes: Sequence[str], answer: HttpAnswer) -> dict[str, Answer]:
    """Cut the answer into each number's own bytes, exactly as received."""
    try:
        raws = [bytes(raw) for raw in msgspec.json.decode(answer.body, type=_Root).TrackingResponseCollection]
    except (msgspec.MsgspecError, ValueError, RecursionError):
        whole = parse(answer.body)[0]
        outcome = Outcome.REFUSED if whole.outcome is Outcome.REFUSED else Outcome.MALFORMED
        return {code: Answer(code, outcome, answer.body, whole.message, answer.status) for code in codes}
    named = {tidy_code(str(json_object(raw).get("TrackingNumber") or "")): raw for raw in raws}
    gone = "the number is not in the answer"
    return {
        code: _read(code, named[tidy_code(code)], answer.status)
        if tidy_code(code) in named
        else Answer(code, Outcome.MALFORMED, answer.body, gone, answer.status)
        for code in codes
    }
