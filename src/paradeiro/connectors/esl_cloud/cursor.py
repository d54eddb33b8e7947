"""In: the cursor of ESL's feed as a text, and now; out: what to ask for, and the cursor behind it. Pure.

The feed is read in sweeps: all that came since an instant, page by page. Which time of an occurrence that instant is
compared with is not known, and carriers type deliveries in late: so sweeps overlap, and the first of each day goes back
for days. What is read twice is known already.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from paradeiro.sdk.carriers.brazilian_times import ZONE

FIRST = timedelta(days=5)
OVERLAP = timedelta(hours=1)
DAILY = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the feed: the sweep's `since`, when it began, and the page to go on from (empty: its first)."""

    since: datetime
    began: datetime
    start: str = ""

    @property
    def text(self) -> str:
        """As it is stored."""
        return f"{self.since.isoformat()}|{self.began.isoformat()}|{self.start}"

    @property
    def asked_since(self) -> str:
        """The instant as ESL is asked with: local, with its offset."""
        return self.since.astimezone(ZONE).replace(microsecond=0).isoformat()


def cursor_of(stored: str, now: datetime) -> Cursor:
    """The next page to read. A new sweep begins an hour before the last one did, or days before on a new day."""
    try:
        since, began, start = stored.split("|")
        read = Cursor(_aware(since), _aware(began), start)
    except ValueError:
        return Cursor(now - FIRST, now)
    if read.start:
        return read
    is_new_day = read.began.astimezone(ZONE).date() < now.astimezone(ZONE).date()
    return Cursor(min(read.since, now - DAILY) if is_new_day else read.since, now)


def after_page(read: Cursor, next_id: str) -> Cursor:
    """The cursor behind a page: its next one, or the next sweep."""
    if next_id and next_id != read.start:
        return replace(read, start=next_id)
    return Cursor(read.began - OVERLAP, read.began)


def of_day(day: date) -> Cursor:
    """The cursor from which everything of a day, and what came after it, is read."""
    at = datetime.combine(day, time(), ZONE)
    return Cursor(at, at)


def _aware(written: str) -> datetime:
    found = datetime.fromisoformat(written)
    if found.tzinfo is None:
        raise ValueError("a cursor without an offset")
    return found
