"""In: a seed; out: the same world each time, with the shares of odd cases that are promised."""

from dataclasses import asdict
from datetime import timedelta

from paradeiro.world.postal import KINDS
from paradeiro.world.scenario import Scenario

from .conftest import START


def test_the_same_seed_is_the_same_world() -> None:
    one, same, other = (Scenario(30, 12, seed, START).truth() for seed in (7, 7, 8))
    assert [asdict(o) for o in one.orders] == [asdict(o) for o in same.orders]
    assert [p.code for p in one.packages] != [p.code for p in other.packages]


def test_as_many_packages_as_asked_each_with_its_own_code() -> None:
    truth = Scenario(500, 12, 7, START).truth()
    assert len({p.code for p in truth.packages}) == 500
    assert {len(o.packages) for o in truth.orders} == {1, 2, 3}


def test_shares() -> None:
    truth = Scenario(3000, 12, 7, START).truth()
    orders, packages = truth.orders, truth.packages
    assert 0.2 < sum(bool(o.affiliate) for o in orders) / len(orders) < 0.3
    assert 0.02 < sum(o.customer.email is None for o in orders) / len(orders) < 0.045
    assert 0.07 < sum(p.by_hand for p in packages) / len(packages) < 0.13
    assert {o.customer.locale[:2] for o in orders} == {"pt", "en", "es"}
    assert {p.kind for p in packages} == set(KINDS)
    emails = [o.customer.email for o in orders if o.customer.email]
    assert len(set(emails)) == len(emails)
    assert all(email.endswith("@example.com") for email in emails)


def test_orders_are_invoiced_in_the_first_days_and_posted_within_hours() -> None:
    for order in Scenario(200, 12, 7, START).truth().orders:
        assert START <= order.invoiced_at <= START + timedelta(days=8)
        assert order.created_at < order.invoiced_at
        for package in order.packages:
            posted = [h.happened_at for h in package.happenings if h.says == "accepted"]
            assert not posted or posted[0] - order.invoiced_at < timedelta(days=4)


def test_what_must_be_registered_by_hand_is_named_once_it_is_invoiced() -> None:
    truth = Scenario(300, 12, 7, START).truth()
    assert truth.needs_registration(START) == []
    due = truth.needs_registration(START + timedelta(days=12))
    assert [d["tracking_code"] for d in due] == [p.code for p in truth.packages if p.by_hand]
    assert set(due[0]) == {"order_id", "invoice_number", "tracking_code"}
