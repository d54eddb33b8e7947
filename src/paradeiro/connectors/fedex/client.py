"""In: tracking numbers to look up with a project's keys; out: one answer per number, as raw bytes. HTTP only."""

from collections.abc import Sequence

import msgspec

from paradeiro.connectors.fedex.parse import parse
from paradeiro.connectors.fedex.proofs import document_request, is_none, read_document, shipment_of
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.words import Outcome, ProofKind
from paradeiro.sdk.carriers.asking import TokenCall, TokenClient, encoded_form, failure_answers
from paradeiro.sdk.carriers.proofs import NOT_YET, failed_proof
from paradeiro.sdk.contract import AccountRef, Answer, Clock, ProofAnswer, ProofAsked
from paradeiro.sdk.http import HttpAnswer, HttpFailure, error_text, new_client
from paradeiro.sdk.tokens import NoTokens

PRODUCTION = "https://apis.fedex.com"
MOST_CODES = 30
_PATH, _DOCUMENTS = "/track/v1/trackingnumbers", "/track/v1/trackingdocuments"
_HEADERS = {"Content-Type": "application/json", "X-locale": "en_US"}
# Outcomes of a number's part that stand as they are; an unreadable part is FOUND, and reported with its bytes.
_PLAIN = frozenset({Outcome.NOT_FOUND, Outcome.REFUSED})


class _Part(msgspec.Struct):
    trackingNumber: str = ""  # noqa: N815 - FedEx's name


class _Output(msgspec.Struct):
    completeTrackResults: list[msgspec.Raw] = []  # noqa: N815 - FedEx's name


class _Root(msgspec.Struct):
    """An answer's root, its numbers as raw bytes."""

    output: _Output | None = None


class FedexSession:
    """One project's connection; up to thirty numbers a request."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        settings = account.settings
        form = encoded_form(
            grant_type="client_credentials",
            client_id=settings.get("client_id") or "",
            client_secret=settings.get("client_secret") or "",
        )
        call = TokenCall("/oauth/token", {"Content-Type": "application/x-www-form-urlencoded"}, form)
        client = new_client(settings.get("base_url") or PRODUCTION, {"Accept": "application/json"})
        self._client = TokenClient(client, account, clock, call)
        self._account_number = (settings.get("account_number") or "").strip()

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order."""
        codes = tuple(dict.fromkeys(tracking_codes))
        told = await self._track(codes)
        failures = failure_answers(codes, told)
        if failures is None and isinstance(told, HttpAnswer):
            failures = _slice_batch(codes, told)
        found = {answer.tracking_code: answer for answer in failures or []}
        return [found[code] for code in tracking_codes]

    async def fetch_proofs(self, _: ProofKind, asked: Sequence[ProofAsked]) -> list[ProofAnswer]:
        """One answer per package, in the given order. A document does not say which number it is of: one a request."""
        return [await self._prove(each.tracking_code) for each in asked]

    async def close(self) -> None:
        """Close the pool."""
        await self._client.close()

    async def _track(self, codes: Sequence[str]) -> HttpAnswer | HttpFailure | NoTokens:
        numbers = [{"trackingNumberInfo": {"trackingNumber": code}} for code in codes]
        body = msgspec.json.encode({"includeDetailedScans": True, "trackingInfo": numbers})
        return await self._client.ask("POST", _PATH, headers=_HEADERS, body=body)

    async def _prove(self, code: str) -> ProofAnswer:
        tracked = await self._track((code,))
        failed = failed_proof(code, tracked)
        if failed is not None or not isinstance(tracked, HttpAnswer):
            return failed or ProofAnswer(code, Outcome.RETRY)
        shipment = shipment_of(code, tracked.body)
        if isinstance(shipment, ProofAnswer):
            return shipment
        body = document_request(shipment, self._account_number)
        told = await self._client.ask("POST", _DOCUMENTS, headers=_HEADERS, body=body)
        if isinstance(told, HttpAnswer) and is_none(told.body):
            return ProofAnswer(code, Outcome.NOT_FOUND, message=NOT_YET)
        failed = failed_proof(code, told)
        if failed is not None or not isinstance(told, HttpAnswer):
            return failed or ProofAnswer(code, Outcome.RETRY)
        return read_document(code, told.body)


def _slice_batch(codes: Sequence[str], answer: HttpAnswer) -> list[Answer]:
    """Cut the batch answer into each number's own bytes, exactly as received."""
    try:
        root = msgspec.json.decode(answer.body, type=_Root)
        parts = [bytes(raw) for raw in root.output.completeTrackResults] if root.output else []
        named = {tidy_code(msgspec.json.decode(part, type=_Part).trackingNumber): part for part in parts}
    except (msgspec.MsgspecError, ValueError, RecursionError):
        named = {}
    return [_answer(code, named.get(tidy_code(code)), answer) for code in codes]


def _answer(code: str, part: bytes | None, whole: HttpAnswer) -> Answer:
    if part is None:
        words = f"the number is not in the answer ({error_text(whole)})"
        return Answer(code, Outcome.MALFORMED, whole.body, words, whole.status)
    said = parse(part)
    plain = said[0].outcome if len(said) == 1 and said[0].outcome in _PLAIN else Outcome.FOUND
    return Answer(code, plain, part, said[0].message, whole.status)
