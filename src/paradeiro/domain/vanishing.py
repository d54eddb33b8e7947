"""In: the events we know and a later whole answer of the carrier; out: whether a delivery vanished from it, or is back.

A carrier that takes a delivery back says so with an event; sometimes it just stops showing it. One answer without it
proves little (a copy of theirs may be behind), so it counts only after hours in which every answer lacked it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from paradeiro.domain.records import TrackingEvent
from paradeiro.domain.words import Source, Status, Withdraws

# Our own notes on a carrier's timeline, in place of the events that it did not send.
VANISHED, SHOWN_AGAIN = "PARADEIRO/VANISHED", "PARADEIRO/SHOWN_AGAIN"
NOTES = frozenset({VANISHED, SHOWN_AGAIN})
# A copy that is behind catches up within less.
SURE_AFTER = timedelta(hours=6)
ASK_AGAIN_AFTER = timedelta(hours=1)
_GONE_WORDS = "A transportadora deixou de mostrar a entrega"
_BACK_WORDS = "A transportadora voltou a mostrar a entrega"


def lacks_delivery(known: Iterable[TrackingEvent], heard: Sequence[TrackingEvent], delivered_at: datetime) -> bool:
    """Whether a whole answer lacks the delivery that stands, while it still has the carrier's event just before it.

    An answer that lacks both is only a short one: it takes nothing away. Nor does one that has something else at the
    delivery's instant: that is the same happening under a new code.
    """
    if any(event.status is Status.DELIVERED or event.occurred_at == delivered_at for event in heard):
        return False
    ours = sorted((e for e in known if _theirs(e)), key=lambda e: e.occurred_at)
    standing = [e for e in ours if e.status is Status.DELIVERED and e.occurred_at == delivered_at]
    before = [e for e in ours if e.occurred_at < delivered_at]
    if not standing or not before:
        return False
    shown = {(e.occurred_at, e.code) for e in heard}
    return (before[-1].occurred_at, before[-1].code) in shown


def shown_again(known: Sequence[TrackingEvent], heard: Iterable[TrackingEvent]) -> bool:
    """Whether a delivery that had vanished is shown again."""
    notes = sorted((e for e in known if e.code in NOTES), key=lambda e: e.occurred_at)
    if not notes or notes[-1].code != VANISHED:
        return False
    gone = {e.identity for e in known if e.status is Status.DELIVERED and e.occurred_at < notes[-1].occurred_at}
    return any(e.identity in gone for e in heard)


def vanished(now: datetime) -> TrackingEvent:
    """The note that a delivery is no longer shown: it takes the delivery back."""
    return TrackingEvent(now, VANISHED, None, description=_GONE_WORDS, withdraws=Withdraws.DELIVERY)


def back(now: datetime) -> TrackingEvent:
    """The note that it is shown again: it takes the first note back."""
    return TrackingEvent(now, SHOWN_AGAIN, None, description=_BACK_WORDS, withdraws=Withdraws.DISAPPEARANCE)


def _theirs(event: TrackingEvent) -> bool:
    return event.source is Source.CARRIER and event.code not in NOTES
