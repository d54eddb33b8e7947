"""In: the body of a push; out: the events that it states, with what names the shipment. Pure."""

import msgspec

from paradeiro.domain.following.timeline import unknown_codes
from paradeiro.domain.orders.identifiers import tracking_code
from paradeiro.domain.records import ParsedAnswer
from paradeiro.domain.words import Outcome
from paradeiro.sdk.template.example_carrier.events import Entry, event_of


class _Document(msgspec.Struct):
    tracking_code: str = ""
    history: list[Entry] = []


def parse(data: bytes) -> list[ParsedAnswer]:
    """One `ParsedAnswer`. Nobody asked, so it names its shipment by identifiers. A test call names none: NOT_FOUND."""
    try:
        # As text first: what is not read of a body in another encoding must not make it a test call.
        return [_parsed(msgspec.json.decode(data.decode(), type=_Document))]
    except (ValueError, RecursionError, OverflowError) as error:  # msgspec's own errors are ValueErrors
        return [ParsedAnswer("", Outcome.MALFORMED, message=f"{type(error).__name__}: {error}"[:200])]


def _parsed(document: _Document) -> ParsedAnswer:
    named = tracking_code(document.tracking_code)
    if named is None and document.history:
        raise ValueError("news of a shipment without a tracking code")
    if named is None or not document.history:
        return ParsedAnswer("", Outcome.NOT_FOUND, message="it states no news")
    events = tuple(event_of(entry) for entry in document.history)
    return ParsedAnswer("", Outcome.FOUND, events, unknown_codes=unknown_codes(events), identifiers=(named,))
