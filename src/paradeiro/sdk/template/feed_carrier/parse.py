"""In: a page of the carrier's feed; out: the events of each shipment in it, with what names the shipment. Pure."""

import msgspec

from paradeiro.domain.following.timeline import unknown_codes
from paradeiro.domain.orders.identifiers import tracking_code
from paradeiro.domain.records import ParsedAnswer
from paradeiro.domain.words import Outcome
from paradeiro.sdk.template.example_carrier.events import Entry, event_of


class _Document(msgspec.Struct):
    tracking_code: str
    history: list[Entry]


class _Page(msgspec.Struct):
    trackings: list[_Document]


def parse(data: bytes) -> list[ParsedAnswer]:
    """A `ParsedAnswer` per shipment. Nobody asked, so each names its shipment by identifiers; any of them suffices."""
    try:
        page = msgspec.json.decode(data, type=_Page)
        return [_parsed(each) for each in page.trackings] or [ParsedAnswer("", Outcome.NOT_FOUND, message="no news")]
    except (ValueError, RecursionError, OverflowError) as error:  # msgspec's own errors are ValueErrors
        return [ParsedAnswer("", Outcome.MALFORMED, message=f"{type(error).__name__}: {error}"[:200])]


def _parsed(document: _Document) -> ParsedAnswer:
    named = tracking_code(document.tracking_code)
    if named is None:
        raise ValueError("news of a shipment without a tracking code")
    events = tuple(event_of(entry) for entry in document.history)
    return ParsedAnswer("", Outcome.FOUND, events, unknown_codes=unknown_codes(events), identifiers=(named,))
