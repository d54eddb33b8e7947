"""In: a place in the carrier's feed; out: its next page as raw bytes, with an outcome. HTTP only."""

from datetime import date, datetime

import httpx
import msgspec

from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure, http_problem, new_client, retry_after, send_request
from paradeiro.sdk.template.example_carrier.events import ZONE
from paradeiro.sdk.ways_in import FeedAnswer


class _Page(msgspec.Struct):
    trackings: list[msgspec.Raw]
    next: str
    more: bool = False


class ExampleCarrierSession:
    """An open connection of one account."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def read_feed(self, cursor: str) -> FeedAnswer:
        """What changed since `cursor`, an instant; without one, all that the carrier still keeps."""
        answer = await send_request(self._client, "GET", "/v1/changes", params=[("since", cursor)] if cursor else [])
        if isinstance(answer, HttpFailure):
            return FeedAnswer(Outcome.RETRY, message=answer.message)
        problem, page = _problem(answer), _page(answer.body)
        if problem is not None or page is None:
            outcome = problem or Outcome.MALFORMED
            kept = (answer.body,) if outcome is Outcome.MALFORMED else ()
            message, wait = f"HTTP {answer.status}", retry_after(answer)
            return FeedAnswer(outcome, kept, message=message, http_status=answer.status, retry_after=wait)
        if not page.trackings:
            return FeedAnswer(Outcome.NOT_FOUND, cursor=cursor, http_status=answer.status)
        return FeedAnswer(Outcome.FOUND, (answer.body,), page.next, page.more, http_status=answer.status)

    def feed_cursor(self, day: date) -> str:
        """The cursor from which everything of this day is read again."""
        return datetime(day.year, day.month, day.day, tzinfo=ZONE).isoformat()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _problem(answer: HttpAnswer) -> Outcome | None:
    """What went wrong; None for a page that can be read. A web page comes from a proxy, not from the carrier."""
    problem = http_problem(answer)
    if answer.is_html and problem in {None, Outcome.REFUSED}:
        return Outcome.RETRY
    return Outcome.MALFORMED if problem is Outcome.REFUSED else problem


def _page(body: bytes) -> _Page | None:
    try:
        return msgspec.json.decode(body, type=_Page)
    except (ValueError, RecursionError):
        return None


def open_session(account: AccountRef, _: Clock) -> ExampleCarrierSession:
    """A session of one account. Its repr shows no setting."""
    token = account.settings["token"]
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    return ExampleCarrierSession(new_client(account.settings["base_url"], headers))
