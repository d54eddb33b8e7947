"""One journey stated by several sources in any order: each event once, and the right final status."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from paradeiro.domain.following.merging import attribute_to_source, new_happenings, restate_snapshot
from paradeiro.domain.following.timeline import fold, merge_events
from paradeiro.domain.following.timeline_update import update_timeline
from paradeiro.domain.records import NOWHERE, Change, Place, Snapshot, TrackingEvent
from paradeiro.domain.words import NoticeKind, Reason, Source, Status, Withdraws
from tests.domain.makers import BEGIN, BRASILIA, NOW, event

_TRUTH = [s for s in Status if s is not Status.UNKNOWN]


def retold(
    true: TrackingEvent, source: str = "aggregator", *, vague: bool = False, local: bool = False
) -> TrackingEvent:
    """The same happening as an aggregator says it: no seconds, another place, its own word, perhaps a vague one."""
    at = true.occurred_at.replace(second=0)
    if local:
        at = at.astimezone(BRASILIA).replace(tzinfo=BEGIN.tzinfo)  # the wall clock, in a zone that it guessed
    status, reason = (Status.IN_TRANSIT, None) if vague else (true.status, true.reason)
    said = replace(
        true,
        occurred_at=at,
        code=f"{status}_Other",
        status=status,
        reason=reason,
        place=Place(unit="SAO PAULO - SP"),
        withdraws=None,
        zone_assumed=local,
    )
    return attribute_to_source([said], source, "carrier")[0]


@st.composite
def journeys(draw: st.DrawFn, *, crowded: bool) -> list[TrackingEvent]:
    """True happenings; unless `crowded`, each in a minute of its own. At most one end, as packages have."""
    count = draw(st.integers(1, 8))
    minutes = draw(st.lists(st.integers(0, 6 if crowded else 4000), min_size=count, max_size=count, unique=not crowded))
    made = []
    for number, minute in enumerate(sorted(minutes)):
        status = draw(st.sampled_from([s for s in _TRUTH if not s.final]))
        if number == count - 1 and draw(st.booleans()):
            status = draw(st.sampled_from([Status.DELIVERED, Status.RETURNED]))
        at = BEGIN + timedelta(minutes=minute, seconds=draw(st.integers(0, 59)))
        made.append(TrackingEvent(at.astimezone(BRASILIA), f"C/{number}", status, place=Place("Itu", "SP", "BR")))
    return made


def _positions(events: tuple[TrackingEvent, ...]) -> list[tuple[object, ...]]:
    return sorted((e.occurred_at.replace(second=0), str(e.status)) for e in events)


@given(st.data())
def test_any_split_between_sources_in_any_order_is_the_truth_once(data: st.DataObject) -> None:
    ground_truth = data.draw(journeys(crowded=False))
    told: list[TrackingEvent] = []
    for true in ground_truth:
        who = data.draw(st.sampled_from(["home", "one", "other", "home+one", "one+other", "all"]))
        home = who in {"home", "home+one", "all"}
        vague = home and data.draw(st.booleans())  # where the carrier itself says it too, others may be vague
        told += [true] if home else []
        told += [retold(true, "one", vague=vague)] if who in {"one", "home+one", "one+other", "all"} else []
        told += [retold(true, "two")] if who in {"other", "one+other", "all"} else []
    said = merge_events(data.draw(st.permutations(told)))
    assert _positions(said.events) == _positions(tuple(ground_truth)), "each happening once"
    assert len(said.duplicates) == len(told) - len(ground_truth)
    assert said.events == merge_events(told).events, "in whatever order they came"
    mine, true_end = fold(told, now=NOW).snapshot, fold(ground_truth, now=NOW).snapshot
    assert (mine.status, mine.events) == (true_end.status, true_end.events)


@given(st.data())
def test_where_the_carrier_has_said_all_only_its_words_are_left(data: st.DataObject) -> None:
    """Also of happenings in one minute, and whatever the other vaguely knew of them."""
    ground_truth = data.draw(journeys(crowded=True))
    others = [
        retold(true, data.draw(st.sampled_from(["one", "two"])), vague=data.draw(st.booleans()))
        for true in ground_truth
        if data.draw(st.booleans())
    ]
    distinct = list({e.identity: e for e in others}.values())
    said = merge_events(data.draw(st.permutations([*ground_truth, *distinct])))
    assert said.events == merge_events(ground_truth).events
    assert fold([*ground_truth, *distinct], now=NOW).snapshot == fold(ground_truth, now=NOW).snapshot


@given(st.data())
def test_each_happening_is_news_once_however_it_arrives(data: st.DataObject) -> None:
    ground_truth = data.draw(journeys(crowded=False))
    statements = [
        *ground_truth,
        *(retold(true, "one") for true in ground_truth),
        *(retold(true, "two") for true in ground_truth),
    ]
    known: list[TrackingEvent] = []
    told: list[tuple[object, ...]] = []
    for statement in data.draw(st.permutations(statements)):
        told += _positions(new_happenings(known, merge_events([*known, statement])))
        known.append(statement)
    assert sorted(told) == _positions(tuple(ground_truth))


def _changed(known: list[TrackingEvent], fresh: list[TrackingEvent]) -> Change | None:
    """What recording `fresh` has to tell, where `known` was told."""
    return update_timeline(fold(known, now=NOW).snapshot, known, fresh, now=NOW).change


def test_the_carriers_own_words_for_what_was_reported_are_no_news() -> None:
    posted = event(Status.ACCEPTED, 1, place=Place("Santos", "SP", "BR"))
    failed = event(Status.ATTEMPT_FAILED, 30, reason=Reason.RECIPIENT_ABSENT, place=Place("Itu", "SP", "BR"))
    said = retold(replace(failed, reason=Reason.OTHER))
    assert _changed([posted, said], [failed]) is None
    assert _changed([posted, failed], [said]) is None, "nor are others' words for what the carrier said"


def test_a_status_that_was_said_too_vaguely_is_reported_as_it_is() -> None:
    posted, waiting = event(Status.ACCEPTED, 1), event(Status.AVAILABLE_FOR_PICKUP, 30)
    change = _changed([posted, retold(waiting, vague=True)], [waiting])
    assert change is not None
    assert change.new.status is Status.AVAILABLE_FOR_PICKUP
    assert change.new_events == ()


def test_a_delivery_at_another_minute_is_sent_again_but_did_not_move() -> None:
    posted, delivered = event(Status.ACCEPTED, 1), event(Status.DELIVERED, 30)
    late = replace(retold(delivered), occurred_at=delivered.occurred_at + timedelta(hours=3))
    change = _changed([posted, late], [delivered])
    assert change is not None
    assert (change.moved, change.delivered, change.new_events) == (False, False, ())
    assert change.new.delivered_at == delivered.occurred_at


def test_a_wall_clock_in_a_guessed_zone_is_the_same_moment() -> None:
    true = event(Status.IN_TRANSIT, 5)
    true = replace(true, occurred_at=true.occurred_at.astimezone(BRASILIA))
    assert merge_events([true, retold(true, local=True)]).events == (true,)
    unmarked = replace(retold(true, local=True), zone_assumed=False)
    assert len(merge_events([true, unmarked]).events) == 2, "but only where somebody says that he guessed"


def test_a_delivery_is_never_another_sources_vague_statement() -> None:
    """A fallback's delivery beside something else of the carrier's in the same minute stays, and is doubted later."""
    failed = event(Status.ATTEMPT_FAILED, 30)
    delivered = retold(replace(failed, status=Status.DELIVERED))
    assert len(merge_events([failed, delivered]).events) == 2


def test_an_unmapped_code_of_the_carrier_hides_nothing() -> None:
    strange = event(Status.UNKNOWN, 30)
    moving = retold(replace(strange, status=Status.IN_TRANSIT))
    assert fold([strange, moving], now=NOW).snapshot.status is Status.IN_TRANSIT


def test_the_carrier_goes_on_after_a_delivery_that_it_does_not_know() -> None:
    posted, delivered = event(Status.ACCEPTED, 1), retold(event(Status.DELIVERED, 30))
    later = event(Status.IN_TRANSIT, 31)
    doubts = fold([posted, delivered, later], now=NOW).doubts
    assert [d.kind for d in doubts] == [NoticeKind.CONTRADICTED_DELIVERY]
    own = event(Status.DELIVERED, 30)
    assert fold([posted, own, later], now=NOW).doubts == (), "after its own delivery a list closed late is no doubt"
    assert fold([posted, own, delivered, later], now=NOW).doubts == ()


def test_a_reversal_takes_back_the_carriers_own_event_and_what_repeats_it() -> None:
    out, delivered = event(Status.OUT_FOR_DELIVERY, 29), event(Status.DELIVERED, 30)
    undone = event(None, 32, "EST/01", withdraws=Withdraws.PREVIOUS)
    between = retold(event(Status.IN_TRANSIT, 31))
    timeline = fold([out, delivered, retold(delivered), between, undone, retold(undone, vague=True)], now=NOW)
    assert timeline.withdrawn == {delivered.identity}
    assert timeline.snapshot.status is Status.IN_TRANSIT
    assert len(timeline.events) == 4


def test_what_people_state_is_theirs() -> None:
    by_hand = event(Status.DELIVERED, 30, "operator/delivered", source=Source.OPERATOR)
    assert len(merge_events([by_hand, retold(by_hand)]).events) == 2


def test_the_carriers_own_source_is_not_marked() -> None:
    plain = event(Status.ACCEPTED, 1)
    assert attribute_to_source([plain], "correios", "correios") == (plain,)
    other = attribute_to_source([plain], "aggregator", "correios")[0]
    assert (other.reported_by, other.code) == ("aggregator", f"aggregator:{plain.code}")
    assert restate_snapshot(Snapshot(Status.ACCEPTED), Snapshot(Status.IN_TRANSIT)).status is Status.ACCEPTED
    assert plain.place is NOWHERE


def test_one_moves_up_so_that_all_find_their_own() -> None:
    """In one minute: the vague word fits both of the carrier's events, the plain one only the first."""
    lost, waiting = event(Status.EXCEPTION, 30, reason=Reason.OTHER), event(Status.AVAILABLE_FOR_PICKUP, 30)
    vague = retold(lost)
    plain = retold(replace(lost, status=Status.ATTEMPT_FAILED, reason=Reason.REFUSED))
    assert set(merge_events([lost, waiting, vague, plain]).events) == {lost, waiting}
