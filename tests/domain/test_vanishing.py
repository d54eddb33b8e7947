"""A delivery that is no longer shown is taken back once that is sure, and comes back if it is shown again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from paradeiro.domain.records import TrackingEvent
from paradeiro.domain.timeline import fold
from paradeiro.domain.vanishing import back, lacks_delivery, shown_again, vanished
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
    gone = fold([*KNOWN, vanished(NOW)], now=NOW)
    assert gone.snapshot.status is Status.OUT_FOR_DELIVERY
    assert gone.snapshot.delivered_at is None
    later = NOW + timedelta(hours=3)
    known = [*KNOWN, vanished(NOW)]
    assert shown_again(known, [POSTED, OUT, DELIVERED])
    assert not shown_again(known, [POSTED, OUT])
    restored = fold([*known, back(later)], now=later)
    assert restored.snapshot.status is Status.DELIVERED
    assert restored.snapshot.delivered_at == DELIVERED.occurred_at
    assert not shown_again([*known, back(later)], [POSTED, OUT, DELIVERED]), "it was said already"


def test_a_later_delivery_stands_beside_the_vanished_one() -> None:
    second = replace(DELIVERED, occurred_at=NOW + timedelta(hours=20))
    now = NOW + timedelta(days=1)
    assert fold([*KNOWN, vanished(NOW), second], now=now).snapshot.delivered_at == second.occurred_at
    assert not shown_again([*KNOWN, vanished(NOW)], [POSTED, OUT, second]), "another one is no return of the first"


def test_a_reversal_by_the_carrier_takes_its_own_event_back_not_our_note() -> None:
    from paradeiro.domain.words import Withdraws

    reversal = TrackingEvent(NOW + timedelta(hours=1), "EST/01", None, withdraws=Withdraws.PREVIOUS)
    folded = fold([*KNOWN, vanished(NOW), reversal], now=NOW + timedelta(hours=2))
    assert folded.snapshot.status is not Status.DELIVERED
