"""In: the bytes of an answer or push of J&T Express; out: the parsed answer for each waybill number in it. Pure."""

from typing import Any

from paradeiro.connectors.jt_express.codes import meaning_of
from paradeiro.connectors.jt_express.envelope import NoParcelsError, Parcel, parcels_of, scans_of, text
from paradeiro.domain.following.returns import doubt_returned_deliveries
from paradeiro.domain.following.timeline import unknown_codes
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.orders.identifiers import Identifier, order_number, tracking_code
from paradeiro.domain.records import NOWHERE, ParsedAnswer, Place, TrackingEvent
from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.brazilian_times import read_event_time


def parse(body: bytes) -> list[ParsedAnswer]:
    """One `ParsedAnswer` per waybill number. Never raises, whatever the bytes are."""
    try:
        return [_parsed(each) for each in parcels_of(body)]
    except NoParcelsError as error:
        return [ParsedAnswer("", error.outcome, message=str(error))]


def _parsed(parcel: Parcel) -> ParsedAnswer:
    code, names = tidy_code(text(parcel.get("billCode"))), _names(parcel)
    try:
        # No word of a return is known yet, and whoever gets the package back may sign for it too.
        events = doubt_returned_deliveries(_event(each) for each in scans_of(parcel))
    except NoParcelsError as error:
        return ParsedAnswer(code, error.outcome, message=str(error), identifiers=names)
    if not events:
        return ParsedAnswer(code, Outcome.NOT_FOUND, message="no scan yet", identifiers=names)
    return ParsedAnswer(code, Outcome.FOUND, events, unknown_codes=unknown_codes(events), identifiers=names)


def _names(parcel: Parcel) -> tuple[Identifier, ...]:
    """The waybill number, and the number of the order at the shop."""
    found = (tracking_code(text(parcel.get("billCode"))), order_number(text(parcel.get("txlogisticId"))))
    return tuple(each for each in found if each is not None)


def _event(scan: dict[str, Any]) -> TrackingEvent:
    """One scan. Raises `NoParcelsError` when its time cannot be read: an event needs an instant."""
    at = read_event_time(text(scan.get("scanTime")))
    if at is None:
        raise NoParcelsError(
            Outcome.MALFORMED, f"the time of a scan cannot be read: {text(scan.get('scanTime'))[:60]!r}"
        )
    written = [text(scan.get(name)) for name in ("scanTypeName", "scanType")]
    code, meaning = meaning_of(*written)
    return TrackingEvent(
        occurred_at=at.at,
        code=code,
        status=meaning.status,
        reason=meaning.reason,
        place=_place(scan),
        # Their free texts (desc, customerTracking) name drivers and receivers: not read.
        description=next((each for each in written if each and not each.isdecimal()), ""),
        zone_assumed=at.zone_assumed,
        day_only=at.day_only,
    )


def _place(scan: dict[str, Any]) -> Place:
    city, state, unit = (text(scan.get(f"scanNetwork{part}")) or None for part in ("City", "Province", "Name"))
    if city or state:
        return Place(city, state, "BR", unit)
    return Place(unit=unit) if unit else NOWHERE
