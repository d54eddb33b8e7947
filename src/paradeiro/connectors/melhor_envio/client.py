"""In: labels' ids, of one account; out: one answer each, as raw bytes with an outcome. HTTP only.

Their answer is cached for an hour at their side, so a label is asked about once an hour: the push is what is fresh.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import quote

import msgspec

from paradeiro.connectors.melhor_envio.access import Access
from paradeiro.connectors.melhor_envio.parse import parse
from paradeiro.domain.orders.identifiers import IdentifierKind, identifier_of
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
from paradeiro.sdk.tokens import NoTokens

MOST_LABELS = 50
PLATFORMS = {"melhor_envio": "https://melhorenvio.com.br", "superfrete": "https://api.superfrete.com"}
_MANY, _ONE = "/api/v2/me/shipment/tracking", "/api/v0/order/info"
_THEIR_CACHE = timedelta(hours=1)
_MOST_KEPT = 20_000
_AT_ONCE = 4
_BAD = frozenset({400, 404, 422})
_UUID = re.compile(r"([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})", re.IGNORECASE)
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_KEPT = frozenset({Outcome.FOUND, Outcome.NOT_FOUND})


def label_id(text: str) -> str:
    """The id of a label in what is asked by; empty for a tracking code, by which they find nothing."""
    known = identifier_of(text)
    if known.kind is IdentifierKind.CARRIER_NUMBER:
        return known.value
    uuid = _UUID.fullmatch(known.value)  # a tidied tracking code has no hyphens
    if uuid is not None:
        return "-".join(uuid.groups()).lower()
    return known.value if _ULID.fullmatch(known.value) else ""


class MelhorEnvioSession:
    """One account's connection."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        settings = account.settings
        platform = (settings.get("platform") or "").strip().lower()
        self._by_one = platform == "superfrete"
        contact = settings.get("contact") or "no contact"
        headers = {"Accept": "application/json", "User-Agent": f"Paradeiro ({_printable(contact)})"}
        base = settings.get("base_url") or PLATFORMS["superfrete" if self._by_one else "melhor_envio"]
        self._client = new_client(base, headers)
        self._access = Access(self._client, account, clock)
        self._clock = clock
        self._kept: OrderedDict[str, tuple[datetime, Answer]] = OrderedDict()

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order. What was asked within the hour is answered from memory."""
        now = self._clock()
        ids = {text: label_id(text) for text in tracking_codes}
        due = [each for each in dict.fromkeys(ids.values()) if each and not self._is_fresh(each, now)]
        found = await (self._ask_each(due) if self._by_one else self._ask(tuple(due))) if due else {}
        self._remember(found, now)
        return [_about(text, found.get(ids[text]) or self._known(ids[text])) for text in tracking_codes]

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    def _is_fresh(self, label: str, now: datetime) -> bool:
        return label in self._kept and now - self._kept[label][0] < _THEIR_CACHE

    def _known(self, label: str) -> Answer:
        if label in self._kept:
            return replace(self._kept[label][1], unasked=True)
        message = "they find a package by its label's id only: a push may name it"
        return Answer("", Outcome.NOT_FOUND, message=message, unasked=True)

    def _remember(self, found: dict[str, Answer], now: datetime) -> None:
        for label, answer in found.items():
            if answer.outcome in _KEPT:
                self._kept[label] = (now, answer)
                self._kept.move_to_end(label)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)

    async def _ask(self, labels: tuple[str, ...]) -> dict[str, Answer]:
        """A batch; one that is refused is halved until the bad id is alone."""
        answer = await self._send("POST", _MANY, msgspec.json.encode({"orders": labels}))
        if isinstance(answer, Answer):
            return dict.fromkeys(labels, answer)
        if answer.status in _BAD and not answer.is_html:
            if len(labels) == 1:
                refused = Answer("", Outcome.REFUSED, answer.body, error_text(answer), answer.status)
                return {labels[0]: refused}
            middle = len(labels) // 2
            return await self._ask(labels[:middle]) | await self._ask(labels[middle:])
        problem = _problem(answer)
        return dict.fromkeys(labels, problem) if problem is not None else _slice_batch(labels, answer)

    async def _ask_each(self, labels: Sequence[str]) -> dict[str, Answer]:
        turns = asyncio.Semaphore(_AT_ONCE)

        async def ask(label: str) -> Answer:
            async with turns:
                answer = await self._send("GET", f"{_ONE}/{quote(label, safe='')}", None)
            if isinstance(answer, Answer):
                return answer
            if answer.status == 404 and not answer.is_html and answer.body.strip():
                return Answer("", Outcome.NOT_FOUND, answer.body, error_text(answer), answer.status)
            return _problem(answer) or _slice(answer.body, answer.status)

        return dict(zip(labels, await asyncio.gather(*map(ask, labels)), strict=True))

    async def _send(self, method: str, path: str, body: bytes | None) -> HttpAnswer | Answer:
        """Send with the current token; a refused one is renewed once."""
        stale = ""
        for _ in range(2):
            tokens = await self._access.token(stale)
            if isinstance(tokens, NoTokens):
                return Answer("", tokens.outcome, message=tokens.message)
            headers = {"Authorization": f"Bearer {tokens.access}"}
            headers |= {"Content-Type": "application/json"} if body is not None else {}
            answer = await send_request(self._client, method, path, headers=headers, body=body)
            if isinstance(answer, HttpFailure):
                return Answer("", Outcome.RETRY, message=answer.message)
            if answer.status != 401:
                return answer
            stale = tokens.access
        return Answer("", Outcome.AUTH_FAILED, message="the token that they gave is refused", http_status=401)


def _printable(text: str) -> str:
    return "".join(c for c in text if c.isascii() and c.isprintable())[:100]


def _about(text: str, answer: Answer) -> Answer:
    return replace(answer, tracking_code=text)


def _problem(answer: HttpAnswer) -> Answer | None:
    """What is wrong with an answer as a whole; None if nothing."""
    outcome = http_problem(answer)
    if outcome is None and answer.is_html:
        outcome = Outcome.MALFORMED
    if outcome is None:
        return None
    # A 404 and the like concern the interface, not a label.
    outcome = Outcome.MALFORMED if outcome is Outcome.REFUSED else outcome
    return Answer("", outcome, answer.body, f"HTTP {answer.status}", answer.status, retry_after(answer))


def _slice_batch(labels: Sequence[str], answer: HttpAnswer) -> dict[str, Answer]:
    """Cut the answer into each label's own bytes, exactly as received: an object by id, or a list."""
    try:
        told = msgspec.json.decode(answer.body, type=dict[str, msgspec.Raw] | list[msgspec.Raw])
        raws = [bytes(raw) for raw in (told.values() if isinstance(told, dict) else told)]
        named = {_id_of(raw): raw for raw in raws}
    except (msgspec.MsgspecError, ValueError, RecursionError):
        named = {}
    if not set(named) & set(labels):
        whole = Answer("", Outcome.MALFORMED, answer.body, "no label in the answer is one of ours", answer.status)
        return dict.fromkeys(labels, whole)
    gone = Answer("", Outcome.NOT_FOUND, message="the label is not in the answer", http_status=answer.status)
    return {label: _slice(named[label], answer.status) if label in named else gone for label in labels}


def _id_of(raw: bytes) -> str:
    found = json_object(raw).get("id")
    return found if isinstance(found, str) else ""


def _slice(body: bytes, status: int) -> Answer:
    parsed = parse(body)[0]
    return Answer("", parsed.outcome, body, parsed.message, status)
