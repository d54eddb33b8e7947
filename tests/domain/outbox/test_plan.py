"""In: changes of shipments, all kinds of orders; out: which sinks must get a message, and which must not."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.domain.following.timeline import compare_snapshots, fold, select_new_events
from paradeiro.domain.outbox.plan import (
    AS_OF_CHANGE,
    INTRODUCTION,
    SUPERSEDING,
    Sinks,
    is_news,
    mail_refusal,
    plan_effects,
    plan_introduction,
)
from paradeiro.domain.records import Change, Customer, Invoice, Order, Policy, Shipment, Snapshot, TrackingEvent
from paradeiro.domain.words import EffectKind, Mailer, PartyKind, Status
from tests.domain.makers import BEGIN, NOW, event, events, journeys

ALL = Sinks(order_system=True, marketplace=True, mail=True)
ORDER = Order("v1-01", Customer("Ana", "ana@example.com"), channel="MKP", marketplace_number="M1")
SHIPMENT = Shipment(1, 1, "correios", "AA123456785BR", "v1-01", Invoice("10"), BEGIN, "token")
MAILS = {EffectKind.CUSTOMER_MAIL, EffectKind.CUSTOMER_CORRECTION}


def change(status: Status, hours: float = 10, old: Snapshot | None = None) -> Change:
    new = event(status, hours)
    found = compare_snapshots(old or Snapshot(), fold([new], now=NOW), (new,))
    assert found is not None
    return found


def kinds(
    made: Change, order: Order = ORDER, shipment: Shipment = SHIPMENT, sinks: Sinks = ALL, *, told: bool = False
) -> set[EffectKind]:
    drafts = plan_effects(made, order, shipment, sinks, Policy(), customer_knows_delivery=told)
    assert len(drafts) == len({d.kind for d in drafts})
    return {d.kind for d in drafts}


def test_news_is_sent_to_every_sink_once() -> None:
    assert kinds(change(Status.IN_TRANSIT)) == {
        EffectKind.ORDER_UPDATE,
        EffectKind.MARKETPLACE_UPDATE,
        EffectKind.CUSTOMER_MAIL,
    }


def test_old_news_is_not_mailed() -> None:
    late = replace(SHIPMENT, registered_at=BEGIN + timedelta(hours=10))
    assert kinds(change(Status.DELIVERED, 10), shipment=late) == {
        EffectKind.ORDER_UPDATE,
        EffectKind.MARKETPLACE_UPDATE,
    }
    assert EffectKind.CUSTOMER_MAIL in kinds(change(Status.DELIVERED, 11), shipment=late)


@pytest.mark.parametrize("status", Status)
def test_endpoints_get_every_change_whatever_the_order_lacks(status: Status) -> None:
    bare, nowhere = replace(SHIPMENT, invoice=Invoice("")), Order("v1-01")
    sinks = Sinks(order_system=False, marketplace=False, mail=False, webhooks=True)
    assert kinds(change(status), nowhere, bare, sinks) == {EffectKind.WEBHOOK_EVENT}
    assert EffectKind.WEBHOOK_EVENT not in kinds(change(status))


def test_no_message_to_an_endpoint_is_superseded() -> None:
    assert {EffectKind.WEBHOOK_EVENT} == AS_OF_CHANGE
    assert not AS_OF_CHANGE & {older for olders in SUPERSEDING.values() for older in olders}


@pytest.mark.parametrize("status", [Status.REGISTERED, Status.UNKNOWN])
def test_what_is_no_news_for_a_customer(status: Status) -> None:
    assert not kinds(change(status)) & MAILS


@pytest.mark.parametrize(
    "address",
    [None, "", "  ", "ana", "ana@localhost", "a b@example.com", "x1@ct.vtex.com.br", "ab-1b@store.CT.vtex.com.br"],
)
def test_who_cannot_be_mailed(address: str | None) -> None:
    order = replace(ORDER, customer=Customer("Ana", address))
    assert mail_refusal(order.customer)
    assert not kinds(change(Status.IN_TRANSIT), order) & MAILS
    assert EffectKind.ORDER_UPDATE in kinds(change(Status.IN_TRANSIT), order)


def withdrawn() -> Change:
    delivered = Snapshot(Status.DELIVERED, delivered_at=BEGIN)
    return change(Status.EXCEPTION, 20, delivered)


def test_a_correction_goes_only_to_whom_the_delivery_was_reported() -> None:
    assert withdrawn().delivery_withdrawn
    assert kinds(withdrawn(), told=True) & MAILS == {EffectKind.CUSTOMER_CORRECTION}
    assert EffectKind.CUSTOMER_CORRECTION not in kinds(withdrawn(), told=False)


def test_a_correction_is_owed_even_if_it_is_old_news() -> None:
    late = replace(SHIPMENT, registered_at=NOW)
    assert EffectKind.CUSTOMER_CORRECTION in kinds(withdrawn(), shipment=late, told=True)


def test_a_place_that_alone_is_new_is_news() -> None:
    first = event(Status.IN_TRANSIT, 5)
    same = compare_snapshots(
        fold([first], now=NOW).snapshot, fold([first, event(Status.IN_TRANSIT, 9)], now=NOW), (first,)
    )
    assert same is not None
    assert not is_news(same, SHIPMENT)


@given(journeys, events(), st.booleans())
def test_nothing_is_sent_to_a_missing_sink(journey: list[TrackingEvent], new: TrackingEvent, told: bool) -> None:
    made = compare_snapshots(
        fold(journey, now=NOW).snapshot, fold([*journey, new], now=NOW), select_new_events(journey, [new])
    )
    if made is None:
        return
    sinks_of = {
        PartyKind.ORDER_SYSTEM: "order_system",
        PartyKind.MARKETPLACE: "marketplace",
        PartyKind.MAIL: "mail",
    }
    for some in product([True, False], repeat=3):
        sinks = Sinks(*some)
        drafts = plan_effects(made, ORDER, SHIPMENT, sinks, Policy(), customer_knows_delivery=told)
        assert all(getattr(sinks, sinks_of[d.sink]) for d in drafts)
        assert drafts == plan_effects(made, ORDER, SHIPMENT, sinks, Policy(), customer_knows_delivery=told)
        assert sum(d.kind in MAILS for d in drafts) <= 1
    nobody = Policy(mail_customers=False, tell_order_system=False, tell_marketplace=False)
    assert not plan_effects(made, ORDER, SHIPMENT, ALL, nobody, customer_knows_delivery=told)


@pytest.mark.parametrize(
    "order", [replace(ORDER, channel=None), replace(ORDER, marketplace_number=None), replace(ORDER, channel="")]
)
def test_an_order_of_the_own_shop_has_no_marketplace(order: Order) -> None:
    assert EffectKind.MARKETPLACE_UPDATE not in kinds(change(Status.IN_TRANSIT), order)
    assert not {d.sink for d in plan_introduction(order, SHIPMENT, ALL, Policy())} & {PartyKind.MARKETPLACE}


def test_without_an_invoice_only_the_customer_is_reported() -> None:
    bare = replace(SHIPMENT, invoice=Invoice(""))
    assert kinds(change(Status.IN_TRANSIT), shipment=bare) == {EffectKind.CUSTOMER_MAIL}
    assert not plan_introduction(ORDER, bare, ALL, Policy())


def test_the_tracking_number_is_introduced_to_whoever_lacks_it() -> None:
    drafts = plan_introduction(ORDER, SHIPMENT, ALL, Policy())
    assert [d.kind for d in drafts] == [
        EffectKind.TRACKING_NUMBER,
        EffectKind.MARKETPLACE_INVOICE,
        EffectKind.MARKETPLACE_TRACKING_NUMBER,
    ]
    assert {d.cause for d in drafts} == {INTRODUCTION}
    assert drafts == plan_introduction(ORDER, SHIPMENT, ALL, Policy())
    known = replace(SHIPMENT, invoice=Invoice("10", tracking_code="AA123456785BR"))
    assert EffectKind.TRACKING_NUMBER not in {d.kind for d in plan_introduction(ORDER, known, ALL, Policy())}


def test_what_supersedes_stays_with_its_own_sink() -> None:
    assert EffectKind.CUSTOMER_MAIL in SUPERSEDING[EffectKind.CUSTOMER_CORRECTION]
    assert EffectKind.CUSTOMER_CORRECTION not in SUPERSEDING[EffectKind.CUSTOMER_MAIL]
    assert all(older.split("_")[0] == newer.split("_")[0] for newer, olds in SUPERSEDING.items() for older in olds)


def planned(made: Change, policy: Policy, *, told: bool = False) -> list[EffectKind]:
    return [d.kind for d in plan_effects(made, ORDER, SHIPMENT, ALL, policy, customer_knows_delivery=told)]


def test_where_the_order_system_mails_we_mail_nothing() -> None:
    vtex = Policy(mailer=Mailer.ORDER_SYSTEM)
    for made in (change(Status.IN_TRANSIT), change(Status.DELIVERED), withdrawn()):
        assert not set(planned(made, vtex, told=True)) & MAILS
        assert set(planned(made, Policy(), told=True)) & MAILS
    assert not vtex.mails


def test_where_the_order_system_mails_its_first_history_follows_an_opening() -> None:
    first = change(Status.IN_TRANSIT)
    assert planned(first, Policy(mailer=Mailer.ORDER_SYSTEM))[:2] == [EffectKind.ORDER_OPENING, EffectKind.ORDER_UPDATE]
    assert EffectKind.ORDER_OPENING not in planned(first, Policy())
    second = change(Status.DELIVERED, 20, Snapshot(Status.IN_TRANSIT, news_at=BEGIN))
    assert EffectKind.ORDER_OPENING not in planned(second, Policy(mailer=Mailer.ORDER_SYSTEM))
    silent = Policy(mailer=Mailer.ORDER_SYSTEM, tell_order_system=False)
    assert EffectKind.ORDER_OPENING not in planned(first, silent)
