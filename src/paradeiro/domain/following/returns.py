"""In: one answer's events; out: the same, where a delivery that ends a return is no delivery to the customer. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from paradeiro.domain.following.phrases import normal_sentence
from paradeiro.domain.following.timeline import sort_events
from paradeiro.domain.records import TrackingEvent
from paradeiro.domain.words import Status

_BACK = frozenset({Status.RETURNING, Status.RETURNED})
# A new run to the customer ends a return.
_TO_THE_CUSTOMER = frozenset({Status.OUT_FOR_DELIVERY, Status.AVAILABLE_FOR_PICKUP})
# Of carriers that have only words: one that nobody has listed yet may still speak of a return.
_RETURN_WORDS = ("devol", "retorno", "return")


def doubt_returned_deliveries(events: Iterable[TrackingEvent]) -> tuple[TrackingEvent, ...]:
    """The events in order. Carriers that say "delivered" of a package that came back to its sender say it under the
    same number: a delivery after a return began is unknown, unless a new run to the customer lies between.
    """
    found: list[TrackingEvent] = []
    returning = False
    for event in sort_events(events):
        if event.status in _BACK or _may_be_a_return(event):
            returning = True
        elif event.status in _TO_THE_CUSTOMER:
            returning = False
        doubtful = returning and event.status is Status.DELIVERED
        found.append(replace(event, status=Status.UNKNOWN, reason=None) if doubtful else event)
    return tuple(found)


def _may_be_a_return(event: TrackingEvent) -> bool:
    return event.status is Status.UNKNOWN and any(word in normal_sentence(event.code) for word in _RETURN_WORDS)
