"""In: a package's whole history as a caller states it; out: its new events, recorded like any other.

Callers state days and sentences, no codes. An event equals a known one if day, place and text are equal; a missing time
of day is assumed here.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from paradeiro.db.following import events, shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations import audit
from paradeiro.db.operations.audit import Actor, AuditEntry
from paradeiro.db.orders import invoices
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.bounds import LATEST, in_bounds
from paradeiro.domain.following.phrases import meaning_of, normal_sentence, says_delivered
from paradeiro.domain.following.timeline import CLOCK_SKEW
from paradeiro.domain.records import Place, TrackingEvent
from paradeiro.domain.words import AuditAction, Source, Status
from paradeiro.flow.answers.parse_replies import ReportedEvents
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.following.recording_context import load_recording_context
from paradeiro.flow.orders.labels import invoices_of
from paradeiro.flow.record import RecordingResult, record
from paradeiro.flow.vtex_callers.stated_invoices import known_order

_NOON = time(12)
_EARLIEST_YEAR = 2000
_DAY_FORM = "yyyy-mm-dd, for example 2026-11-23"


@dataclass(frozen=True, slots=True)
class Line:
    """One stated event: ISO date or instant (None if unknown), place, sentence."""

    date: str | None
    city: str
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class History:
    """A package's history as stated. `delivered_at`: the caller's text."""

    lines: tuple[Line, ...]
    delivered: bool
    delivered_at: str = ""


@dataclass(frozen=True, slots=True)
class _DatedLine:
    """A line with its day in the store's zone; `at` if it has a time of day."""

    line: Line
    day: date
    at: datetime | None

    @property
    def key(self) -> str:
        """A digest that identifies the event when it is stated again."""
        when = "" if self.line.date is None else (self.at or self.day).isoformat()
        said = when, self.line.city, self.line.state, self.line.text
        return hashlib.sha256("|".join(normal_sentence(part) for part in said).encode()).hexdigest()[:12]


async def state_history(
    context: Context, store_id: int, order_number: str, invoice_number: str, history: History, *, by: Actor
) -> tuple[str, RecordingResult]:
    """Record the new events of a history. Returns our order number and the result. Idempotent."""
    async with transaction(context.pool) as connection:
        now = context.now()
        recording = await load_recording_context(context, connection, [store_id])
        zone = ZoneInfo(recording.stores[store_id].time_zone)
        dated = [_date_line(line, zone, now) for line in history.lines]
        delivered_at = _delivered_at(history, dated, zone, now)
        number, main, ids = await _packages(connection, store_id, order_number, invoice_number)
        row = await shipments.lock_shipments(connection, ids)
        known = await events.events_of(connection, ids)
        of_each = _lines_by_package(_oldest_first(dated, delivered=history.delivered), row, main)
        reports: dict[int, list[TrackingEvent]] = {}
        for each in row:
            mine, codes = each.shipment.id, {e.code for e in known.get(each.shipment.id, [])}
            if found := _events(of_each[mine], delivered_at, each, codes, zone, now):
                reports[mine] = (
                    [_as_day_only(event) for event in found] if _is_day_only(history.delivered_at) else found
                )
        if not reports:
            return number, RecordingResult()
        said = {mine: [ReportedEvents(tuple(found), actor=by.actor)] for mine, found in reports.items()}
        done = await record(connection, recording, said, now=now)
        entries = [action for mine, found in reports.items() for action in _audit_entries(number, mine, found)]
        await audit.add_entries(connection, store_id, by, entries, now=now)
    return number, done


def _lines_by_package(
    dated: Sequence[_DatedLine], row: Sequence[ShipmentRow], main: int
) -> dict[int, list[_DatedLine]]:
    """The lines by package: those that contain its code, all others belong to the main package."""
    of_each: dict[int, list[_DatedLine]] = {k.shipment.id: [] for k in row}
    for each in dated:
        text = each.line.text.upper()
        named = [k.shipment.id for k in row if k.shipment.tracking_code in text]
        of_each[named[0] if len(named) == 1 else main].append(each)
    return of_each


def _audit_entries(number: str, shipment_id: int, reports: Sequence[TrackingEvent]) -> list[AuditEntry]:
    """Audit entries: one per event, a delivery as a confirmation."""
    kinds = (AuditAction.CONFIRM_DELIVERY if e.status is Status.DELIVERED else AuditAction.EVENT for e in reports)
    return [AuditEntry(kind, number, shipment_id, e.description) for kind, e in zip(kinds, reports, strict=True)]


async def _packages(
    connection: Connection, store_id: int, order_number: str, invoice_number: str
) -> tuple[str, int, list[int]]:
    """Order number, main package id and all package ids of this invoice. Main is that of the number stated last."""
    found = await known_order(connection, store_id, order_number)
    if found is None:
        raise MissingError("order_not_found", f"Order '{order_number}' was not found. Send its invoice first.")
    order_id, order = found
    stated = await invoices.stated_invoice(connection, order_id, invoice_number)
    row = await shipments.of_order(connection, store_id, order.number)
    mine = [k.shipment for k in row if invoice_number in {i.number for i in invoices_of(k)}]
    mine = [s for s in mine if s.replaced_by is None] or mine
    text = (stated.invoice.tracking_code if stated else None) or ""
    last = [s for s in mine if s.tracking_code in text] or mine
    if last:
        return order.number, last[-1].id, [s.id for s in mine]
    if stated is None:
        raise MissingError("invoice_not_found", f"Invoice Not Found: order '{order_number}' has no '{invoice_number}'.")
    if stated.returns:
        raise ConflictError("a_return", f"Invoice '{invoice_number}' is of a return (Input): it is not followed.")
    if stated.invoice.tracking_code is None:
        message = f"Invoice '{invoice_number}' has no tracking number yet. Send it first (PATCH the invoice)."
        raise ConflictError("no_tracking_number", message)
    message = f"Nobody here knows the carrier '{stated.invoice.courier}', so its package is not followed."
    raise ConflictError("unknown_courier", message)


def _date_line(line: Line, zone: ZoneInfo, now: datetime) -> _DatedLine:
    if line.date is None:
        return _DatedLine(line, now.astimezone(zone).date(), None)
    at, named_hour = moment(line.date, zone, "events[].date", _DAY_FORM)
    if at > (now + CLOCK_SKEW if named_hour else _end_of_day(now.astimezone(zone).date(), zone)):
        raise InvalidError("in_the_future", f"events[].date: {line.date} is in the future.")
    return _DatedLine(line, at.astimezone(zone).date(), at if named_hour else None)


def moment(text: str, zone: ZoneInfo, name: str, form: str) -> tuple[datetime, bool]:
    """Parse an aware instant; also whether it has a time of day. Without an offset it is of `zone`."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidError("bad_date", f"{name}: '{text[:40]}' is no date. Write {form}.") from error
    at = at if at.tzinfo else at.replace(tzinfo=zone)
    if at.year < _EARLIEST_YEAR or not in_bounds(at):
        years = f"{_EARLIEST_YEAR} to {LATEST.year - 1}"
        raise InvalidError("bad_date", f"{name}: '{text[:40]}' is outside the years {years}. Write {form}.")
    return at, not _is_day_only(text)


def _is_day_only(text: str) -> bool:
    return 0 < len(text.strip()) <= len("2026-11-23")


def _as_day_only(event: TrackingEvent) -> TrackingEvent:
    """Mark a delivery of which only the day is known."""
    return replace(event, day_only=event.status is Status.DELIVERED)


def _delivered_at(history: History, dated: Sequence[_DatedLine], zone: ZoneInfo, now: datetime) -> datetime | None:
    """When it was delivered; without a date the last day of the history; None while it was not."""
    if not history.delivered:
        return None
    if history.delivered_at:
        form = "yyyy-mm-dd hh:mm, for example 2026-11-23 14:05"
        at, hour = moment(history.delivered_at, zone, "deliveredDate", form)
        at = at if hour else min(datetime.combine(at.date(), _NOON, zone), now)
        if at > now + CLOCK_SKEW:
            raise InvalidError("in_the_future", f"deliveredDate: {history.delivered_at} is in the future.")
        return at
    last = max(
        (d for d in dated if d.line.date is not None),
        key=lambda d: (d.day, d.at or _end_of_day(d.day, zone)),
        default=None,
    )
    return now if last is None else last.at or min(_end_of_day(last.day, zone), now)


def _end_of_day(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(23, 59, 59), zone)


def _oldest_first(dated: Sequence[_DatedLine], *, delivered: bool) -> list[_DatedLine]:
    """The lines sorted by day. Within a day the caller's order stands, reversed if the days descend or if the first
    line is the delivery.
    """
    backwards = len(dated) > 1 and dated[0].day > dated[-1].day
    if len({d.day for d in dated}) == 1 and delivered:
        backwards = says_delivered(dated[0].line.text) and not says_delivered(dated[-1].line.text)
    return sorted(reversed(dated) if backwards else dated, key=lambda d: d.day)


def _events(
    dated: Sequence[_DatedLine],
    delivered_at: datetime | None,
    row: ShipmentRow,
    known: set[str],
    zone: ZoneInfo,
    now: datetime,
) -> list[TrackingEvent]:
    """The new events, among them the delivery with the text of the last line that states it. Of a delivered package,
    lines that state the delivery are ignored.
    """
    stands = row.shipment.snapshot.delivered
    saying = [each for each in dated if says_delivered(each.line.text)]
    last = saying[-1] if saying and delivered_at is not None and not stands else None
    on_the_way = [each for each in dated if each is not last and not (stands and each in saying)]
    before = delivered_at or row.shipment.snapshot.delivered_at or now
    on_the_way = [_dated_before(each, before.astimezone(zone).date()) for each in on_the_way]
    counts, seen, out = Counter(d.day for d in on_the_way), Counter[date](), []
    for each in on_the_way:
        seen[each.day] += 1
        still = counts[each.day] - seen[each.day]
        at = each.at or _assumed_instant(each.day, seen[each.day], still, min(before, now), zone, now)
        event = _event(each, at)
        if event.code not in known:
            known.add(event.code)
            out.append(event)
    if delivered_at is not None and not stands:
        # A text recorded earlier, while it was not delivered, is not repeated.
        line = last.line if last and _event(last, now).code not in known else Line("", "", "", "")
        place = Place(city=line.city or None, state=line.state or None)
        code = f"{Source.API}/{Status.DELIVERED}"
        delivery = TrackingEvent(delivered_at, code, Status.DELIVERED, place=place, description=line.text)
        out.append(replace(delivery, source=Source.API))
    return out


def _dated_before(each: _DatedLine, day: date) -> _DatedLine:
    """A line without a day is dated no later than the delivery stated with it."""
    return replace(each, day=min(each.day, day)) if each.line.date is None else each


def _assumed_instant(day: date, nth: int, still: int, before: datetime, zone: ZoneInfo, now: datetime) -> datetime:
    """An instant for a line with only a day: now if today, else noon; in sequence, and before the delivery."""
    usual = now if day == now.astimezone(zone).date() else datetime.combine(day, _NOON, zone)
    latest = before if day <= before.astimezone(zone).date() else now
    return min(usual + timedelta(milliseconds=nth), latest - timedelta(milliseconds=still + 1))


def _event(each: _DatedLine, at: datetime) -> TrackingEvent:
    status, reason = meaning_of(each.line.text)
    if says_delivered(each.line.text):
        # Only `isDelivered` delivers. Until then such a line is a note: no status, no message.
        return TrackingEvent(at, f"{Source.API}/note/{each.key}", None, description=each.line.text, source=Source.API)
    return TrackingEvent(
        occurred_at=at,
        code=f"{Source.API}/{status}/{each.key}",
        status=status,
        reason=reason,
        place=Place(city=each.line.city or None, state=each.line.state or None),
        description=each.line.text,
        source=Source.API,
    )
