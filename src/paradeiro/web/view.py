"""In: a shipment with its events and the time; out: what a page shows of it, in words, to operator or customer."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from paradeiro.db.events import ShownEvent
from paradeiro.db.shipments import Kept
from paradeiro.domain.days import day_of
from paradeiro.domain.records import TrackingEvent
from paradeiro.domain.timeline import fold
from paradeiro.domain.words import Source, Status, Withdraws
from paradeiro.sdk.speech import Catalogue
from paradeiro.sdk.speech.moments import capital, date_words, full_date, time_words
from paradeiro.sdk.speech.places import place_line, place_name
from paradeiro.sdk.speech.say import Position, Stop, event_words, journey, lateness, position

# Folding away three lines would cost more than it spares.
_MOST_AT_ONCE, _FEW = 16, 12


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline. `raw` is the reply's id, `author` who stated it by hand; both for operators only."""

    at: datetime
    time: str
    text: str
    place: str
    note: str
    withdrawn: bool
    raw: int | None
    author: str
    code: str
    zone_assumed: bool


@dataclass(frozen=True, slots=True)
class Day:
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class PackageView:
    """A package as a page shows it. `days` are of the newest events; the `earlier` ones are folded away if many."""

    kept: Kept
    position: Position
    moment: str
    late: str
    stops: tuple[Stop, ...]
    days: tuple[Day, ...]
    earlier_days: tuple[Day, ...]
    earlier: int
    expected: str
    promised: str
    pickup_address: str
    pickup_deadline: str


def package_view(
    kept: Kept, shown: list[ShownEvent], *, now: datetime, zone: tzinfo, words: Catalogue, private: bool
) -> PackageView:
    """The view of a package. Only a `private` one (the operator's) shows notes, codes, unknown events and authors."""
    snapshot = kept.shipment.snapshot
    timeline = fold(
        (s.event for s in shown),
        now=now,
        made_at=kept.made_at,
        base=Status.REGISTERED,
        estimate=snapshot.estimate,
    )
    where = position(timeline, now=now, zone=zone, catalogue=words)
    snapshot = timeline.snapshot
    doubted = {doubt.event.identity for doubt in timeline.doubts}
    entries = [
        _entry(s, zone, words, withdrawn=s.event.identity in timeline.withdrawn, private=private)
        for s in sorted(shown, key=lambda s: (s.event.occurred_at, s.id), reverse=True)
        if private or (s.event.status not in {None, Status.UNKNOWN} and s.event.identity not in doubted)
    ]
    shown_at_once = len(entries) if len(entries) <= _MOST_AT_ONCE else _FEW
    today = now.astimezone(zone).date()
    ended = snapshot.status.final
    deadline = snapshot.pickup_deadline
    return PackageView(
        kept=kept,
        position=where,
        moment=moment(where.at, today, words),
        late=lateness(kept.order.promised_at, snapshot, now=now, zone=zone, catalogue=words),
        stops=journey(timeline, words),
        days=_days(entries[:shown_at_once], today, words),
        earlier_days=_days(entries[shown_at_once:], today, words),
        earlier=len(entries) - shown_at_once,
        expected=_day(snapshot.estimate, zone, today, words) if not ended else "",
        promised=_date(kept.order.promised_at, zone, today, words),
        pickup_address=snapshot.pickup_address or "",
        pickup_deadline=full_date(deadline, today, words.calendar) if deadline else "",
    )


def moment(at: datetime | None, today: date, words: Catalogue) -> str:
    """A local instant as people say it: "Hoje, 14:20"; empty for none."""
    return capital(f"{date_words(at.date(), today, words.calendar)}, {time_words(at)}") if at else ""


def zone_city(zone: str) -> str:
    """The city that names a zone: "America/Sao_Paulo" gives "São Paulo"."""
    return place_name(zone.rpartition("/")[2].replace("_", " ").upper()) if "/" in zone else zone


def _day(estimate: datetime | None, zone: tzinfo, today: date, words: Catalogue) -> str:
    return full_date(day_of(estimate, zone), today, words.calendar) if estimate else ""


def _date(at: datetime | None, zone: tzinfo, today: date, words: Catalogue) -> str:
    return full_date(at.astimezone(zone).date(), today, words.calendar) if at else ""


def _entry(shown: ShownEvent, zone: tzinfo, words: Catalogue, *, withdrawn: bool, private: bool) -> Entry:
    event = shown.event
    local = event.occurred_at.astimezone(zone)
    return Entry(
        at=local,
        time=time_words(local),
        text=_text(event, words),
        place=place_line(event.place, unit=private),
        note=_note(event) if private else "",
        withdrawn=withdrawn,
        raw=shown.reply_id if private else None,
        author=shown.author if private else "",
        code=event.code if private else "",
        zone_assumed=event.zone_assumed,
    )


def _text(event: TrackingEvent, words: Catalogue) -> str:
    if event.withdraws is Withdraws.DELIVERY and event.status is None:
        return words.correction.in_history
    return event_words(event, words)


def _note(event: TrackingEvent) -> str:
    said = [event.description] if event.source is Source.CARRIER or event.status is None else []
    return " · ".join(part for part in (*said, event.detail) if part)


def _days(entries: list[Entry], today: date, words: Catalogue) -> tuple[Day, ...]:
    days: dict[date, list[Entry]] = {}
    for entry in entries:
        days.setdefault(entry.at.date(), []).append(entry)
    return tuple(Day(date_words(day, today, words.calendar), tuple(found)) for day, found in days.items())
