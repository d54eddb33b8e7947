"""In: a right connector and one that is wrong in each hard case of carriers; out: the rule finds each of them."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome, Status
from paradeiro.sdk.conformance.cases.rule import case_problems, check_carrier_cases
from paradeiro.sdk.conformance.cases.trials import TRIALS
from paradeiro.sdk.conformance.quality import case_claims
from paradeiro.sdk.conformance.subject import subject_of
from paradeiro.sdk.contract import Connector
from paradeiro.sdk.hard_cases.carriers import BY_NAME, CASES, Shown, plain
from paradeiro.sdk.template.example_carrier import CONNECTOR as GOOD
from tests.sdk.carrier import TEMPLATE, reading

Answers = list[ParsedAnswer]
Events = tuple[TrackingEvent, ...]


def each(change: Callable[[TrackingEvent], TrackingEvent]) -> Connector:
    """The right connector with each of its events changed."""
    return all_of(lambda events: tuple(change(event) for event in events))


def all_of(change: Callable[[Events], Events]) -> Connector:
    """The right connector with its answers' events changed."""
    return reading(lambda parsed, _: [replace(one, events=change(one.events)) for one in parsed])


def by_words(event: TrackingEvent) -> TrackingEvent:
    return replace(event, status=Status.DELIVERED) if "entregue" in plain(event.description) else event


def exact_words(event: TrackingEvent) -> TrackingEvent:
    wrong = event.status is Status.DELIVERED and event.description != "Entregue"
    return replace(event, status=Status.UNKNOWN) if wrong else event


def this_year(event: TrackingEvent) -> TrackingEvent:
    return replace(event, occurred_at=event.occurred_at.replace(year=2026))


def swapped(event: TrackingEvent) -> TrackingEvent:
    at = event.occurred_at
    return replace(event, occurred_at=at.replace(month=at.day, day=at.month)) if at.day <= 12 else event


def summer(event: TrackingEvent) -> TrackingEvent:
    early = timedelta(hours=event.occurred_at.month == 1)
    return replace(event, occurred_at=event.occurred_at - early)


def since_posting(events: Events) -> Events:
    posted = min((event.occurred_at for event in events if event.status is Status.ACCEPTED), default=None)
    return tuple(e for e in events if posted is None or e.occurred_at > posted - timedelta(days=1))


def at_the_end(events: Events) -> Events:
    last = max((event.occurred_at for event in events), default=None)
    return tuple(replace(e, occurred_at=last) if last and e.status is Status.DELIVERED else e for e in events)


def broken_is_delivered(event: TrackingEvent) -> TrackingEvent:
    return replace(event, status=Status.DELIVERED) if "Ã" in event.description else event


def by_minute(event: TrackingEvent) -> TrackingEvent:
    return replace(event, status=Status.UNKNOWN) if event.occurred_at.minute % 2 else event


def nothing_is_cancelled(parsed: Answers, _: bytes) -> Answers:
    gone = TrackingEvent(datetime(2026, 4, 1, tzinfo=UTC), "GONE", Status.CANCELLED)
    return [replace(p, events=p.events or (gone,)) if p.outcome is Outcome.FOUND else p for p in parsed]


def page_is_not_found(parsed: Answers, data: bytes) -> Answers:
    return [ParsedAnswer("", Outcome.NOT_FOUND)] if data.startswith(b"<") else parsed


def day_begins_at_24(data: bytes) -> Answers:
    assert GOOD.parse is not None
    return GOOD.parse(data.replace(b"T24:00:00", b"T00:00:00"))


WRONG: dict[str, Connector] = {
    "reworded": each(lambda e: replace(e, code=f"{e.code}-{len(e.description)}")),
    "edited_times": each(by_minute),
    "return_that_says_delivered": each(by_words),
    "delivered_elsewhere": each(exact_words),
    "number_used_again": each(this_year),
    "day_before_posting": all_of(since_posting),
    "one_second": all_of(lambda events: tuple({event.occurred_at: event for event in events}.values())),
    "list_cut_at_50": all_of(lambda events: events[:50]),
    "day_and_month": each(swapped),
    "midnight_24": replace(GOOD, parse=day_begins_at_24),
    "no_zone": each(lambda e: replace(e, zone_assumed=False)),
    "no_summer_time": each(summer),
    "upper_case_without_accents": each(lambda e: replace(e, code=f"{e.code}{e.description.isupper()}")),
    "latin_1_as_utf_8": each(broken_is_delivered),
    "outage_as_empty_list": reading(nothing_is_cancelled),
    "page_instead_of_answer": reading(page_is_not_found),
    "delivered_before_order": each(this_year),
    "administrative_event": all_of(at_the_end),
    "words_of_delivery": each(by_words),
}


def problems(connector: Connector, case: str, folder: Path = TEMPLATE) -> list[str]:
    return list(case_problems(subject_of(connector, folder), BY_NAME[case], case_claims(folder)))


def test_a_right_connector_breaks_no_case() -> None:
    assert not list(check_carrier_cases(subject_of(GOOD, TEMPLATE)))


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_connector_is_found(case: str) -> None:
    assert not problems(GOOD, case)
    found = problems(WRONG[case], case)
    assert found
    assert not any("no fixture shows it" in why for why in found), "the case was tried, and broken"


def test_every_case_is_examined() -> None:
    assert set(WRONG) | {"several_shipments"} == set(BY_NAME)
    assert {case.name for case in CASES if case.is_shown is None} <= set(TRIALS)
    assert set(TRIALS) <= set(BY_NAME)
    assert all(case.sentence.endswith(".") for case in CASES)


# ── what a fixture that is named for a case must show ────────────────────────────────────────────────────────────────

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def told(*statuses: Status | None, days: float = 1, words: str = "", **more: object) -> ParsedAnswer:
    """An answer with an event of each status, so many days apart."""
    events = [
        TrackingEvent(NOON + timedelta(days=days * n), f"c{n}", status, description=words)
        for n, status in enumerate(statuses)
    ]
    return ParsedAnswer("AA1", Outcome.FOUND, tuple(replace(event, **more) for event in events))  # type: ignore[arg-type] # names of fields


ACCEPTED, MOVING, DELIVERED = Status.ACCEPTED, Status.IN_TRANSIT, Status.DELIVERED
MIXED = told(MOVING, DELIVERED)


@pytest.mark.parametrize(
    ("case", "right", "wrong"),
    [
        ("return_that_says_delivered", [told(Status.RETURNED)], [told(MOVING, DELIVERED)]),
        ("delivered_elsewhere", [told(DELIVERED)], [told(Status.AVAILABLE_FOR_PICKUP)]),
        ("number_used_again", [told(DELIVERED, MOVING, days=300)], [told(MOVING)]),
        ("number_used_again", [told(DELIVERED)], [told(DELIVERED, MOVING, DELIVERED, days=300)]),
        ("day_before_posting", [told(Status.REGISTERED, ACCEPTED)], [told(ACCEPTED, MOVING)]),
        ("day_before_posting", [told(MOVING, ACCEPTED)], [told(DELIVERED, ACCEPTED)]),
        ("one_second", [told(MOVING, DELIVERED, days=0)], [told(MOVING, DELIVERED)]),
        ("no_zone", [told(MOVING, zone_assumed=True)], [told(MOVING)]),
        ("delivered_before_order", [told(DELIVERED)], [told(MOVING)]),
        ("administrative_event", [told(DELIVERED, None, days=3)], [told(DELIVERED)]),
        ("administrative_event", [told(DELIVERED, MOVING, days=3)], [told(DELIVERED, Status.RETURNED, days=3)]),
        ("words_of_delivery", [told(MOVING)], [told(DELIVERED)]),
        ("several_shipments", [replace(MIXED, shipment="a"), replace(told(MOVING), shipment="b")], [MIXED]),
        ("several_shipments", [replace(told(MOVING), shipment="a"), replace(MIXED, shipment="b")], [MIXED, MIXED]),
        ("several_shipments", [told(MOVING)], []),
    ],
)
def test_what_a_named_fixture_must_show(case: str, right: Answers, wrong: Answers) -> None:
    text = "entregue ao vizinho, devolvido ao remetente"
    is_shown = BY_NAME[case].is_shown
    assert is_shown is not None
    assert not list(is_shown(Shown(text, right)))
    assert list(is_shown(Shown(text, wrong)))


@pytest.mark.parametrize("case", ["return_that_says_delivered", "delivered_elsewhere", "words_of_delivery"])
def test_a_fixture_that_says_nothing_of_it_shows_nothing(case: str) -> None:
    is_shown = BY_NAME[case].is_shown
    assert is_shown is not None
    delivered = DELIVERED if case == "delivered_elsewhere" else MOVING
    assert list(is_shown(Shown("objeto postado", [told(delivered)])))
    assert "it has no events" in list(is_shown(Shown("entregue ao vizinho, devolvido", [])))


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ('no_such_case = "delivered"', "'no_such_case', which is no case"),
        ('number_used_again = "never_saved"', "number_used_again: there is no fixture 'never_saved'"),
        ('reworded = "delivered"', "reworded: it is made from the fixtures"),
        ('reworded = { state = "exempt", reason = "" }', "reworded: it is exempt without a reason"),
        ("", "several_shipments: no fixture shows it"),
        ('administrative_event = "delivered"', "nothing in it is dated days after a delivery"),
    ],
)
def test_what_quality_toml_must_say(tmp_path: Path, claim: str, words: str) -> None:
    folder = tmp_path / "example_carrier"
    shutil.copytree(TEMPLATE, folder)
    (folder / "quality.toml").write_text(f"[cases]\n{claim}\n", encoding="utf-8")
    assert any(words in why for why in check_carrier_cases(subject_of(GOOD, folder)))


def test_no_fixture_is_asked_for_where_none_could_be_named(tmp_path: Path) -> None:
    folder = tmp_path / "example_carrier"
    shutil.copytree(TEMPLATE, folder)
    shutil.rmtree(folder / "fixtures")
    (folder / "fixtures").mkdir()
    (folder / "quality.toml").write_text("[cases]\n", encoding="utf-8")
    missing = dict(
        why.split(": ", 1) for why in check_carrier_cases(subject_of(GOOD, folder)) if "no fixture shows it" in why
    )
    assert "say in [cases] why" in missing["reworded"]
    assert "name one in [cases]" in missing["number_used_again"]
    assert all(("name one" in why) == (BY_NAME[name].is_shown is not None) for name, why in missing.items())
