"""In: keys, or a place in the feed; out: answers and pages as raw bytes, with an outcome. HTTP only."""

import asyncio
from collections.abc import Sequence
from datetime import date

import msgspec

from paradeiro.connectors.esl_cloud.cursor import after_page, cursor_of, of_day
from paradeiro.connectors.esl_cloud.parse import key_of, occurrences_of, text
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
from paradeiro.sdk.ways_in import FeedAnswer

_FEED, _BY_KEY = "/api/customer/invoice_occurrences", "/api/invoice_occurrences"
# Clients pause so long between pages, and wait so long after 429.
PAUSE_SECONDS = 2.0
_AFTER_429 = 4.0
_MOST_PAGES = 5
_ELSEWHERE = frozenset({401, 403, 404})
_INCOMPLETE = "enter the carrier's tenant and the token that it gave"
Query = list[tuple[str, str]]


class _Page(msgspec.Struct):
    data: list[msgspec.Raw]


class EslCloudSession:
    """An open connection to one tenant: a carrier's own address, with the shop's token there."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        tenant, token = tenant_of(account.settings.get("tenant") or ""), (account.settings.get("token") or "").strip()
        # Tokens are pasted with characters that cannot be sent.
        self._can_ask = bool(tenant and token) and token.isascii() and token.isprintable()
        headers = {"tenant": tenant, "Accept": "application/json"}
        headers |= {"Authorization": f"Bearer {token}"} if self._can_ask else {}
        base = account.settings.get("base_url") or f"https://{tenant or 'nobody'}.eslcloud.com.br"
        self._client = new_client(base, headers)
        self._clock = clock
        self._by_key = _BY_KEY

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order; one invoice a question."""
        return [await self._ask_key(code) for code in tracking_codes]

    async def read_feed(self, cursor: str) -> FeedAnswer:
        """The next page of what came since `cursor`."""
        if not self._can_ask:
            return FeedAnswer(Outcome.AUTH_FAILED, message=_INCOMPLETE)
        read = cursor_of(cursor, self._clock())
        if read.start:
            await asyncio.sleep(PAUSE_SECONDS)
        answer = await self._ask(_FEED, [("since", read.asked_since), *([("start", read.start)] if read.start else [])])
        if isinstance(answer, HttpFailure):
            return FeedAnswer(Outcome.RETRY, message=answer.message)
        problem = _problem(answer)
        if problem is not None:
            bodies = (answer.body,) if problem is Outcome.MALFORMED else ()
            wait = _wait(answer)
            return FeedAnswer(problem, bodies, "", False, error_text(answer), answer.status, wait)
        following = after_page(read, _next_id(answer.body))
        more = bool(following.start)
        if not occurrences_of(answer.body):
            outcome = Outcome.FOUND if more else Outcome.NOT_FOUND
            return FeedAnswer(outcome, (), following.text, more, http_status=answer.status)
        return FeedAnswer(Outcome.FOUND, (answer.body,), following.text, more, http_status=answer.status)

    def feed_cursor(self, day: date) -> str:
        """The cursor from which everything of this day is read again."""
        return of_day(day).text

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def _ask(self, path: str, query: Query) -> HttpAnswer | HttpFailure:
        return await send_request(self._client, "GET", path, params=query)

    async def _ask_key(self, code: str) -> Answer:
        if identifier_of(code).kind is not IdentifierKind.INVOICE_KEY:
            message = "ESL Cloud is asked by the invoice's key only"
            return Answer(code, Outcome.REFUSED, message=message, unasked=True)
        if not self._can_ask:
            return Answer(code, Outcome.AUTH_FAILED, message=_INCOMPLETE)
        parts: list[bytes] = []
        start = ""
        for page in range(_MOST_PAGES):
            if page:
                await asyncio.sleep(PAUSE_SECONDS)
            answer = await self._ask_page([("invoice_key", code), *([("start", start)] if start else [])])
            if isinstance(answer, HttpFailure):
                return Answer(code, Outcome.RETRY, message=answer.message)
            problem = _problem(answer)
            if problem is not None:
                return Answer(code, problem, answer.body, error_text(answer), answer.status, _wait(answer))
            parts.append(answer.body)
            following = _next_id(answer.body)
            if not following or following == start:
                return _joined(code, parts, answer.status)
            start = following
        return Answer(code, Outcome.RETRY, message=f"more than {_MOST_PAGES} pages about one invoice")

    async def _ask_page(self, query: Query) -> HttpAnswer | HttpFailure:
        """Ask about a key. Some tokens open only the customers' side of the interface, which takes keys as well."""
        answer = await self._ask(self._by_key, query)
        if isinstance(answer, HttpFailure) or answer.status not in _ELSEWHERE:
            return answer
        other = _FEED if self._by_key == _BY_KEY else _BY_KEY
        elsewhere = await self._ask(other, query)
        if isinstance(elsewhere, HttpFailure) or not elsewhere.ok:
            return answer
        self._by_key = other
        return elsewhere


def tenant_of(written: str) -> str:
    """The tenant's name, also from its address."""
    name = written.strip().lower().removeprefix("https://").split(".")[0]
    return "".join(c for c in name if c.isascii() and (c.isalnum() or c == "-"))


def _joined(code: str, pages: Sequence[bytes], status: int) -> Answer:
    """The occurrences of this invoice, in their own bytes: a side that ignores the key lists everybody's."""
    occurrences = [each for page in pages for each in occurrences_of(page) or ()]
    ours = [key_of(each) == code for each in occurrences]
    if not occurrences:
        return Answer(code, Outcome.NOT_FOUND, pages[0], "no occurrences yet", status)
    if not any(ours):
        return Answer(code, Outcome.MALFORMED, pages[0], "the answer is about other invoices", status)
    if all(ours) and len(pages) == 1:
        return Answer(code, Outcome.FOUND, pages[0], http_status=status)
    raw = [bytes(each) for page in pages for each in _raw_occurrences(page)]
    kept = b",".join(each for each, is_ours in zip(raw, ours, strict=True) if is_ours)
    return Answer(code, Outcome.FOUND, b'{"data":[' + kept + b"]}", http_status=status)


def _raw_occurrences(page: bytes) -> list[msgspec.Raw]:
    try:
        page.decode()
    except UnicodeDecodeError:
        page = page.decode("latin-1").encode()
    return msgspec.json.decode(page, type=_Page).data


def _problem(answer: HttpAnswer) -> Outcome | None:
    """What went wrong; None for a page that can be read. A web page is an outage, whatever its status."""
    problem = http_problem(answer)
    if answer.is_html and problem in {None, Outcome.REFUSED}:
        return Outcome.RETRY
    if problem is not None:
        return Outcome.MALFORMED if problem is Outcome.REFUSED else problem
    return None if occurrences_of(answer.body) is not None else Outcome.MALFORMED


def _wait(answer: HttpAnswer) -> float | None:
    return retry_after(answer) or (_AFTER_429 if answer.status == 429 else None)


def _next_id(body: bytes) -> str:
    """Where the next page begins; empty on the last one."""
    paging = json_object(body).get("paging")
    return text(paging.get("next_id")) if isinstance(paging, dict) else ""
