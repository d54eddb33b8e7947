"""In: events in any order; out: the invariants of every timeline."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.domain.following.timeline import (
    cause_of,
    compare_snapshots,
    fold,
    order_delivered_at,
    select_new_events,
    sort_events,
)
from paradeiro.domain.records import Place, Snapshot, TrackingEvent
from paradeiro.domain.words import NoticeKind, Reason, Source, Status, Withdraws
from tests.domain.makers import BEGIN, NOW, event, events, journeys, plain_journeys

ACCEPTED = event(Status.ACCEPTED, 0)
MOVING = event(Status.IN_TRANSIT, 20)
OUT = event(Status.OUT_FOR_DELIVERY, 40)
DELIVERED = event(Status.DELIVERED, 44)
JOURNEY = (ACCEPTED, MOVING, OUT, DELIVERED)
EST = event(None, 46, "EST/01", withdraws=Withdraws.PREVIOUS)
REOPENED = event(Status.EXCEPTION, 60, "BDR/09", withdraws=Withdraws.DELIVERY)


def status(*journey: TrackingEvent) -> Status:
    return fold(journey, now=NOW).snapshot.status


@given(journeys, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(journey: list[TrackingEvent], chance: object) -> None:
    shuffled = list(journey)
    chance.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis's own Random
    assert fold(shuffled, now=NOW) == fold(journey, now=NOW)


@given(journeys)
def test_the_same_events_twice_change_nothing(journey: list[TrackingEvent]) -> None:
    assert fold(journey * 2, now=NOW) == fold(journey, now=NOW)


@given(journeys)
def test_a_timeline_is_in_order_and_loses_no_identity(journey: list[TrackingEvent]) -> None:
    timeline = fold(journey, now=NOW)
    times = [e.occurred_at for e in timeline.events]
    assert times == sorted(times)
    assert sorted(e.identity for e in timeline.events) == sorted({e.identity for e in journey})
    assert timeline.withdrawn <= {e.identity for e in timeline.events}


@given(journeys, journeys)
def test_what_was_recorded_is_not_new_again(known: list[TrackingEvent], incoming: list[TrackingEvent]) -> None:
    fresh = select_new_events(known, incoming)
    assert not select_new_events([*known, *fresh], incoming)
    assert not select_new_events([*known, *fresh], incoming[::2])
    assert not select_new_events([*known, *fresh], known)


@given(plain_journeys)
def test_new_words_are_no_new_events(journey: list[TrackingEvent]) -> None:
    reworded = [replace(e, description=e.description + " (outras palavras)", detail="x") for e in journey]
    assert not select_new_events(journey, reworded)


def test_an_event_that_gains_or_loses_its_place_is_the_same() -> None:
    here = replace(MOVING, place=Place("Campinas", "SP"))
    assert not select_new_events([MOVING], [here])
    assert not select_new_events([here], [MOVING])
    assert select_new_events([here], [replace(MOVING, place=Place("Natal", "RN"))])


@given(plain_journeys, st.integers(0, 17 * 24))
def test_a_late_event_does_not_move_back(journey: list[TrackingEvent], hour: int) -> None:
    before = fold(journey, now=NOW)
    late = event(Status.IN_TRANSIT, hour, "LATE")
    ending = [e for e in before.events if e.status not in (None, Status.UNKNOWN)]
    if not ending or late.occurred_at >= ending[-1].occurred_at or before.doubts:
        return
    after = fold([*journey, late], now=NOW).snapshot
    assert (after.status, after.reason, after.delivered_at) == (
        before.snapshot.status,
        before.snapshot.reason,
        before.snapshot.delivered_at,
    )


@given(plain_journeys, st.integers(0, 17 * 24), st.sampled_from([None, Status.UNKNOWN]))
def test_an_unknown_code_moves_nothing(journey: list[TrackingEvent], hour: int, said: Status | None) -> None:
    before, after = fold(journey, now=NOW), fold([*journey, event(said, hour, "ZZZ")], now=NOW)
    assert after.snapshot.status is before.snapshot.status
    assert after.snapshot.place == before.snapshot.place
    assert after.snapshot.delivered_at == before.snapshot.delivered_at
    assert len(after.events) == len(before.events) + 1


@given(journeys)
def test_delivered_and_its_instant_go_together(journey: list[TrackingEvent]) -> None:
    timeline = fold(journey, now=NOW)
    assert timeline.snapshot.delivered == (timeline.snapshot.delivered_at is not None)
    if timeline.snapshot.delivered:
        stated = {e.occurred_at for e in timeline.events if e.status is Status.DELIVERED}
        assert timeline.snapshot.delivered_at in stated


def test_a_plain_journey() -> None:
    seen = [status(*JOURNEY[:n]) for n in range(5)]
    assert seen == ["unknown", "accepted", "in_transit", "out_for_delivery", "delivered"]
    snapshot = fold(JOURNEY, now=NOW).snapshot
    assert (snapshot.delivered_at, snapshot.accepted_at) == (DELIVERED.occurred_at, ACCEPTED.occurred_at)


@pytest.mark.parametrize(
    "twin",
    [
        replace(MOVING, reason=Reason.DELAYED),
        replace(MOVING, destination=Place("Natal")),
        replace(MOVING, status=Status.UNKNOWN),
        replace(MOVING, status=None, withdraws=Withdraws.PREVIOUS),
        replace(MOVING, place=Place(unit="CTE")),
        replace(MOVING, source=Source.API),
    ],
)
def test_two_accounts_of_one_event_are_one_whichever_came_first(twin: TrackingEvent) -> None:
    assert fold((ACCEPTED, MOVING, twin), now=NOW) == fold((ACCEPTED, twin, MOVING), now=NOW)
    assert len(sort_events((MOVING, twin))) == 1


def test_three_events_in_one_second_are_reported_in_the_order_of_the_way() -> None:
    same = tuple(event(s, 5) for s in (Status.DELIVERED, Status.ACCEPTED, Status.OUT_FOR_DELIVERY))
    assert [e.status for e in sort_events(same)] == ["accepted", "out_for_delivery", "delivered"]
    assert status(*same) is Status.DELIVERED


# ── withdrawals ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reversal_withdraws_the_event_before_it() -> None:
    timeline = fold((*JOURNEY, EST), now=NOW)
    assert timeline.withdrawn == {DELIVERED.identity}
    assert timeline.snapshot.status is Status.OUT_FOR_DELIVERY
    assert timeline.snapshot.delivered_at is None


def test_two_reversals_withdraw_two_events() -> None:
    second = replace(EST, occurred_at=EST.occurred_at + timedelta(minutes=1))
    assert fold((*JOURNEY, EST, second), now=NOW).withdrawn == {DELIVERED.identity, OUT.identity}


def test_a_reversal_first_or_alone_withdraws_nothing() -> None:
    assert not fold((EST,), now=NOW).withdrawn
    assert not fold((EST, event(Status.IN_TRANSIT, 50)), now=NOW).withdrawn


def test_a_reversal_is_not_for_what_an_operator_stated() -> None:
    by_hand = replace(DELIVERED, source=Source.OPERATOR)
    timeline = fold((ACCEPTED, MOVING, by_hand, EST), now=NOW)
    assert timeline.withdrawn == {MOVING.identity}
    assert timeline.snapshot.delivered


@pytest.mark.parametrize("source", list(Source))
def test_a_corrective_write_off_withdraws_the_delivery(source: Source) -> None:
    again = event(Status.DELIVERED, 45, "BDI/01")
    timeline = fold((*JOURNEY, again, replace(REOPENED, source=source)), now=NOW)
    assert timeline.withdrawn == {DELIVERED.identity, again.identity}
    assert timeline.snapshot.status is Status.EXCEPTION


def test_a_delivery_after_the_correction_counts() -> None:
    later = event(Status.DELIVERED, 70)
    snapshot = fold((*JOURNEY, REOPENED, later), now=NOW).snapshot
    assert snapshot.delivered_at == later.occurred_at


def test_a_correction_that_was_itself_reversed_withdraws_nothing() -> None:
    reversal = replace(EST, occurred_at=REOPENED.occurred_at + timedelta(hours=1))
    timeline = fold((*JOURNEY, REOPENED, reversal), now=NOW)
    assert timeline.withdrawn == {REOPENED.identity}
    assert timeline.snapshot.delivered


@given(plain_journeys)
def test_after_a_correction_nothing_is_delivered(journey: list[TrackingEvent]) -> None:
    last = event(None, 18 * 24, "BDR/09", withdraws=Withdraws.DELIVERY)
    assert not fold([*journey, last], now=NOW).snapshot.delivered


# ── ends ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("later", [s for s in Status if s not in (Status.RETURNING, Status.RETURNED)])
def test_delivered_is_final(later: Status) -> None:
    snapshot = fold((*JOURNEY, event(later, 60, "X")), now=NOW).snapshot
    assert snapshot.delivered
    assert snapshot.delivered_at == DELIVERED.occurred_at


@pytest.mark.parametrize(
    "later", [Status.ATTEMPT_FAILED, Status.EXCEPTION, Status.OUT_FOR_DELIVERY, Status.AVAILABLE_FOR_PICKUP]
)
def test_a_contradiction_after_the_delivery_is_a_doubt(later: Status) -> None:
    (doubt,) = fold((*JOURNEY, event(later, 60, "X")), now=NOW).doubts
    assert doubt.kind == NoticeKind.CONTRADICTED_DELIVERY


def test_a_return_after_the_delivery_counts() -> None:
    assert status(*JOURNEY, event(Status.RETURNING, 60)) is Status.RETURNING
    assert status(*JOURNEY, event(Status.RETURNED, 60)) is Status.RETURNED


def test_returned_is_final() -> None:
    assert status(ACCEPTED, event(Status.RETURNED, 60), event(Status.IN_TRANSIT, 70)) is Status.RETURNED


@pytest.mark.parametrize("reason", [Reason.LOST, Reason.STOLEN])
def test_lost_and_stolen_are_not_final(reason: Reason) -> None:
    lost = event(Status.EXCEPTION, 30, reason=reason)
    assert status(ACCEPTED, lost, DELIVERED) is Status.DELIVERED


# ── doubts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_delivery_in_the_future_is_a_doubt_until_it_is_past() -> None:
    tomorrow = replace(DELIVERED, occurred_at=NOW + timedelta(days=1))
    timeline = fold((ACCEPTED, tomorrow), now=NOW)
    assert timeline.snapshot.status is Status.ACCEPTED
    assert [d.kind for d in timeline.doubts] == [NoticeKind.IMPLAUSIBLE_EVENT]
    assert fold((ACCEPTED, tomorrow), now=NOW + timedelta(days=1)).snapshot.delivered


@pytest.mark.parametrize(("minutes", "counts"), [(10, True), (20, False)])
def test_a_delivery_a_little_before_the_posting_is_two_clocks(minutes: int, counts: bool) -> None:
    early = replace(DELIVERED, occurred_at=ACCEPTED.occurred_at - timedelta(minutes=minutes))
    assert fold((ACCEPTED, early), now=NOW).snapshot.delivered is counts


@pytest.mark.parametrize(("source", "counts"), [(Source.API, False), (Source.OPERATOR, True), (Source.CARRIER, True)])
def test_what_a_program_states_is_held_against_all_that_the_carrier_says(source: Source, counts: bool) -> None:
    early = replace(DELIVERED, source=source, occurred_at=MOVING.occurred_at - timedelta(days=1))
    assert fold((early, MOVING), now=NOW).snapshot.delivered is counts


def test_a_day_lasts_to_its_end() -> None:
    noon = BEGIN.replace(hour=12)
    stated = replace(DELIVERED, occurred_at=noon, source=Source.API, day_only=True)
    posted, out = (replace(e, occurred_at=noon + timedelta(hours=h)) for e, h in ((ACCEPTED, 2), (OUT, 5)))
    timeline = fold((stated, posted, out), now=NOW)
    assert (timeline.snapshot.delivered, timeline.doubts) == (True, ())
    tomorrow = replace(posted, occurred_at=noon + timedelta(hours=13))
    assert not fold((stated, tomorrow), now=NOW).snapshot.delivered
    after = fold((posted, stated, replace(out, occurred_at=noon + timedelta(hours=20))), now=NOW)
    assert [d.kind for d in after.doubts] == [NoticeKind.CONTRADICTED_DELIVERY]


def test_a_clock_a_little_ahead_is_no_doubt() -> None:
    soon = replace(DELIVERED, occurred_at=NOW + timedelta(minutes=10))
    assert fold((ACCEPTED, soon), now=NOW).snapshot.delivered


def test_a_delivery_before_the_posting_is_a_doubt() -> None:
    early = event(Status.DELIVERED, -30)
    timeline = fold((early, ACCEPTED, MOVING), now=NOW)
    assert timeline.snapshot.status is Status.IN_TRANSIT
    assert [d.event for d in timeline.doubts] == [early]


def test_an_event_older_than_the_order_by_more_than_a_day_does_not_count() -> None:
    reused = fold(JOURNEY, now=NOW, made_at=BEGIN + timedelta(days=5))
    assert reused.snapshot.status is Status.UNKNOWN
    assert len(reused.doubts) == len(JOURNEY)
    grace = fold(JOURNEY, now=NOW, made_at=BEGIN + timedelta(hours=23))
    assert grace.snapshot.delivered
    assert not grace.doubts


@given(journeys)
def test_nothing_older_than_the_order_delivers(journey: list[TrackingEvent]) -> None:
    timeline = fold(journey, now=NOW, made_at=NOW + timedelta(days=30))
    assert not timeline.snapshot.delivered


# ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(journeys)
def test_no_change_without_news(journey: list[TrackingEvent]) -> None:
    timeline = fold(journey, now=NOW)
    assert compare_snapshots(timeline.snapshot, timeline, ()) is None


@given(journeys, events())
def test_a_change_says_what_became_of_the_delivery(journey: list[TrackingEvent], new: TrackingEvent) -> None:
    old, timeline = fold(journey, now=NOW).snapshot, fold([*journey, new], now=NOW)
    change = compare_snapshots(old, timeline, select_new_events(journey, [new]))
    if change is None:
        assert old.delivered == timeline.snapshot.delivered
        return
    assert change.delivered == (timeline.snapshot.delivered and not old.delivered)
    assert change.delivery_withdrawn == (old.delivered and not timeline.snapshot.delivered)
    assert cause_of(change) == cause_of(compare_snapshots(old, timeline, select_new_events(journey, [new])) or change)
    assert len(cause_of(change)) == 32


def test_causes_differ() -> None:
    seen = [fold(JOURNEY[:n], now=NOW) for n in range(5)]
    causes = {
        cause_of(c) for n in range(4) if (c := compare_snapshots(seen[n].snapshot, seen[n + 1], JOURNEY[n : n + 1]))
    }
    assert len(causes) == 4


# ── orders ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_order_is_delivered_when_all_its_shipments_are() -> None:
    first = Snapshot(Status.DELIVERED, delivered_at=BEGIN)
    second = Snapshot(Status.DELIVERED, delivered_at=BEGIN + timedelta(days=1))
    assert order_delivered_at([first, second]) == second.delivered_at
    assert order_delivered_at([second, first, Snapshot(Status.CANCELLED)]) == second.delivered_at
    assert order_delivered_at([first, Snapshot(Status.IN_TRANSIT)]) is None
    assert order_delivered_at([first, Snapshot(Status.RETURNED)]) is None
    assert order_delivered_at([]) is None
    assert order_delivered_at([Snapshot(Status.CANCELLED)]) is None


def test_transport_on_the_way_back_is_still_the_way_back() -> None:
    back = event(Status.RETURNING, 3, "BDE/10", reason=Reason.ADDRESS_PROBLEM)
    leg = event(Status.IN_TRANSIT, 4, "RO/01", place=Place(city="Campinas"))
    timeline = fold([event(Status.ACCEPTED, 1), back, leg], now=NOW)
    assert (timeline.snapshot.status, timeline.snapshot.reason) == (Status.RETURNING, Reason.ADDRESS_PROBLEM)
    assert timeline.snapshot.place.city == "Campinas"
    out = fold([back, leg, event(Status.OUT_FOR_DELIVERY, 5, "OEC/01")], now=NOW)
    assert out.snapshot.status is Status.OUT_FOR_DELIVERY, "a new round of delivery ends it"
