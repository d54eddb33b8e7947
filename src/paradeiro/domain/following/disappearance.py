"""In: known events, a later whole answer of the carrier; out: whether a delivery disappeared from it or is back.

A carrier normally withdraws a delivery with an event; sometimes it just stops showing it. One answer without it proves
little (a replica may be behind), so it counts only after hours in which every answer lacked it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from paradeiro.domain.records import TrackingEvent
from paradeiro.domain.words import Source, Status, Withdraws

# Codes of our own events on the timeline, in place of those that the carrier did not send.
VANISHED, SHOWN_AGAIN = "PARADEIRO/VANISHED", "PARADEIRO/SHOWN_AGAIN"
NOTES = frozenset({VANISHED, SHOWN_AGAIN})
# A replica that is behind catches up sooner.
CONFIRMED_AFTER = timedelta(hours=6)
CHECK_AGAIN_AFTER = timedelta(hours=1)
_GONE_WORDS = "A transportadora deixou de mostrar a entrega"
_BACK_WORDS = "A transportadora voltou a mostrar a entrega"


@dataclass(frozen=True, slots=True)
class Disappearance:
    """The state of the current delivery in whole answers. `note`: our event, once it is confirmed that the delivery is
    gone, or back. `missing_since`: since when it is not shown, while unconfirmed.
    """

    note: TrackingEvent | None = None
    missing_since: datetime | None = None


def check_disappearance(
    known: Sequence[TrackingEvent],
    answer: Sequence[TrackingEvent] | None,
    delivered_at: datetime | None,
    missing_since: datetime | None,
    *,
    now: datetime,
) -> Disappearance:
    """Compare the last whole `answer` (None: there was none) with the delivery of `delivered_at`, not shown since
    `missing_since`.
    """
    if answer is None:
        return Disappearance(missing_since=missing_since)
    if shown_again(known, answer):
        return Disappearance(note=reappearance_event(now))
    if delivered_at is None or not lacks_delivery(known, answer, delivered_at):
        return Disappearance()
    since = missing_since or now
    return (
        Disappearance(note=disappearance_event(now))
        if now - since >= CONFIRMED_AFTER
        else Disappearance(missing_since=since)
    )


def lacks_delivery(known: Iterable[TrackingEvent], reports: Sequence[TrackingEvent], delivered_at: datetime) -> bool:
    """Whether a whole answer lacks the current delivery but has the carrier's event just before it.

    An answer that lacks both is truncated and proves nothing. Another event at the delivery's instant is the same
    event under a new code.
    """
    if any(event.status is Status.DELIVERED or event.occurred_at == delivered_at for event in reports):
        return False
    ours = sorted((e for e in known if _is_carrier_event(e)), key=lambda e: e.occurred_at)
    standing = [e for e in ours if e.status is Status.DELIVERED and e.occurred_at == delivered_at]
    before = [e for e in ours if e.occurred_at < delivered_at]
    if not standing or not before:
        return False
    shown = {(e.occurred_at, e.code) for e in reports}
    return (before[-1].occurred_at, before[-1].code) in shown


def shown_again(known: Sequence[TrackingEvent], reports: Iterable[TrackingEvent]) -> bool:
    """Whether a delivery that had disappeared is shown again."""
    notes = sorted((e for e in known if e.code in NOTES), key=lambda e: e.occurred_at)
    if not notes or notes[-1].code != VANISHED:
        return False
    gone = {e.identity for e in known if e.status is Status.DELIVERED and e.occurred_at < notes[-1].occurred_at}
    return any(e.identity in gone for e in reports)


def disappearance_event(now: datetime) -> TrackingEvent:
    """Our event that a delivery is no longer shown: it withdraws the delivery."""
    return TrackingEvent(now, VANISHED, None, description=_GONE_WORDS, withdraws=Withdraws.DELIVERY)


def reappearance_event(now: datetime) -> TrackingEvent:
    """Our event that it is shown again: it withdraws the first one."""
    return TrackingEvent(now, SHOWN_AGAIN, None, description=_BACK_WORDS, withdraws=Withdraws.DISAPPEARANCE)


def _is_carrier_event(event: TrackingEvent) -> bool:
    return event.source is Source.CARRIER and event.code not in NOTES
