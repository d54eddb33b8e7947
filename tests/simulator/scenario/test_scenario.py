"""In: a seed; out: the same simulator each time, with the promised shares of unusual cases."""

from dataclasses import asdict
from datetime import timedelta

from paradeiro.simulator.scenario.journeys import KINDS
from paradeiro.simulator.scenario.scenario import Scenario
from tests.simulator.conftest import START


def test_the_same_seed_gives_the_same_simulator() -> None:
    one, same, other = (Scenario(30, 12, seed, START).ground_truth() for seed in (7, 7, 8))
    assert [asdict(o) for o in one.orders] == [asdict(o) for o in same.orders]
    assert [p.code for p in one.packages] != [p.code for p in other.packages]


def test_as_many_packages_as_asked_each_with_its_own_code() -> None:
    ground_truth = Scenario(500, 12, 7, START).ground_truth()
    assert len({p.code for p in ground_truth.packages}) == 500
    assert {len(o.packages) for o in ground_truth.orders} == {1, 2, 3}


def test_shares() -> None:
    ground_truth = Scenario(3000, 12, 7, START).ground_truth()
    orders, packages = ground_truth.orders, ground_truth.packages
    assert 0.2 < sum(bool(o.affiliate) for o in orders) / len(orders) < 0.3
    assert 0.02 < sum(o.customer.email is None for o in orders) / len(orders) < 0.045
    assert 0.07 < sum(p.by_hand for p in packages) / len(packages) < 0.13
    assert {o.customer.locale[:2] for o in orders} == {"pt", "en", "es"}
    assert {p.kind for p in packages} == set(KINDS)
    emails = [o.customer.email for o in orders if o.customer.email]
    assert len(set(emails)) == len(emails)
    assert all(email.endswith("@example.com") for email in emails)


def test_orders_are_invoiced_in_the_first_days_and_posted_within_hours() -> None:
    for order in Scenario(200, 12, 7, START).ground_truth().orders:
        assert START <= order.invoiced_at <= START + timedelta(days=8)
        assert order.created_at < order.invoiced_at
        for package in order.packages:
            posted = [h.happened_at for h in package.happenings if h.says == "accepted"]
            assert not posted or posted[0] - order.invoiced_at < timedelta(days=4)


def test_what_must_be_registered_by_hand_is_named_once_it_is_invoiced() -> None:
    ground_truth = Scenario(300, 12, 7, START).ground_truth()
    assert ground_truth.needs_registration(START) == []
    due = ground_truth.needs_registration(START + timedelta(days=12))
    assert [d["tracking_code"] for d in due] == [p.code for p in ground_truth.packages if p.by_hand]
    assert set(due[0]) == {"order_id", "invoice_number", "tracking_code"}
