"""A delivery that is no longer shown is withdrawn once confirmed, and restored if it is shown again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from paradeiro.domain.following.disappearance import (
    Disappearance,
    check_disappearance,
    disappearance_event,
    lacks_delivery,
    reappearance_event,
    shown_again,
)
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import TrackingEvent
from paradeiro.domain.words import Source, Status

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
POSTED = TrackingEvent(NOW - timedelta(days=3), "PO/01", Status.ACCEPTED)
OUT = TrackingEvent(NOW - timedelta(hours=5), "OEC/01", Status.OUT_FOR_DELIVERY)
DELIVERED = TrackingEvent(NOW - timedelta(hours=2), "BDE/01", Status.DELIVERED)
KNOWN = [DELIVERED, POSTED, OUT]


def test_an_answer_with_the_event_before_it_and_without_it_lacks_the_delivery() -> None:
    assert lacks_delivery(KNOWN, [OUT, POSTED], DELIVERED.occurred_at)


def test_a_short_answer_lacks_nothing() -> None:
    assert not lacks_delivery(KNOWN, [POSTED], DELIVERED.occurred_at)
    assert not lacks_delivery(KNOWN, [], DELIVERED.occurred_at)
    assert not lacks_delivery([DELIVERED], [], DELIVERED.occurred_at)


def test_a_delivery_under_another_code_is_a_delivery() -> None:
    again = replace(DELIVERED, code="BDI/01", occurred_at=DELIVERED.occurred_at + timedelta(minutes=1))
    assert not lacks_delivery(KNOWN, [POSTED, OUT, again], DELIVERED.occurred_at)


def test_a_delivery_under_a_code_that_nobody_knows_yet_has_not_vanished() -> None:
    renamed = replace(DELIVERED, code="BDE/91", status=Status.UNKNOWN)
    assert not lacks_delivery(KNOWN, [POSTED, OUT, renamed], DELIVERED.occurred_at)


def test_what_a_person_confirmed_is_not_the_carriers_to_stop_showing() -> None:
    by_hand = replace(DELIVERED, source=Source.OPERATOR)
    assert not lacks_delivery([POSTED, OUT, by_hand], [POSTED, OUT], by_hand.occurred_at)


def test_the_note_takes_the_delivery_back_and_its_counterpart_restores_it() -> None:
    gone = fold([*KNOWN, disappearance_event(NOW)], now=NOW)
    assert gone.snapshot.status is Status.OUT_FOR_DELIVERY
    assert gone.snapshot.delivered_at is None
    later = NOW + timedelta(hours=3)
    known = [*KNOWN, disappearance_event(NOW)]
    assert shown_again(known, [POSTED, OUT, DELIVERED])
    assert not shown_again(known, [POSTED, OUT])
    restored = fold([*known, reappearance_event(later)], now=later)
    assert restored.snapshot.status is Status.DELIVERED
    assert restored.snapshot.delivered_at == DELIVERED.occurred_at
    assert not shown_again([*known, reappearance_event(later)], [POSTED, OUT, DELIVERED]), "it was said already"


def test_a_later_delivery_stands_beside_the_vanished_one() -> None:
    second = replace(DELIVERED, occurred_at=NOW + timedelta(hours=20))
    now = NOW + timedelta(days=1)
    assert fold([*KNOWN, disappearance_event(NOW), second], now=now).snapshot.delivered_at == second.occurred_at
    assert not shown_again([*KNOWN, disappearance_event(NOW)], [POSTED, OUT, second]), (
        "another one is no return of the first"
    )


def test_a_reversal_by_the_carrier_takes_its_own_event_back_not_our_note() -> None:
    from paradeiro.domain.words import Withdraws

    reversal = TrackingEvent(NOW + timedelta(hours=1), "EST/01", None, withdraws=Withdraws.PREVIOUS)
    folded = fold([*KNOWN, disappearance_event(NOW), reversal], now=NOW + timedelta(hours=2))
    assert folded.snapshot.status is not Status.DELIVERED


def test_a_missing_delivery_is_watched_for_hours_before_it_is_taken_back() -> None:
    at, short = DELIVERED.occurred_at, [POSTED, OUT]
    since, sure = NOW, NOW + timedelta(hours=6)
    assert check_disappearance(KNOWN, short, at, None, now=NOW) == Disappearance(missing_since=since)
    almost = sure - timedelta(seconds=1)
    assert check_disappearance(KNOWN, short, at, since, now=almost) == Disappearance(missing_since=since)
    assert check_disappearance(KNOWN, short, at, since, now=sure) == Disappearance(note=disappearance_event(sure))
    assert check_disappearance(KNOWN, KNOWN, at, since, now=sure) == Disappearance(), "it is shown: nothing is missing"
    assert check_disappearance(KNOWN, None, at, since, now=sure) == Disappearance(missing_since=since), (
        "no whole answer"
    )
    gone = [*KNOWN, disappearance_event(NOW)]
    assert check_disappearance(gone, KNOWN, None, None, now=sure) == Disappearance(note=reappearance_event(sure))
