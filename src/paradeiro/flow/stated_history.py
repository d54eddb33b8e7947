"""In: a package's history as a caller states it, whole each time; out: what of it is new, on the road of any news.

A caller knows days and sentences, no codes. So a happening is the same as one that was heard before if day, place and
words are; what hour it gets is ours to say, and is never told twice.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from paradeiro.db import audit, events, invoices, shipments
from paradeiro.db.audit import By, Deed
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.shipments import Kept
from paradeiro.domain.bounds import LATEST, in_bounds
from paradeiro.domain.phrases import meaning, plain, says_delivered
from paradeiro.domain.records import Place, TrackingEvent
from paradeiro.domain.timeline import CLOCK_SKEW
from paradeiro.domain.words import DeedKind, Source, Status
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.hear import Heard
from paradeiro.flow.labels import invoices_of
from paradeiro.flow.means import Means
from paradeiro.flow.record import Recorded, record, surround
from paradeiro.flow.stated_invoices import known_order

_NOON = time(12)
_EARLIEST = 2000
_DAY_FORM = "yyyy-mm-dd, for example 2026-11-23"


@dataclass(frozen=True, slots=True)
class Line:
    """One happening as a caller states it: a day (or an instant; None where nobody says when), a place, a sentence."""

    date: str | None
    city: str
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class History:
    """What a caller says of one package: all that happened, and whether it arrived. `delivered_at` as it wrote it."""

    lines: tuple[Line, ...]
    delivered: bool
    delivered_at: str = ""


@dataclass(frozen=True, slots=True)
class _Dated:
    """A line with its day in the store's zone; `at` if it named an hour."""

    line: Line
    day: date
    at: datetime | None

    @property
    def key(self) -> str:
        """What makes it the same happening when it is stated again."""
        when = "" if self.line.date is None else (self.at or self.day).isoformat()
        said = when, self.line.city, self.line.state, self.line.text
        return hashlib.sha256("|".join(plain(part) for part in said).encode()).hexdigest()[:12]


async def state_history(
    means: Means, store_id: int, order_number: str, invoice_number: str, history: History, *, by: By
) -> tuple[str, Recorded]:
    """Record what is new of a package's history; the order's number as we know it. The same twice adds nothing."""
    async with transaction(means.pool) as connection:
        now = means.now()
        around = await surround(means, connection, [store_id])
        zone = ZoneInfo(around.stores[store_id].time_zone)
        dated = [_dated(line, zone, now) for line in history.lines]
        delivered_at = _delivered_at(history, dated, zone, now)
        number, main, ids = await _packages(connection, store_id, order_number, invoice_number)
        kept = await shipments.lock(connection, ids)
        known = await events.known(connection, ids)
        of_each = _of_packages(_oldest_first(dated, delivered=history.delivered), kept, main)
        heard: dict[int, list[TrackingEvent]] = {}
        for each in kept:
            mine, codes = each.shipment.id, {e.code for e in known.get(each.shipment.id, [])}
            if found := _events(of_each[mine], delivered_at, each, codes, zone, now):
                heard[mine] = [_of_day(event) for event in found] if _only_day(history.delivered_at) else found
        if not heard:
            return number, Recorded()
        said = {mine: [Heard(tuple(found), author=by.author)] for mine, found in heard.items()}
        done = await record(connection, around, said, now=now)
        deeds = [deed for mine, found in heard.items() for deed in _deeds(number, mine, found)]
        await audit.note(connection, store_id, by, deeds, now=now)
    return number, done


def _of_packages(dated: Sequence[_Dated], kept: Sequence[Kept], main: int) -> dict[int, list[_Dated]]:
    """The lines of each package: those that name its code are its own, all others are the main one's. A delivery is
    that of the invoice, so of all its packages.
    """
    of_each: dict[int, list[_Dated]] = {k.shipment.id: [] for k in kept}
    for each in dated:
        text = each.line.text.upper()
        named = [k.shipment.id for k in kept if k.shipment.tracking_code in text]
        of_each[named[0] if len(named) == 1 else main].append(each)
    return of_each


def _deeds(number: str, shipment_id: int, heard: Sequence[TrackingEvent]) -> list[Deed]:
    """What the log says of it: a line per happening, and the delivery as what it is."""
    kinds = (DeedKind.CONFIRM_DELIVERY if e.status is Status.DELIVERED else DeedKind.EVENT for e in heard)
    return [Deed(kind, number, shipment_id, e.description) for kind, e in zip(kinds, heard, strict=True)]


async def _packages(
    connection: Connection, store_id: int, order_number: str, invoice_number: str
) -> tuple[str, int, list[int]]:
    """The order's number and the packages of this invoice; the main one is that of the number that was stated last."""
    found = await known_order(connection, store_id, order_number)
    if found is None:
        raise MissingError("order_not_found", f"Order '{order_number}' was not found. Send its invoice first.")
    order_id, order = found
    stated = await invoices.one(connection, order_id, invoice_number)
    kept = await shipments.of_order(connection, store_id, order.number)
    mine = [k.shipment for k in kept if invoice_number in {i.number for i in invoices_of(k)}]
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


def _dated(line: Line, zone: ZoneInfo, now: datetime) -> _Dated:
    if line.date is None:
        return _Dated(line, now.astimezone(zone).date(), None)
    at, named_hour = moment(line.date, zone, "events[].date", _DAY_FORM)
    if at > (now + CLOCK_SKEW if named_hour else _end(now.astimezone(zone).date(), zone)):
        raise InvalidError("in_the_future", f"events[].date: {line.date} is in the future.")
    return _Dated(line, at.astimezone(zone).date(), at if named_hour else None)


def moment(text: str, zone: ZoneInfo, name: str, form: str) -> tuple[datetime, bool]:
    """An aware instant and whether an hour was named. Without an offset it is of `zone`."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidError("bad_date", f"{name}: '{text[:40]}' is no date. Write {form}.") from error
    at = at if at.tzinfo else at.replace(tzinfo=zone)
    if at.year < _EARLIEST or not in_bounds(at):
        years = f"{_EARLIEST} to {LATEST.year - 1}"
        raise InvalidError("bad_date", f"{name}: '{text[:40]}' is outside the years {years}. Write {form}.")
    return at, not _only_day(text)


def _only_day(text: str) -> bool:
    return 0 < len(text.strip()) <= len("2026-11-23")


def _of_day(event: TrackingEvent) -> TrackingEvent:
    """A delivery of which only the day was said."""
    return replace(event, day_only=event.status is Status.DELIVERED)


def _delivered_at(history: History, dated: Sequence[_Dated], zone: ZoneInfo, now: datetime) -> datetime | None:
    """When it was delivered; without a date the last day that something happened; None while it was not."""
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
        (d for d in dated if d.line.date is not None), key=lambda d: (d.day, d.at or _end(d.day, zone)), default=None
    )
    return now if last is None else last.at or min(_end(last.day, zone), now)


def _end(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(23, 59, 59), zone)


def _oldest_first(dated: Sequence[_Dated], *, delivered: bool) -> list[_Dated]:
    """The lines in the order of their days; those of one day as they came, or the other way round if the days did, or
    if the first of them is the delivery.
    """
    backwards = len(dated) > 1 and dated[0].day > dated[-1].day
    if len({d.day for d in dated}) == 1 and delivered:
        backwards = says_delivered(dated[0].line.text) and not says_delivered(dated[-1].line.text)
    return sorted(reversed(dated) if backwards else dated, key=lambda d: d.day)


def _events(
    dated: Sequence[_Dated],
    delivered_at: datetime | None,
    kept: Kept,
    known: set[str],
    zone: ZoneInfo,
    now: datetime,
) -> list[TrackingEvent]:
    """The events that were not heard before; the delivery is one of them, in the words of the last line that says it.
    Once it was delivered, lines that say so are no news, wherever in the history they stand.
    """
    stands = kept.shipment.snapshot.delivered
    saying = [each for each in dated if says_delivered(each.line.text)]
    last = saying[-1] if saying and delivered_at is not None and not stands else None
    on_the_way = [each for each in dated if each is not last and not (stands and each in saying)]
    before = delivered_at or kept.shipment.snapshot.delivered_at or now
    on_the_way = [_not_after(each, before.astimezone(zone).date()) for each in on_the_way]
    counts, seen, out = Counter(d.day for d in on_the_way), Counter[date](), []
    for each in on_the_way:
        seen[each.day] += 1
        still = counts[each.day] - seen[each.day]
        at = each.at or _hour(each.day, seen[each.day], still, min(before, now), zone, now)
        event = _event(each, at)
        if event.code not in known:
            known.add(event.code)
            out.append(event)
    if delivered_at is not None and not stands:
        # Words that were heard before, while it was not delivered, are not said twice.
        line = last.line if last and _event(last, now).code not in known else Line("", "", "", "")
        place = Place(city=line.city or None, state=line.state or None)
        code = f"{Source.API}/{Status.DELIVERED}"
        delivery = TrackingEvent(delivered_at, code, Status.DELIVERED, place=place, description=line.text)
        out.append(replace(delivery, source=Source.API))
    return out


def _not_after(each: _Dated, day: date) -> _Dated:
    """A line without a day was before the delivery that is stated with it."""
    return replace(each, day=min(each.day, day)) if each.line.date is None else each


def _hour(day: date, nth: int, still: int, before: datetime, zone: ZoneInfo, now: datetime) -> datetime:
    """An hour for what only has a day: now if it is today, else noon; one after another, and before the delivery."""
    usual = now if day == now.astimezone(zone).date() else datetime.combine(day, _NOON, zone)
    latest = before if day <= before.astimezone(zone).date() else now
    return min(usual + timedelta(milliseconds=nth), latest - timedelta(milliseconds=still + 1))


def _event(each: _Dated, at: datetime) -> TrackingEvent:
    status, reason = meaning(each.line.text)
    if says_delivered(each.line.text):
        # Only `isDelivered` delivers. Until then such a line is a note to the house: it moves nothing, nobody is told.
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
