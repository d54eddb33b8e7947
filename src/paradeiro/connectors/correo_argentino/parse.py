"""In: Correo Argentino's answer about one shipment; out: its events, or why there are none. Pure."""

import msgspec

from paradeiro.domain.following.phrases import normal_sentence
from paradeiro.domain.following.returns import doubt_returned_deliveries
from paradeiro.domain.following.timeline import unknown_codes
from paradeiro.domain.records import ParsedAnswer
from paradeiro.domain.words import Outcome

from .events import Entry, event_of

# The one error that means "not yet". It comes with status 200.
_NOT_KNOWN = "no existe el cliente o pedido"


class _Shipment(msgspec.Struct, rename="camel"):
    tracking_number: str | None = None
    events: list[Entry] | None = None
    error: str | None = None


def parse(data: bytes) -> list[ParsedAnswer]:
    """A list with a shipment if it has events, else one object: without events, or an error."""
    try:
        read = msgspec.json.decode(data, type=list[_Shipment] | _Shipment)
        shipments = read if isinstance(read, list) else [read]
        return [_parsed(each) for each in shipments] or [_not_found("", "no shipment yet")]
    except (ValueError, RecursionError, OverflowError) as error:  # msgspec's own errors are ValueErrors
        return [ParsedAnswer("", Outcome.MALFORMED, message=f"{type(error).__name__}: {error}"[:200])]


def _parsed(shipment: _Shipment) -> ParsedAnswer:
    number = (shipment.tracking_number or "").strip()
    if shipment.error is not None and normal_sentence(shipment.error) == _NOT_KNOWN:
        return _not_found(number, "the number is not known yet")
    if shipment.error or shipment.events is None:
        raise ValueError(f"no events, and error is {shipment.error!r}")
    if not shipment.events:
        return _not_found(number, "no events yet")
    events = doubt_returned_deliveries(event_of(entry) for entry in shipment.events)
    return ParsedAnswer(number, Outcome.FOUND, events, unknown_codes=unknown_codes(events))


def _not_found(number: str, message: str) -> ParsedAnswer:
    return ParsedAnswer(number, Outcome.NOT_FOUND, message=message)
