"""In: events of a return; out: whether its last delivery is one."""

from datetime import UTC, datetime, timedelta

import pytest

from paradeiro.domain.following.returns import doubt_returned_deliveries
from paradeiro.domain.records import TrackingEvent
from paradeiro.domain.words import Reason, Status

START = datetime(2026, 11, 1, tzinfo=UTC)
MOVING, OUT, DELIVERED = Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.DELIVERED
BACK, UNKNOWN = Status.RETURNING, Status.UNKNOWN


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ([MOVING, OUT, DELIVERED], [MOVING, OUT, DELIVERED]),
        ([MOVING, BACK, MOVING, DELIVERED], [MOVING, BACK, MOVING, UNKNOWN]),
        ([MOVING, BACK, MOVING, OUT, DELIVERED], [MOVING, BACK, MOVING, OUT, DELIVERED]),
        ([MOVING, Status.RETURNED, DELIVERED], [MOVING, Status.RETURNED, UNKNOWN]),
        ([MOVING, DELIVERED, BACK, DELIVERED], [MOVING, DELIVERED, BACK, UNKNOWN]),
        ([], []),
    ],
)
def test_a_delivery_after_a_return_began_is_unknown(told: list[Status], read: list[Status]) -> None:
    events = [TrackingEvent(START + timedelta(hours=n), f"c{n}", status, Reason.OTHER) for n, status in enumerate(told)]
    found = doubt_returned_deliveries(reversed(events))
    assert [event.status for event in found] == read
    assert [event.code for event in found] == [event.code for event in events], "its identity stays"


@pytest.mark.parametrize(
    ("unlisted", "read"),
    [("bipe de devolucao", UNKNOWN), ("DEVOLUÇÃO AO REMETENTE", UNKNOWN), ("bipe de inventario", DELIVERED)],
)
def test_an_unlisted_word_of_a_return_may_begin_one(unlisted: str, read: Status) -> None:
    events = [TrackingEvent(START, unlisted, UNKNOWN), TrackingEvent(START + timedelta(days=1), "signed", DELIVERED)]
    assert doubt_returned_deliveries(events)[-1].status is read
