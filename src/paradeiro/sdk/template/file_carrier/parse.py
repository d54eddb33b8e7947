"""In: a part of the carrier's file; out: the events of each package in it, with what names the package. Pure."""

from paradeiro.domain.following.timeline import unknown_codes
from paradeiro.domain.orders.identifiers import tracking_code
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome
from paradeiro.sdk.template.example_carrier.events import Entry, Where, event_of
from paradeiro.sdk.template.file_carrier.lines import Line, is_idle, line_of, text_of


def parse(data: bytes) -> list[ParsedAnswer]:
    """A `ParsedAnswer` per package. Nobody asked, so each names its package by identifiers. One line that cannot be
    read makes the part MALFORMED: the splitter has set such lines aside before.
    """
    try:
        lines = [line_of(line) for line in text_of(data).split("\n") if not is_idle(line)]
        return _by_package(lines) or [ParsedAnswer("", Outcome.MALFORMED, message="there is no line")]
    except ValueError as error:
        return [ParsedAnswer("", Outcome.MALFORMED, message=str(error)[:200])]


def _by_package(lines: list[Line]) -> list[ParsedAnswer]:
    events: dict[str, list[TrackingEvent]] = {}
    for line in lines:
        events.setdefault(line.tracking_code, []).append(_event(line))
    return [_parsed(code, tuple(found)) for code, found in events.items()]


def _event(line: Line) -> TrackingEvent:
    place = Where(line.city, line.state) if line.city else None
    return event_of(Entry(line.code, line.at, line.text, place))


def _parsed(code: str, events: tuple[TrackingEvent, ...]) -> ParsedAnswer:
    named = tracking_code(code)
    if named is None:
        raise ValueError("news of a package without a tracking code")
    return ParsedAnswer("", Outcome.FOUND, events, unknown_codes=unknown_codes(events), identifiers=(named,))
