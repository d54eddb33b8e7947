"""What recording a shipment writes, tested without a database."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from paradeiro.db.accounts.stores import Account, Store
from paradeiro.db.following.proofs import ProofRequest
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.domain.following.disappearance import SHOWN_AGAIN, VANISHED, disappearance_event, reappearance_event
from paradeiro.domain.following.merging import attribute_to_source
from paradeiro.domain.following.timeline import fold, merge_events
from paradeiro.domain.outbox.channel_rules import ChannelRules
from paradeiro.domain.records import Customer, FurtherInvoice, Invoice, Order, Place, Policy, Shipment, TrackingEvent
from paradeiro.domain.words import EffectKind, NoticeKind, PartyKind, ProofKind, Reason, Source, Status, Withdraws
from paradeiro.flow.answers.parse_replies import ReportedEvents
from paradeiro.flow.following.recording_context import RecordingContext
from paradeiro.flow.following.recording_outcome import RecordingFacts, RecordingOutcome, decide_outcome
from tests.flow.parties import connectors

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SANTOS, ITU = Place("Santos", "SP", "BR"), Place("Itu", "SP", "BR")
ANA = Customer("Ana Souza", "ana@example.com")
KINDS = {
    "posta": PartyKind.CARRIER,
    "loja": PartyKind.ORDER_SYSTEM,
    "canal": PartyKind.MARKETPLACE,
    "mail": PartyKind.MAIL,
}


def event(hours: float, code: str, status: Status | None, **more: Any) -> TrackingEvent:
    """An event of so many hours ago."""
    return TrackingEvent(NOW - hours * HOUR, code, status, **more)


REGISTERED_AT = NOW - timedelta(days=4)
POSTED = event(72, "PO", Status.ACCEPTED, place=SANTOS)
MOVED = event(48, "RO", Status.IN_TRANSIT, place=ITU)
OUT = event(5, "OEC", Status.OUT_FOR_DELIVERY, place=ITU)
DELIVERED = event(2, "BDE", Status.DELIVERED, place=ITU)
REVERSED = event(1, "EST", None, withdraws=Withdraws.PREVIOUS)
JOURNEY = (POSTED, MOVED, OUT, DELIVERED)


def shipment(*known: TrackingEvent, order: Order | None = None, **more: Any) -> ShipmentRow:
    """The row of a shipment of which `known` was told. `more`: fields of the row, or of its shipment."""
    order = order or Order("1001", ANA)
    of_row = {name: more.pop(name) for name in list(more) if name in ShipmentRow.__dataclass_fields__}
    snapshot = fold(known, now=NOW, base=Status.REGISTERED).snapshot
    fields: dict[str, Any] = {"invoice": Invoice("NF-1"), "snapshot": snapshot} | more
    made = Shipment(7, 1, "posta", "AA1", order.number, registered_at=REGISTERED_AT, tracking_token="t", **fields)
    return ShipmentRow(made, order, 70, 1, 0, "found", None, **of_row)


def facts(policy: Policy | None = None, **more: Any) -> RecordingFacts:
    """A store with an account at each of four parties; the marketplace sells under the channel 'canal'."""
    stated = msgspec.json.encode(policy or Policy()).decode()
    accounts = [
        Account(
            number, 1, name, kind, name, "canal" if name == "canal" else None, {}, "ok", "", None, 0, None, "", None
        )
        for number, (name, kind) in enumerate(KINDS.items(), start=1)
    ]
    store = Store(1, "store", "Store", "America/Sao_Paulo", stated)
    return RecordingFacts(RecordingContext({1: store}, accounts, connectors(Path("nowhere"))), **({"now": NOW} | more))


def answer(*events: TrackingEvent, **more: Any) -> ReportedEvents:
    """The carrier's own answer: all that it knows."""
    return ReportedEvents(events, reply_id=11, **({"whole": True} | more))


def outcome_of(
    known: Sequence[TrackingEvent],
    reports: Sequence[ReportedEvents],
    row: ShipmentRow | None = None,
    given: RecordingFacts | None = None,
) -> RecordingOutcome:
    return decide_outcome(row or shipment(*known), known, reports, given or facts())


def kinds(outcome: RecordingOutcome) -> list[EffectKind]:
    return [effect.kind for effect in outcome.effects]


def added(outcome: RecordingOutcome) -> list[str]:
    return [row.event.code for row in outcome.events]


def opened(outcome: RecordingOutcome) -> list[tuple[NoticeKind, str]]:
    return [(notice.kind, notice.subject) for notice in outcome.notices]


ORDER_AND_MAIL = [EffectKind.ORDER_UPDATE, EffectKind.CUSTOMER_MAIL]
SOLD = Order("1001", ANA, channel="canal", marketplace_number="M-1")


# ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_event_is_stored_moves_the_shipment_and_is_reported() -> None:
    outcome = outcome_of([], [answer(POSTED)])
    (row,) = outcome.events
    assert (row.store_id, row.shipment_id, row.event, row.reply_id, row.actor) == (1, 7, POSTED, 11, "")
    assert outcome.change is not None
    assert (outcome.change.old.status, outcome.change.new.status) == (Status.REGISTERED, Status.ACCEPTED)
    assert (outcome.update.id, outcome.update.snapshot.status) == (7, Status.ACCEPTED)
    assert outcome.update.next_check is not None
    assert outcome.update.next_check > NOW
    assert kinds(outcome) == ORDER_AND_MAIL
    assert {(e.store_id, e.order_id, e.shipment_id) for e in outcome.effects} == {(1, 70, 7)}
    assert not outcome.label_restored
    assert outcome.notices == ()


def test_a_shipment_of_which_nobody_says_anything_stays_registered() -> None:
    outcome = outcome_of([], [])
    assert (outcome.update.snapshot.status, outcome.change) == (Status.REGISTERED, None)


def test_what_is_known_changes_and_sends_nothing_but_sets_the_next_question() -> None:
    outcome = outcome_of([POSTED, MOVED], [answer(MOVED, POSTED)])
    assert (outcome.events, outcome.change, outcome.effects, outcome.notices) == ((), None, (), ())
    assert outcome.update.snapshot == shipment(POSTED, MOVED).shipment.snapshot
    assert outcome.update.next_check is not None
    assert outcome.duplicates is None, "there is one source only: nothing to mark"


def test_a_late_event_is_stored_and_reported_to_the_order_system_but_moves_nothing() -> None:
    outcome = outcome_of([POSTED, OUT], [answer(POSTED, MOVED, OUT)])
    assert added(outcome) == ["RO"]
    assert outcome.change is not None
    assert (outcome.change.moved, outcome.update.snapshot.status) == (False, Status.OUT_FOR_DELIVERY)
    assert kinds(outcome) == [EffectKind.ORDER_UPDATE], "the customer is told the latest position only"


def test_a_delivery_that_comes_twice_is_one_event_and_one_mail() -> None:
    first = outcome_of([POSTED, OUT], [answer(POSTED, OUT, DELIVERED), answer(POSTED, OUT, DELIVERED)])
    assert added(first) == ["BDE"]
    assert kinds(first) == ORDER_AND_MAIL
    again = outcome_of([POSTED, OUT, DELIVERED], [answer(POSTED, OUT, DELIVERED)])
    assert (again.events, again.change, again.effects) == ((), None, ())


def test_an_event_that_two_answers_of_one_recording_state_keeps_the_first_as_its_source() -> None:
    outcome = outcome_of([], [answer(POSTED), ReportedEvents((POSTED, MOVED), actor="bia")])
    assert [(r.event.code, r.reply_id, r.actor) for r in outcome.events] == [("PO", 11, ""), ("RO", None, "bia")]


def test_an_unknown_code_is_stored_and_moves_nothing() -> None:
    strange = event(1, "XYZ", Status.UNKNOWN)
    outcome = outcome_of([POSTED], [answer(POSTED, strange)])
    assert added(outcome) == ["XYZ"]
    assert (outcome.update.snapshot.status, outcome.update.snapshot.news_at) == (Status.ACCEPTED, strange.occurred_at)
    assert kinds(outcome) == [EffectKind.ORDER_UPDATE], "no sentence for the customer"
    assert outcome.notices == (), "the notice about the code is the account's, not the shipment's"


def test_only_recent_events_of_the_carrier_count_as_news() -> None:
    stated = ReportedEvents((event(1, "operator/in_transit", Status.IN_TRANSIT, source=Source.OPERATOR),), actor="bia")
    assert outcome_of([], [answer(POSTED, OUT, DELIVERED), stated]).news == 2


def test_the_newest_answer_with_an_estimate_sets_it_and_others_leave_it() -> None:
    friday, monday = NOW + timedelta(days=4), NOW + timedelta(days=7)
    outcome = outcome_of([], [answer(POSTED, estimate=friday), answer(POSTED, estimate=monday), answer(POSTED)])
    assert outcome.update.snapshot.estimate == monday
    known = replace(shipment(POSTED).shipment.snapshot, estimate=friday)
    assert outcome_of([POSTED], [answer(POSTED)], shipment(snapshot=known)).update.snapshot.estimate == friday


# ── deliveries that are withdrawn, vanish, or cannot be ──────────────────────────────────────────────────────────────


def test_a_withdrawn_delivery_is_sent_again_opens_a_notice_and_frees_its_proofs() -> None:
    told = facts(delivery_sent_ids={7})
    outcome = outcome_of(JOURNEY, [answer(*JOURNEY, REVERSED)], shipment(*JOURNEY, order=SOLD), told)
    assert outcome.withdrawn == {DELIVERED.identity}
    assert outcome.update.snapshot.status is Status.OUT_FOR_DELIVERY
    assert kinds(outcome) == [
        EffectKind.ORDER_UPDATE,
        EffectKind.MARKETPLACE_UPDATE,
        EffectKind.CUSTOMER_CORRECTION,
    ]
    assert opened(outcome) == [(NoticeKind.DELIVERY_WITHDRAWN, "shipment 7")]
    assert "The marketplace is told" in outcome.notices[0].message
    assert outcome.notices[0].facts == {"code": "AA1", "order": "1001", "variant": "marketplace"}
    assert outcome.proofs_withdrawn
    assert outcome.resolved == ()


def test_a_customer_who_was_not_reported_of_a_delivery_gets_no_correction() -> None:
    outcome = outcome_of(JOURNEY, [answer(*JOURNEY, REVERSED)])
    assert EffectKind.CUSTOMER_CORRECTION not in kinds(outcome)
    assert "marketplace" not in outcome.notices[0].message


def test_a_delivery_that_is_no_longer_shown_is_first_only_watched() -> None:
    outcome = outcome_of(JOURNEY, [answer(POSTED, MOVED, OUT)])
    assert (outcome.events, outcome.change) == ((), None)
    assert outcome.update.vanished_at == NOW
    assert outcome.update.next_check == NOW + HOUR
    later = outcome_of(
        JOURNEY, [answer(POSTED, MOVED, OUT)], shipment(*JOURNEY, vanished_at=NOW), facts(now=NOW + 5 * HOUR)
    )
    assert (later.events, later.update.vanished_at) == ((), NOW)


def test_after_hours_without_it_the_delivery_is_taken_back() -> None:
    row = shipment(*JOURNEY, vanished_at=NOW - 6 * HOUR)
    outcome = outcome_of(JOURNEY, [answer(POSTED, MOVED, OUT)], row)
    (note,) = outcome.events
    assert (note.event.code, note.reply_id) == (VANISHED, None)
    assert outcome.update.vanished_at is None
    assert outcome.update.snapshot.status is Status.OUT_FOR_DELIVERY
    assert opened(outcome) == [(NoticeKind.DELIVERY_WITHDRAWN, "shipment 7")]


def test_a_vanished_delivery_that_is_shown_again_stands_again() -> None:
    known = [*JOURNEY, disappearance_event(NOW - HOUR)]
    outcome = outcome_of(known, [answer(*JOURNEY)])
    assert added(outcome) == [SHOWN_AGAIN]
    assert outcome.update.snapshot.delivered_at == DELIVERED.occurred_at
    again = outcome_of([*known, reappearance_event(NOW)], [answer(*JOURNEY)])
    assert again.events == ()


def test_only_whole_answers_can_lack_a_delivery() -> None:
    row = shipment(*JOURNEY, vanished_at=NOW - 9 * HOUR)
    outcome = outcome_of(JOURNEY, [answer(POSTED, MOVED, OUT, whole=False)], row)
    assert outcome.events == ()
    assert outcome.update.vanished_at == NOW - 9 * HOUR, "and they prove nothing of one that is watched"
    assert outcome_of(JOURNEY, [answer(*JOURNEY)], row).update.vanished_at is None


def test_a_delivery_before_the_posting_does_not_count_and_opens_a_notice() -> None:
    early = event(80, "BDE", Status.DELIVERED)
    outcome = outcome_of([POSTED], [answer(early, POSTED)])
    assert added(outcome) == ["BDE"]
    assert outcome.update.snapshot.status is Status.ACCEPTED
    assert opened(outcome) == [(NoticeKind.IMPLAUSIBLE_EVENT, "shipment 7")]
    assert outcome.notices[0].facts["event"] == "BDE"
    assert EffectKind.CUSTOMER_MAIL not in kinds(outcome)
    known = [early, POSTED]
    assert outcome_of(known, [answer(*known, MOVED)]).notices == (), "an old doubt opens no second notice"


def test_a_delivery_dated_ahead_of_the_clock_is_judged_again_at_its_hour() -> None:
    ahead = event(-3, "BDE", Status.DELIVERED)
    outcome = outcome_of([POSTED], [answer(POSTED, ahead)])
    assert (outcome.update.snapshot.status, outcome.resolved) == (Status.ACCEPTED, ())
    assert outcome.update.reassess_at is not None
    then = facts(now=outcome.update.reassess_at)
    due = outcome_of([POSTED, ahead], [], shipment(snapshot=outcome.update.snapshot), then)
    assert due.update.snapshot.delivered
    assert due.resolved == (NoticeKind.DELIVERY_WITHDRAWN, NoticeKind.IMPLAUSIBLE_EVENT)


def test_a_delivery_resolves_the_notices_about_it_but_no_doubt_that_still_stands() -> None:
    assert outcome_of(JOURNEY[:3], [answer(*JOURNEY)]).resolved == (
        NoticeKind.DELIVERY_WITHDRAWN,
        NoticeKind.IMPLAUSIBLE_EVENT,
    )
    early = event(80, "BDE", Status.DELIVERED)
    assert outcome_of([early, POSTED], [answer(early, POSTED, DELIVERED)]).resolved == (NoticeKind.DELIVERY_WITHDRAWN,)


def test_the_first_news_of_a_carrier_end_the_doubt_about_the_code_and_the_carrier() -> None:
    ended = (NoticeKind.WRONG_CODE, NoticeKind.WRONG_CARRIER)
    assert outcome_of([], [answer(POSTED)]).resolved == ended
    assert outcome_of([POSTED], [answer(POSTED, MOVED)]).resolved == (), "it was known before"
    by_hand = replace(POSTED, source=Source.OPERATOR)
    assert outcome_of([], [ReportedEvents((by_hand,), actor="bia")]).resolved == (), "no carrier said so"
    assert outcome_of([by_hand], [answer(MOVED)]).resolved == ended
    delivered = outcome_of([], [answer(*JOURNEY)]).resolved
    assert delivered == (*ended, NoticeKind.DELIVERY_WITHDRAWN, NoticeKind.IMPLAUSIBLE_EVENT)


def test_an_event_from_before_the_order_is_another_packages() -> None:
    order = Order("1001", ANA, ordered_at=NOW - timedelta(days=1, hours=1))
    outcome = outcome_of([], [answer(POSTED, OUT)], shipment(order=order))
    assert outcome.update.snapshot.accepted_at is None
    assert opened(outcome) == [(NoticeKind.IMPLAUSIBLE_EVENT, "shipment 7")]


# ── several sources ──────────────────────────────────────────────────────────────────────────────────────────────────


def by_aggregator(*events: TrackingEvent, **changes: Any) -> tuple[TrackingEvent, ...]:
    """The same happenings in an aggregator's codes and spelling, as stored."""
    retold = [replace(e, code=f"A-{e.code}", place=Place(unit="SP"), **changes) for e in events]
    return attribute_to_source(retold, "ajuda", "posta")


def test_what_the_carrier_says_better_than_an_aggregator_is_stored_but_sent_to_no_sink() -> None:
    known = by_aggregator(POSTED, MOVED)
    outcome = outcome_of(known, [answer(POSTED, MOVED)])
    assert added(outcome) == ["PO", "RO"]
    assert outcome.duplicates == {known[0].identity: POSTED.identity, known[1].identity: MOVED.identity}
    assert (outcome.change, outcome.effects) == (None, ())
    assert outcome.update.snapshot.place == ITU, "but it is shown in the carrier's words"


def test_an_aggregators_repetition_of_what_the_carrier_said_is_marked_and_sent_to_no_sink() -> None:
    repeated = by_aggregator(POSTED, MOVED)
    outcome = outcome_of([POSTED, MOVED], [ReportedEvents(repeated, reply_id=12)])
    assert set(outcome.duplicates or ()) == {e.identity for e in repeated}
    assert outcome.change is None


def test_another_status_than_the_aggregator_said_is_reported() -> None:
    vague = by_aggregator(OUT, status=Status.IN_TRANSIT)
    known = (POSTED, *vague)
    outcome = outcome_of(known, [answer(POSTED, OUT)])
    assert outcome.duplicates == {vague[0].identity: OUT.identity}
    assert outcome.change is not None
    assert (outcome.change.moved, outcome.change.new_events) == (True, ())
    assert kinds(outcome) == ORDER_AND_MAIL


def test_once_an_aggregator_reported_duplicates_are_marked_again_each_time() -> None:
    known = (POSTED, *by_aggregator(POSTED))
    outcome = outcome_of(known, [answer(POSTED, MOVED)])
    assert outcome.duplicates == merge_events(known).duplicates
    assert outcome.duplicates
    alone = outcome_of(by_aggregator(POSTED), [answer(MOVED)])
    assert alone.duplicates == {}, "also if there is none: marks of before are cleared"


def test_a_corrected_meaning_is_reported_also_where_an_aggregator_repeats_the_carrier() -> None:
    failed = event(5, "ABS", Status.ATTEMPT_FAILED, reason=Reason.OTHER)
    row = shipment(POSTED, failed)
    known = [POSTED, *by_aggregator(POSTED), replace(failed, reason=Reason.RECIPIENT_ABSENT)]
    outcome = outcome_of(known, [], row)
    assert outcome.change is not None
    assert (outcome.change.old.reason, outcome.change.new.reason) == (Reason.OTHER, Reason.RECIPIENT_ABSENT)
    assert kinds(outcome) == ORDER_AND_MAIL


# ── customers ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_an_address_a_move_opens_a_notice_about_the_order() -> None:
    row = shipment(order=Order("1001", Customer("Ana")))
    outcome = outcome_of([], [answer(POSTED)], row)
    assert kinds(outcome) == [EffectKind.ORDER_UPDATE]
    assert opened(outcome) == [(NoticeKind.NO_ADDRESS, "order 1001")]
    assert outcome.notices[0].facts["why"] == "the order has no e-mail address of the customer"
    still = shipment(POSTED, OUT, order=row.order)
    assert outcome_of([POSTED, OUT], [answer(POSTED, MOVED, OUT)], still).notices == (), "a mail would not go anyway"


def test_aliases_of_the_order_system_are_one_notice_for_the_whole_store() -> None:
    row = shipment(order=Order("1001", Customer("Ana", "x-1@ct.vtex.com.br")))
    outcome = outcome_of([], [answer(POSTED)], row)
    assert opened(outcome) == [(NoticeKind.NO_ADDRESS, "aliases")]
    assert outcome.notices[0].facts["variant"] == "alias"


@pytest.mark.parametrize(
    ("customer", "policy"),
    [
        (Customer("", None, erased=True), Policy()),
        (Customer("Ana"), Policy(mail_customers=False)),
        (Customer("Ana"), Policy(channels={"canal": ChannelRules(mails=False)})),
    ],
)
def test_a_customer_who_is_erased_or_not_to_be_mailed_opens_no_notice(customer: Customer, policy: Policy) -> None:
    row = shipment(order=replace(SOLD, customer=customer))
    outcome = outcome_of([], [answer(POSTED)], row, facts(policy))
    assert opened(outcome) == []
    assert kinds(outcome) == [EffectKind.ORDER_UPDATE, EffectKind.MARKETPLACE_UPDATE]


def test_quietly_old_news_mails_nobody_and_recent_news_does() -> None:
    old = outcome_of([POSTED], [answer(POSTED, MOVED)], None, facts(quiet=True))
    assert kinds(old) == [EffectKind.ORDER_UPDATE]
    recent = outcome_of([POSTED], [answer(POSTED, OUT)], None, facts(quiet=True))
    assert kinds(recent) == ORDER_AND_MAIL
    assert kinds(outcome_of([POSTED], [answer(POSTED, MOVED)])) == ORDER_AND_MAIL


# ── labels, mended tables ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_label_thought_replaced_whose_package_moves_is_in_use_again() -> None:
    outcome = outcome_of([], [answer(POSTED)], shipment(replaced_by=8))
    assert outcome.label_restored
    assert kinds(outcome) == ORDER_AND_MAIL, "and its news is told"


def test_a_replaced_label_stays_so_where_a_person_said_so_or_nothing_was_posted() -> None:
    by_person = outcome_of([], [answer(POSTED)], shipment(replaced_by=8, replaced_actor="bia"))
    assert not by_person.label_restored
    assert kinds(by_person) == [EffectKind.ORDER_UPDATE], "only its invoice is told"
    cancelled = event(1, "CAN", Status.CANCELLED)
    assert not outcome_of([], [answer(cancelled)], shipment(replaced_by=8)).label_restored


def test_events_that_mean_something_else_now_are_sent_again_though_nothing_moved() -> None:
    assert outcome_of([POSTED, MOVED], []).change is None
    outcome = outcome_of([POSTED, MOVED], [], None, facts(restated={7}))
    assert outcome.change is not None
    assert outcome.change.restated
    assert kinds(outcome) == [EffectKind.ORDER_UPDATE]
    assert outcome_of([POSTED, MOVED], [], None, facts(restated={8})).change is None


def test_a_corrected_table_corrects_the_timeline_with_no_report() -> None:
    absent = replace(OUT, status=Status.ATTEMPT_FAILED, reason=Reason.RECIPIENT_ABSENT)
    outcome = outcome_of([POSTED, absent], [], shipment(POSTED, OUT))
    assert outcome.events == ()
    assert outcome.update.snapshot.reason is Reason.RECIPIENT_ABSENT
    assert kinds(outcome) == ORDER_AND_MAIL


# ── proofs, deadlines, invoices ──────────────────────────────────────────────────────────────────────────────────────


def test_a_delivery_with_proofs_wants_each_of_them() -> None:
    offered = frozenset({ProofKind.IMAGE})
    outcome = outcome_of([POSTED], [answer(POSTED, DELIVERED, proofs=offered)])
    assert outcome.proofs_wanted == (ProofRequest(1, 7, ProofKind.IMAGE),)
    assert not outcome.proofs_withdrawn
    assert outcome_of([], [answer(POSTED, proofs=offered)]).proofs_wanted == (), "it is not delivered"
    by_hand = event(1, "operator/delivered", Status.DELIVERED, source=Source.OPERATOR)
    stated = outcome_of([POSTED], [answer(POSTED, proofs=offered), ReportedEvents((by_hand,), actor="bia")])
    assert stated.proofs_wanted == (), "the carrier has none of a delivery that it did not report"


def test_another_instant_of_the_delivery_makes_the_proofs_another_ones() -> None:
    later = event(1, "BDE", Status.DELIVERED, place=ITU)
    known = (*JOURNEY, REVERSED)
    outcome = outcome_of(known, [answer(*known, replace(later, occurred_at=NOW))], shipment(*JOURNEY))
    assert outcome.proofs_withdrawn
    assert not outcome_of(JOURNEY, [answer(*JOURNEY)]).proofs_withdrawn


def test_a_channel_with_a_deadline_is_reported_of_a_delivery_by_then() -> None:
    given = facts(Policy(channels={"canal": ChannelRules(delivery_hours=24)}))
    row = shipment(POSTED, order=SOLD)
    outcome = outcome_of([POSTED], [answer(POSTED, DELIVERED)], row, given)
    assert outcome.deadline is not None
    assert outcome.deadline.due_at == DELIVERED.occurred_at + timedelta(hours=24)
    assert outcome_of([POSTED], [answer(POSTED, MOVED)], row, given).deadline is None, "nothing about a delivery"
    assert outcome_of([POSTED], [answer(POSTED, DELIVERED)], row).deadline is None, "the channel names no hours"
    taken_back = outcome_of(JOURNEY, [answer(*JOURNEY, REVERSED)], shipment(*JOURNEY, order=SOLD), given)
    assert taken_back.deadline is not None
    assert taken_back.deadline.due_at is None


def test_a_marketplace_that_takes_nothing_without_an_invoice_is_a_notice_and_no_effect() -> None:
    row = shipment(order=SOLD, invoice=Invoice(""))
    outcome = outcome_of([], [answer(POSTED)], row)
    assert opened(outcome) == [(NoticeKind.NO_INVOICE, "order 1001")]
    assert kinds(outcome) == [EffectKind.CUSTOMER_MAIL]


def test_each_further_invoice_of_a_package_is_reported_but_its_customer_once() -> None:
    outcome = outcome_of([], [answer(POSTED)], shipment(further=(FurtherInvoice(9, Invoice("NF-2")),)))
    assert [(e.kind, e.shipment_id, e.invoice) for e in outcome.effects] == [
        (EffectKind.ORDER_UPDATE, 7, "NF-1"),
        (EffectKind.CUSTOMER_MAIL, 7, ""),
        (EffectKind.ORDER_UPDATE, 9, "NF-2"),
    ]
