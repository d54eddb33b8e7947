"""A channel's rules: which messages it gets, in which sequence, with which dates."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.domain.outbox.channel_rules import DEFAULT_RULES, PRESETS, ChannelRules, delivery_day, lacks_invoice_key
from paradeiro.domain.outbox.plan import plan_effects, plan_introduction
from paradeiro.domain.records import Policy, Snapshot
from paradeiro.domain.words import EffectKind, Status, Topic
from tests.domain.makers import NOW
from tests.domain.outbox.test_plan import ALL, ORDER, SHIPMENT, change

ZONE = ZoneInfo("America/Sao_Paulo")
MOVING = Snapshot(Status.IN_TRANSIT, news_at=NOW - timedelta(days=9))
LATER = ChannelRules(delivered_after_dispatch=True)


def told(status: Status, rules: ChannelRules, old: Snapshot | None = None) -> list[str]:
    policy = Policy(channels={"MKP": rules})
    drafts = plan_effects(change(status, old=old), ORDER, SHIPMENT, ALL, policy, customer_knows_delivery=False)
    return [d.kind for d in drafts if d.kind.startswith("marketplace")]


def introduced(rules: ChannelRules) -> list[str]:
    drafts = plan_introduction(ORDER, SHIPMENT, ALL, Policy(channels={"MKP": rules}))
    return [d.kind for d in drafts if d.kind.startswith("marketplace")]


def test_another_channels_rules_are_not_this_ones() -> None:
    policy = Policy(channels={"ELSE": ChannelRules(topics=frozenset())})
    drafts = plan_effects(change(Status.IN_TRANSIT), ORDER, SHIPMENT, ALL, policy, customer_knows_delivery=False)
    assert EffectKind.MARKETPLACE_UPDATE in {d.kind for d in drafts}


@pytest.mark.parametrize(
    ("name", "first", "moved", "delivered"),
    [
        ("any", ["marketplace_invoice", "marketplace_tracking_number"], ["marketplace_update"], ["marketplace_update"]),
        ("amazon", ["marketplace_invoice", "marketplace_tracking_number"], [], []),
        ("mercado_livre_me2", [], [], []),
    ],
)
def test_a_channel_gets_its_topics(name: str, first: list[str], moved: list[str], delivered: list[str]) -> None:
    rules = PRESETS[name]
    assert introduced(rules) == first
    assert told(Status.IN_TRANSIT, rules) == moved
    assert told(Status.DELIVERED, rules, MOVING) == delivered


def test_deliveries_only_means_no_other_position() -> None:
    rules = ChannelRules(topics=frozenset({Topic.DELIVERY}))
    assert introduced(rules) == []
    assert told(Status.OUT_FOR_DELIVERY, rules) == []
    assert told(Status.DELIVERED, rules, MOVING) == ["marketplace_update"]
    gone = Snapshot(Status.DELIVERED, delivered_at=NOW, news_at=NOW)
    assert told(Status.IN_TRANSIT, rules, gone) == ["marketplace_update"], "that it is not delivered after all"


def test_shipped_goes_first_and_once() -> None:
    rules = ChannelRules(shipped_first=True)
    assert told(Status.IN_TRANSIT, rules) == ["marketplace_opening"]
    assert told(Status.OUT_FOR_DELIVERY, rules, MOVING) == ["marketplace_update"]
    assert told(Status.DELIVERED, rules) == ["marketplace_opening", "marketplace_update"], "heard of when delivered"
    assert told(Status.DELIVERED, replace(rules, topics=frozenset({Topic.DELIVERY}))) == [
        "marketplace_opening",
        "marketplace_update",
    ]
    assert told(Status.DELIVERED, replace(rules, topics=frozenset({Topic.NUMBER}))) == []


@pytest.mark.parametrize(
    ("delivered", "said"),
    [
        ("2026-03-10T15:20:00-03:00", "2026-03-11T00:00:00-03:00"),  # the dispatch's own day
        ("2026-03-10T23:59:00-03:00", "2026-03-11T00:00:00-03:00"),  # where it is the next one already in UTC
        ("2026-03-11T00:01:00-03:00", "2026-03-11T00:01:00-03:00"),
        ("2026-03-12T09:00:00-03:00", "2026-03-12T09:00:00-03:00"),
    ],
)
def test_no_delivery_on_the_day_of_the_dispatch(delivered: str, said: str) -> None:
    dispatched = datetime(2026, 3, 10, 13, 0, tzinfo=UTC)
    assert delivery_day(LATER, datetime.fromisoformat(delivered), dispatched, ZONE).isoformat() == said
    assert delivery_day(DEFAULT_RULES, datetime.fromisoformat(delivered), dispatched, ZONE) == datetime.fromisoformat(
        delivered
    )


@given(st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)), st.integers(0, 400))
def test_the_day_said_is_after_the_dispatch_and_never_before_the_delivery(at: datetime, hours: int) -> None:
    dispatched = at.replace(tzinfo=UTC)
    delivered = dispatched + timedelta(hours=hours)
    said = delivery_day(LATER, delivered, dispatched, ZONE)
    assert said >= delivered
    assert said.date() > dispatched.astimezone(ZONE).date()


def test_only_the_number_waits_for_the_key() -> None:
    rules = PRESETS["via"]
    assert lacks_invoice_key(rules, EffectKind.MARKETPLACE_TRACKING_NUMBER, None)
    assert not lacks_invoice_key(rules, EffectKind.MARKETPLACE_TRACKING_NUMBER, "35" * 22)
    assert not lacks_invoice_key(rules, EffectKind.MARKETPLACE_INVOICE, None)
    assert not lacks_invoice_key(DEFAULT_RULES, EffectKind.MARKETPLACE_TRACKING_NUMBER, None)
