"""In: what a store's staff says that a carrier's code means; out: answers in which unknown events have that meaning.

A person maps only what the connector does not know: a code that it knows keeps its meaning, a delivery above all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Reason, Status


@dataclass(frozen=True, slots=True)
class CodeMapping:
    """What a code means. `status` None: it does not concern the position."""

    code: str
    status: Status | None
    reason: Reason | None = None


# By code.
Mappings = Mapping[str, CodeMapping]


def apply_mappings(parsed: ParsedAnswer, mappings: Mappings) -> ParsedAnswer:
    """The answer, with the meaning of the store's mappings where the connector knows none."""
    if not mappings or not any(event.status is Status.UNKNOWN and event.code in mappings for event in parsed.events):
        return parsed
    return replace(
        parsed,
        events=tuple(apply_mapping(event, mappings.get(event.code)) for event in parsed.events),
        unknown_codes=tuple(code for code in parsed.unknown_codes if code not in mappings),
    )


def apply_mapping(event: TrackingEvent, mapping: CodeMapping | None) -> TrackingEvent:
    """The event as the mapping says, if the connector does not know its code."""
    if mapping is None or event.status is not Status.UNKNOWN:
        return event
    return replace(event, status=mapping.status, reason=mapping.reason)


def restate(event: TrackingEvent, old: CodeMapping | None, new: CodeMapping | None) -> TrackingEvent:
    """A stored event, after its code's mapping was set, changed or removed. One that has neither no meaning nor the old
    mapping's has its connector's, and keeps it.
    """
    mapped = old is not None and (event.status, event.reason) == (old.status, old.reason)
    if event.status is not Status.UNKNOWN and not mapped:
        return event
    plain = replace(event, status=Status.UNKNOWN, reason=None)
    return apply_mapping(plain, new)
