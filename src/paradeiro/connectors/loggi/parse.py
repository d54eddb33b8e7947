"""In: the bytes of an answer or push of Loggi; out: the parsed answer for each tracking code in it. Pure."""

from datetime import datetime

from paradeiro.connectors.loggi.codes import meaning_of
from paradeiro.connectors.loggi.document import Package, Step, UnreadableError, packages_of, steps_of, text
from paradeiro.domain.following.timeline import sort_events, unknown_codes
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.orders.identifiers import Identifier, carrier_number, tracking_code
from paradeiro.domain.records import NOWHERE, ParsedAnswer, Place, TrackingEvent
from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.brazilian_times import read_estimate, read_event_time

_DAY = len("2026-03-12")


def parse(body: bytes) -> list[ParsedAnswer]:
    """One `ParsedAnswer` per tracking code; its packages are volumes. Never raises, whatever the bytes are."""
    try:
        packages = packages_of(body)
    except UnreadableError as error:
        return [ParsedAnswer("", Outcome.MALFORMED, message=str(error))]
    if not packages:
        return [ParsedAnswer("", Outcome.NOT_FOUND, message="no package of this code")]
    by_code: dict[str, list[Package]] = {}
    for package in packages:
        by_code.setdefault(tidy_code(text(package.get("trackingCode"))), []).append(package)
    return [_parsed(code, each) for code, each in by_code.items()]


def _parsed(code: str, packages: list[Package]) -> ParsedAnswer:
    names = tuple(dict.fromkeys(name for package in packages for name in _names(package)))
    try:
        events = sort_events(_event(step, package) for package in packages for step in steps_of(package))
    except UnreadableError as error:
        return ParsedAnswer(code, Outcome.MALFORMED, message=str(error), identifiers=names)
    if not events:
        return ParsedAnswer(code, Outcome.NOT_FOUND, message="known; no step yet", identifiers=names)
    estimates = [day for package in packages if (day := _estimate(package)) is not None]
    return ParsedAnswer(
        code,
        Outcome.FOUND,
        events,
        max(estimates, default=None),
        unknown_codes=unknown_codes(events),
        identifiers=names,
    )


def _names(package: Package) -> list[Identifier]:
    """All that names a package: its tracking code, what its bar code says, Loggi's key of it."""
    found = (
        tracking_code(text(package.get("trackingCode"))),
        tracking_code(text(package.get("barcode"))),
        carrier_number(text(package.get("loggiKey"))),
    )
    return [each for each in found if each is not None]


def _event(step: Step, package: Package) -> TrackingEvent:
    """One step. Raises `UnreadableError` when its time cannot be read: an event needs an instant."""
    at = read_event_time(step.time)
    if at is None:
        raise UnreadableError(f"the time of a step cannot be read: {text(str(step.time))[:60]!r}")
    code, meaning = meaning_of(step.official, step.page, step.words)
    return TrackingEvent(
        occurred_at=at.at,
        code=code,
        status=meaning.status,
        reason=meaning.reason,
        place=_place(step.place),
        description=step.words or meaning.words,
        zone_assumed=at.zone_assumed,
        day_only=at.day_only,
        # Always named: a further package of the same code may be told of later.
        volume=text(package.get("loggiKey")),
    )


def _place(value: object) -> Place:
    if isinstance(value, str):
        return Place(unit=text(value)) if text(value) else NOWHERE
    if not isinstance(value, dict):
        return NOWHERE
    city, state = text(value.get("city")) or None, text(value.get("state")) or None
    return Place(city, state, "BR") if city or state else NOWHERE


def _estimate(package: Package) -> datetime | None:
    """The end of the promised day."""
    return read_estimate(text(package.get("promisedDate"))[:_DAY])
