"""Several volumes of one shipment, withdrawals by name, and deliveries that nobody can have made."""

from datetime import UTC, datetime, timedelta

import pytest

from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import Place, TrackingEvent
from paradeiro.domain.words import NoticeKind, Source, Status, Withdraws

AT = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
LATER = AT + timedelta(days=30)


def event(status: Status | None, hours: float, volume: str = "", **more: object) -> TrackingEvent:
    return TrackingEvent(AT + timedelta(hours=hours), str(status), status, volume=volume, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("volumes", [("1",), ("1", "2"), ("1", "2", "3")])
def test_a_shipment_is_delivered_when_its_last_volume_is(volumes: tuple[str, ...]) -> None:
    events = [event(Status.IN_TRANSIT, 1), *(event(Status.DELIVERED, 9 + int(v), v) for v in volumes)]
    timeline = fold(events, now=LATER)
    assert timeline.snapshot.delivered_at == AT + timedelta(hours=9 + len(volumes))
    if len(volumes) > 1:
        without_last = [*events[:-1], event(Status.OUT_FOR_DELIVERY, 8, volumes[-1])]
        assert fold(without_last, now=LATER).snapshot.status is Status.OUT_FOR_DELIVERY


def test_a_volume_that_came_back_is_no_delivery() -> None:
    timeline = fold([event(Status.DELIVERED, 9, "1"), event(Status.RETURNED, 20, "2")], now=LATER)
    assert timeline.snapshot.status is Status.RETURNED


def test_two_volumes_at_one_instant_and_place_are_two_events() -> None:
    same = [event(Status.DELIVERED, 9, v, place=Place("Itu", "SP")) for v in ("1", "2")]
    assert len(fold(same, now=LATER).events) == 2
    assert len({e.identity for e in same}) == 2


def test_a_withdrawal_by_name_takes_back_that_event_only_whenever_it_happened() -> None:
    first = event(Status.DELIVERED, 5, reference="P1")
    again = event(Status.DELIVERED, 4, reference="P2")
    gone = event(None, 9, reference="P1", withdraws=Withdraws.NAMED)
    timeline = fold([first, again, gone], now=LATER)
    assert timeline.withdrawn == {first.identity}
    assert timeline.snapshot.delivered_at == again.occurred_at
    other_source = event(None, 9, reference="P1", withdraws=Withdraws.NAMED, reported_by="another")
    assert not fold([first, other_source], now=LATER).withdrawn


def test_a_withdrawal_without_a_name_takes_nothing_back() -> None:
    gone = event(None, 9, withdraws=Withdraws.NAMED)
    assert not fold([event(Status.DELIVERED, 5), gone], now=LATER).withdrawn


@pytest.mark.parametrize(("after", "counts"), [(-3600, False), (31, False), (29 * 60, True), (30 * 60 + 1, True)])
def test_a_delivery_at_once_after_the_order_is_another_packages(after: int, counts: bool) -> None:
    delivered = event(Status.DELIVERED, after / 3600)
    timeline = fold([delivered], now=LATER, made_at=AT, ordered_at=AT)
    assert timeline.snapshot.delivered is counts
    assert [doubt.kind for doubt in timeline.doubts] == ([] if counts else [NoticeKind.IMPLAUSIBLE_EVENT])


def test_what_a_person_states_or_only_an_invoice_dates_is_believed() -> None:
    by_hand = event(Status.DELIVERED, 0.001, source=Source.OPERATOR)
    assert fold([by_hand], now=LATER, made_at=AT, ordered_at=AT).snapshot.delivered
    assert fold([event(Status.DELIVERED, -1)], now=LATER, made_at=AT).snapshot.delivered
