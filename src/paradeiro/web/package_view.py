"""In: a shipment with its events, the time, a language; out: what a page shows of it to operator or customer."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from paradeiro.db.following.events import EventLine
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.domain.days import day_of
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import TrackingEvent
from paradeiro.domain.words import Source, Status, Withdraws
from paradeiro.sdk.wording import Catalogue
from paradeiro.sdk.wording.places import place_line, place_name
from paradeiro.sdk.wording.shipment_wording import (
    JourneyStep,
    PositionText,
    event_words,
    journey_steps,
    lateness_sentence,
    position_text,
)
from paradeiro.sdk.wording.times import capital, date_words, full_date, time_words

# Of more than 16 events only the newest 12 are unfolded: hiding three lines would save no space.
_MOST_AT_ONCE, _FEW = 16, 12


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline. `raw` is the reply's id, `actor` who stated it by hand; both for operators only."""

    at: datetime
    time: str
    text: str
    place: str
    note: str
    withdrawn: bool
    raw: int | None
    actor: str
    code: str
    zone_assumed: bool


@dataclass(frozen=True, slots=True)
class Day:
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class PackageView:
    """A package as a page shows it. `days` hold the newest events, `earlier_days` the `earlier` ones, shown folded."""

    row: ShipmentRow
    position: PositionText
    moment_text: str
    late: str
    stops: tuple[JourneyStep, ...]
    days: tuple[Day, ...]
    earlier_days: tuple[Day, ...]
    earlier: int
    expected: str
    promised: str
    pickup_address: str
    pickup_deadline: str


def package_view(
    row: ShipmentRow, shown: list[EventLine], *, now: datetime, zone: tzinfo, words: Catalogue, private: bool
) -> PackageView:
    """The view of a package. Only a `private` one (the operator's) has notes, codes, unknown events and actors."""
    snapshot = row.shipment.snapshot
    timeline = fold(
        (s.event for s in shown),
        now=now,
        made_at=row.made_at,
        ordered_at=row.order.ordered_at,
        base=Status.REGISTERED,
        estimate=snapshot.estimate,
    )
    where = position_text(timeline, now=now, zone=zone, catalogue=words)
    snapshot = timeline.snapshot
    doubted = {doubt.event.identity for doubt in timeline.doubts}
    entries = [
        _entry(s, zone, words, withdrawn=s.event.identity in timeline.withdrawn, private=private)
        for s in sorted(shown, key=lambda s: (s.event.occurred_at, s.id), reverse=True)
        if private or (s.event.status not in {None, Status.UNKNOWN} and s.event.identity not in doubted)
    ]
    unfolded = len(entries) if len(entries) <= _MOST_AT_ONCE else _FEW
    today = now.astimezone(zone).date()
    ended = snapshot.status.final
    deadline = snapshot.pickup_deadline
    return PackageView(
        row=row,
        position=where,
        moment_text=moment_text(where.at, today, words),
        late=lateness_sentence(row.order.promised_at, snapshot, now=now, zone=zone, catalogue=words),
        stops=journey_steps(timeline, words),
        days=_days(entries[:unfolded], today, words),
        earlier_days=_days(entries[unfolded:], today, words),
        earlier=len(entries) - unfolded,
        expected=_estimate_text(snapshot.estimate, zone, today, words) if not ended else "",
        promised=_date_text(row.order.promised_at, zone, today, words),
        pickup_address=snapshot.pickup_address or "",
        pickup_deadline=full_date(deadline, today, words.calendar) if deadline else "",
    )


def moment_text(at: datetime | None, today: date, words: Catalogue) -> str:
    """A local time in words: "Hoje, 14:20"; empty for none."""
    return capital(f"{date_words(at.date(), today, words.calendar)}, {time_words(at)}") if at else ""


def zone_city(zone: str) -> str:
    """The city in a time zone's name: "America/Sao_Paulo" gives "São Paulo"."""
    return place_name(zone.rpartition("/")[2].replace("_", " ").upper()) if "/" in zone else zone


def _estimate_text(estimate: datetime | None, zone: tzinfo, today: date, words: Catalogue) -> str:
    return full_date(day_of(estimate, zone), today, words.calendar) if estimate else ""


def _date_text(at: datetime | None, zone: tzinfo, today: date, words: Catalogue) -> str:
    return full_date(at.astimezone(zone).date(), today, words.calendar) if at else ""


def _entry(shown: EventLine, zone: tzinfo, words: Catalogue, *, withdrawn: bool, private: bool) -> Entry:
    event = shown.event
    local = event.occurred_at.astimezone(zone)
    return Entry(
        at=local,
        time=time_words(local),
        text=_event_text(event, words),
        place=place_line(event.place, unit=private),
        note=_event_note(event) if private else "",
        withdrawn=withdrawn,
        raw=shown.reply_id if private else None,
        actor=shown.actor if private else "",
        code=event.code if private else "",
        zone_assumed=event.zone_assumed,
    )


def _event_text(event: TrackingEvent, words: Catalogue) -> str:
    if event.withdraws in {Withdraws.DELIVERY, Withdraws.NAMED} and event.status is None:
        return words.correction.in_history
    return event_words(event, words)


def _event_note(event: TrackingEvent) -> str:
    said = [event.description] if event.source is Source.CARRIER or event.status is None else []
    return " · ".join(part for part in (*said, event.detail) if part)


def _days(entries: list[Entry], today: date, words: Catalogue) -> tuple[Day, ...]:
    days: dict[date, list[Entry]] = {}
    for entry in entries:
        days.setdefault(entry.at.date(), []).append(entry)
    return tuple(Day(date_words(day, today, words.calendar), tuple(found)) for day, found in days.items())
