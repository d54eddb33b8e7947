"""In: Andreani's traces of one shipment; out: its events, or why there are none. Pure."""

import msgspec

from paradeiro.domain.following.timeline import unknown_codes
from paradeiro.domain.records import ParsedAnswer
from paradeiro.domain.words import Outcome

from .events import Trace, event_of


class _Traces(msgspec.Struct):
    eventos: list[Trace]


def parse(data: bytes) -> list[ParsedAnswer]:
    """One `ParsedAnswer`; the answer does not repeat the number. One source has the list of traces alone."""
    try:
        read = msgspec.json.decode(data, type=_Traces | list[Trace])
        return [_parsed(read.eventos if isinstance(read, _Traces) else read)]
    except (ValueError, RecursionError, OverflowError) as error:  # msgspec's own errors are ValueErrors
        return [ParsedAnswer("", Outcome.MALFORMED, message=f"{type(error).__name__}: {error}"[:200])]


def _parsed(traces: list[Trace]) -> ParsedAnswer:
    if not traces:
        return ParsedAnswer("", Outcome.NOT_FOUND, message="no traces yet")
    events = tuple(event_of(trace) for trace in traces)
    return ParsedAnswer("", Outcome.FOUND, events, unknown_codes=unknown_codes(events))
