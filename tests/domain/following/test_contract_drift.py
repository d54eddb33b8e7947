"""Contract drift: deviations are found soon, usual answers are never reported."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.domain.following import contract_drift
from paradeiro.domain.following.contract_drift import (
    AnswerSample,
    Baseline,
    Expected,
    Shape,
    accept_deviations,
    deviations,
    hides_events,
    lasting_deviations,
    renamed_fields,
    update_baseline,
)
from paradeiro.domain.words import Drift

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
TEXT, LIST, OBJECT = frozenset({"text"}), frozenset({"list"}), frozenset({"object"})
FIELDS = {
    "events": Expected(LIST, always=True, shown=True),
    "events[]": Expected(OBJECT, always=True),
    "events[].code": Expected(TEXT, always=True),
    "events[].unit": Expected(OBJECT),
    "events[].unit.city": Expected(TEXT),
    "events[].note": Expected(TEXT),
}
USUAL: Shape = {"events": LIST, "events[]": OBJECT, "events[].code": TEXT}
WITH_UNIT: Shape = {**USUAL, "events[].unit": OBJECT, "events[].unit.city": TEXT}


def after(baseline: Baseline, *looks: AnswerSample, now: datetime = NOW) -> Baseline:
    for look in looks:
        baseline = lasting_deviations(update_baseline(baseline, look, FIELDS, now))
    return baseline


def kinds(baseline: Baseline) -> list[tuple[Drift, str]]:
    return [(o.drift, o.detail) for o in deviations(baseline)]


def learnt(shape: Shape = WITH_UNIT, answers: int = 200) -> Baseline:
    return after(Baseline(), *[AnswerSample(shapes=(shape,), readable=1, eventful=1, seconds=0.2)] * answers)


def test_what_is_always_alike_is_nothing() -> None:
    assert kinds(learnt(answers=2000)) == []


def test_what_is_inside_of_a_field_whose_inside_nobody_declared_is_no_news() -> None:
    fields = {**FIELDS, "receiver": Expected(OBJECT | LIST)}
    told = AnswerSample(shapes=({**USUAL, "receiver": OBJECT, "receiver.name": TEXT, "receiver.seen[]": OBJECT},))
    baseline = learnt()
    for _ in range(5):
        baseline = lasting_deviations(update_baseline(baseline, told, fields, NOW))
    assert kinds(baseline) == []
    for _ in range(5):
        baseline = lasting_deviations(
            update_baseline(
                baseline, AnswerSample(shapes=({**USUAL, "sender": OBJECT, "sender.name": TEXT},)), fields, NOW
            )
        )
    assert kinds(baseline) == [(Drift.FIELD_NEW, "sender")]


def test_a_new_field_is_reported_at_the_third_answer_that_has_it() -> None:
    baseline = after(learnt(), *[AnswerSample(shapes=({**WITH_UNIT, "colour": TEXT, "colour.shade": TEXT},))] * 2)
    assert kinds(baseline) == []
    baseline = after(baseline, AnswerSample(shapes=({**WITH_UNIT, "colour": TEXT, "colour.shade": TEXT},)))
    assert kinds(baseline) == [(Drift.FIELD_NEW, "colour")], "what is below it goes without saying"


def test_fields_that_an_account_always_had_are_learnt_silently() -> None:
    baseline = learnt({**WITH_UNIT, "extra": TEXT})
    assert kinds(baseline) == []
    assert kinds(after(baseline, *[AnswerSample(shapes=({**WITH_UNIT, "extra": TEXT},))] * 50)) == []


def test_a_field_that_every_answer_must_have_is_missed_in_a_new_account_too() -> None:
    gone: Shape = {"events": LIST, "events[]": OBJECT}
    baseline = after(Baseline(), *[AnswerSample(shapes=(gone,))] * 40)
    assert kinds(baseline) == [(Drift.FIELD_GONE, "events[].code")]


def test_a_field_that_nearly_all_answers_had_is_missed_and_only_the_outermost_is_named() -> None:
    baseline = after(learnt(), *[AnswerSample(shapes=(USUAL,))] * 20)
    assert kinds(baseline) == [], "a few without it prove nothing"
    baseline = after(baseline, *[AnswerSample(shapes=(USUAL,))] * 20)
    assert kinds(baseline) == [(Drift.FIELD_GONE, "events[].unit")]


def test_a_field_that_is_there_now_and_then_is_never_missed() -> None:
    looks = [AnswerSample(shapes=(WITH_UNIT if index % 10 else USUAL,)) for index in range(300)]
    baseline = after(Baseline(), *looks, *[AnswerSample(shapes=(USUAL,))] * 100)
    assert kinds(baseline) == []


def test_a_field_of_few_answers_that_the_first_one_has_is_never_missed() -> None:
    """As the receiver's name, which only delivered packages have."""
    delivered: Shape = {**USUAL, "events[].receiver": TEXT}
    looks = [AnswerSample(shapes=(delivered if n % 10 == 0 else USUAL,)) for n in range(95)]
    baseline = after(Baseline(), *looks, *[AnswerSample(shapes=(USUAL,))] * 200)
    assert kinds(baseline) == []


def test_a_field_of_another_type_is_reported() -> None:
    numbers: Shape = {**WITH_UNIT, "events[].code": frozenset({"number"})}
    assert kinds(after(learnt(), *[AnswerSample(shapes=(numbers,))] * 3)) == [
        (Drift.TYPE_CHANGED, "events[].code number")
    ]
    nothing: Shape = {**WITH_UNIT, "events[].note": frozenset({"null"})}
    assert kinds(after(learnt(), *[AnswerSample(shapes=(nothing,))] * 9)) == [], "null is no type"


def test_one_answer_that_cannot_be_read_is_reported_at_once() -> None:
    assert kinds(after(Baseline(), AnswerSample(unreadable=("no 'events'",)))) == [(Drift.UNREADABLE, "no 'events'")]


def test_reasons_that_differ_only_in_numbers_are_one_and_a_status_stays() -> None:
    reasons = [f"HTTP 302: page {n} of {n + 7}" for n in range(30)]
    assert kinds(after(Baseline(), AnswerSample(unreadable=tuple(reasons)))) == [
        (Drift.UNREADABLE, "HTTP 302: page # of #")
    ]


def test_hundreds_of_reasons_stay_a_few() -> None:
    reasons = tuple(f"reason {chr(65 + n % 26)}{chr(65 + n // 26)}" for n in range(400))
    assert len(kinds(after(Baseline(), AnswerSample(unreadable=reasons)))) == 6


def test_packages_that_had_events_and_have_none_now_are_reported_and_it_ends_by_itself() -> None:
    baseline = after(learnt(), AnswerSample(readable=50, eventless=50))
    assert kinds(baseline) == [(Drift.EVENTS_GONE, "")]
    assert hides_events(baseline), "silence is explained"
    baseline = after(baseline, AnswerSample(readable=50, eventful=50))
    assert kinds(baseline) == []
    assert not hides_events(baseline)


def test_one_package_in_ten_that_is_lost_for_a_moment_is_no_drift() -> None:
    assert kinds(after(learnt(), *[AnswerSample(readable=10, eventless=1, eventful=9)] * 200)) == []


def test_a_single_lost_package_of_a_new_account_is_no_drift() -> None:
    assert kinds(after(Baseline(), *[AnswerSample(readable=1, eventless=1)] * 5)) == []


def test_ten_times_slower_is_reported_within_twenty_questions_and_ends_by_itself() -> None:
    baseline = after(learnt(), *[AnswerSample(seconds=2.0)] * 20)
    assert kinds(baseline) == [(Drift.SLOWER, "")]
    assert kinds(after(baseline, *[AnswerSample(seconds=0.2)] * 20)) == []


def test_a_fast_party_that_becomes_a_little_less_fast_is_nothing() -> None:
    fast = after(Baseline(), *[AnswerSample(seconds=0.004)] * 100)
    assert kinds(after(fast, *[AnswerSample(seconds=0.06)] * 100)) == []


def _by_turns(baseline: Baseline, rounds: int, *, good: int = 1) -> Baseline:
    for minute in range(rounds):
        now = NOW + timedelta(minutes=minute)
        baseline = after(baseline, AnswerSample(failed=True), AnswerSample(failed=False, recovered=True), now=now)
        baseline = after(baseline, *[AnswerSample(failed=False)] * (good - 1), now=now)
    return baseline


def test_failing_by_turns_is_reported_and_ends_by_itself() -> None:
    baseline = _by_turns(Baseline(), 20)
    assert kinds(baseline) == [(Drift.UNSTEADY, "")]
    assert kinds(after(baseline, *[AnswerSample(failed=False)] * 60)) == []


def test_a_single_outage_is_no_turn_however_long() -> None:
    assert kinds(after(Baseline(), *[AnswerSample(failed=True)] * 50, AnswerSample(failed=False, recovered=True))) == []


def test_a_failure_in_a_hundred_questions_is_nothing() -> None:
    assert kinds(_by_turns(Baseline(), 20, good=99)) == []


def test_what_a_person_accepted_is_not_reported_again() -> None:
    odd: Shape = {**USUAL, "colour": TEXT, "events[].code": frozenset({"number"})}
    baseline = after(learnt(), *[AnswerSample(shapes=(odd,), unreadable=("x",))] * 60)
    assert {drift for drift, _ in kinds(baseline)} == {
        Drift.UNREADABLE,
        Drift.FIELD_GONE,
        Drift.FIELD_NEW,
        Drift.TYPE_CHANGED,
    }
    baseline = accept_deviations(baseline)
    assert kinds(after(baseline, *[AnswerSample(shapes=(odd,))] * 200)) == []
    assert kinds(after(baseline, AnswerSample(unreadable=("x",)))) == [(Drift.UNREADABLE, "x")], (
        "but this is new each time"
    )


def test_a_fault_does_not_change_the_baseline_unnoticed() -> None:
    baseline = after(learnt(), *[AnswerSample(shapes=(USUAL,), eventless=1)] * 3000)
    assert baseline.fields["events[].unit"].usual > 0.97
    assert baseline.eventless.usual < 0.2


RENAMED: Shape = {"happenings": LIST, "happenings[]": OBJECT, "happenings[].code": TEXT}


def test_another_name_is_a_declared_field_gone_and_one_of_its_types_come_in_the_same_object() -> None:
    assert renamed_fields(WITH_UNIT, RENAMED, FIELDS) == [("events", "happenings")]
    unit: Shape = {**USUAL, "events[].place": OBJECT, "events[].place.city": TEXT}
    assert renamed_fields(WITH_UNIT, unit, FIELDS) == [("events[].unit", "events[].place")]


@pytest.mark.parametrize(
    "now",
    [
        WITH_UNIT,
        USUAL,  # it is gone, and nothing has come
        {**WITH_UNIT, "events[].place": OBJECT},  # it has come beside it
        {**USUAL, "events[].place": TEXT},  # of another type
        {**USUAL, "place": OBJECT},  # in another object
        {"happenings": TEXT},
        {"events": LIST, "happenings": LIST},  # its object is empty now
    ],
)
def test_what_else_may_change_is_no_other_name(now: Shape) -> None:
    assert renamed_fields(WITH_UNIT, now, FIELDS) == []


def test_a_value_that_was_always_null_has_no_other_name() -> None:
    null: Shape = {**USUAL, "events[].note": frozenset({"null"})}
    assert renamed_fields(null, {**USUAL, "events[].remark": frozenset({"null"})}, FIELDS) == []
    text: Shape = {**USUAL, "events[].note": frozenset({"null", "text"})}
    assert renamed_fields(text, {**USUAL, "events[].remark": TEXT}, FIELDS) == [("events[].note", "events[].remark")]


def test_another_name_is_told_at_the_third_answer_of_a_new_account_too_and_is_not_learnt() -> None:
    sample = AnswerSample(shapes=(RENAMED,), renamed=(("events", "happenings"),))
    baseline = after(learnt(answers=5), *[sample] * 2)
    assert kinds(baseline) == []
    baseline = after(baseline, sample)
    assert kinds(baseline) == [(Drift.FIELD_GONE, "events"), (Drift.FIELD_NEW, "happenings")]
    accepted = accept_deviations(baseline)
    assert kinds(after(accepted, *[sample] * 10)) == [], "a person has said that it is right"


shapes = st.dictionaries(
    st.text(max_size=6), st.sets(st.sampled_from(["text", "number", "null"]), min_size=1).map(frozenset), max_size=8
)
looks = st.builds(
    AnswerSample,
    shapes=st.lists(shapes, max_size=3).map(tuple),
    readable=st.integers(0, 60),
    unreadable=st.lists(st.text(max_size=12), max_size=3).map(tuple),
    eventful=st.integers(0, 60),
    eventless=st.integers(0, 60),
    seconds=st.none() | st.floats(0, 1000),
    failed=st.none() | st.booleans(),
    recovered=st.booleans(),
    renamed=st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), max_size=3).map(tuple),
)


@given(st.lists(looks, max_size=12))
def test_whatever_comes_the_baseline_stays_small_survives_the_database_and_names_known_drifts(
    found: list[AnswerSample],
) -> None:
    baseline = after(Baseline(), *found)
    assert msgspec.json.decode(msgspec.json.encode(baseline), type=Baseline) == baseline
    assert all(share.usual <= 1.0 + 1e-9 for share in baseline.fields.values())
    assert {o.drift for o in deviations(baseline)} <= set(Drift)


def test_a_thousand_fields_are_not_all_kept() -> None:
    wide: Shape = {f"f{n}": TEXT for n in range(1000)}
    baseline = after(learnt(), *[AnswerSample(shapes=(wide,))] * 3)
    assert len(baseline.fields) <= contract_drift._MOST_KEPT
    assert len(baseline.odd) <= contract_drift._MOST_KEPT


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 1e9])
def test_unexpected_durations_do_no_harm(seconds: float) -> None:
    after(Baseline(), AnswerSample(seconds=seconds))
