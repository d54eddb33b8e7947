"""In: events written by hand; out: the status of a package at each instant, and the expected history of an order."""

from datetime import UTC, datetime, timedelta

from paradeiro.simulator.scenario.ground_truth import Happening, Package, history, true_status

T0 = datetime(2026, 10, 5, 12, tzinfo=UTC)
DELIVERED = ("BDE/01", "delivered", None)
POSTED, OUT = ("PO/01", "accepted", None), ("OEC/01", "out_for_delivery", None)
TAKEN_BACK = ("EST/01", None, "previous")


def package(*steps: tuple[str, str | None, str | None], late: dict[int, int] | None = None) -> Package:
    """An event per hour; `late`: hours until it shows, by its index."""
    told = []
    for index, (code, says, undoes) in enumerate(steps):
        at = T0 + timedelta(hours=index)
        told.append(Happening(at, at + timedelta(hours=(late or {}).get(index, 0)), code, says, code, undoes=undoes))
    return Package("AA123456785BR", "1", "NF1", "by hand", told, T0)


def status(shipment: Package, hours: float) -> str:
    return true_status(shipment, T0 + timedelta(hours=hours)).status


def test_nothing_is_known_before_it_shows() -> None:
    shipment = package(POSTED, OUT, late={0: 5})
    assert status(shipment, 0.5) == "registered"
    assert status(shipment, 1) == "out_for_delivery"
    assert status(shipment, 6) == "out_for_delivery"  # a late event does not move it back


def test_a_reversal_takes_back_the_event_before_it() -> None:
    shipment = package(POSTED, OUT, DELIVERED, TAKEN_BACK)
    assert true_status(shipment, T0 + timedelta(hours=2)).delivered_at == T0 + timedelta(hours=2)
    assert true_status(shipment, T0 + timedelta(hours=3)).delivered_at is None
    assert status(shipment, 3) == "out_for_delivery"


def test_two_reversals_take_back_two_events() -> None:
    assert status(package(POSTED, OUT, DELIVERED, TAKEN_BACK, TAKEN_BACK), 9) == "accepted"


def test_a_corrective_write_off_takes_back_the_delivery() -> None:
    assert status(package(POSTED, OUT, DELIVERED, ("BDR/20", "attempt_failed", "delivery")), 9) == "attempt_failed"


def test_after_a_delivery_only_a_return_moves_it() -> None:
    assert status(package(POSTED, DELIVERED, OUT), 9) == "delivered"
    assert status(package(POSTED, DELIVERED, ("BDE/23", "returned", None)), 9) == "returned"


def test_an_order_holds_what_stands_and_that_a_delivery_was_taken_back() -> None:
    told = history(package(POSTED, OUT, DELIVERED, TAKEN_BACK, OUT, DELIVERED), T0 + timedelta(days=1))
    assert [h.code for h in told] == ["PO/01", "OEC/01", "EST/01", "OEC/01", "BDE/01"]


def test_an_order_does_not_hold_the_reversal_of_what_was_no_delivery() -> None:
    stolen = ("BDE/50", "exception", None)
    assert [h.code for h in history(package(POSTED, stolen, TAKEN_BACK), T0 + timedelta(days=1))] == ["PO/01"]
