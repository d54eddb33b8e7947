"""Which values can be stored, and the message for those that cannot."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.domain import bounds
from paradeiro.domain.records import Customer, Invoice, Item, Order, ParsedAnswer, Place, TrackingEvent
from paradeiro.domain.words import Outcome, Status

_HOURS = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))
_ANY = st.datetimes(timezones=_HOURS, allow_imaginary=False)


@given(_ANY)
def test_no_instant_raises_and_what_is_stored_can_be_reported_anywhere(at: datetime) -> None:
    kept = bounds.bounded_instant(at)
    assert (kept is None) == bool(bounds.instant_problem(at))
    if kept is not None:
        for hours in (-12, 14):
            kept.astimezone(timezone(timedelta(hours=hours)))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("0001-01-01T00:00:00+00:00", False),
        ("0001-01-01T00:00:00+14:00", False),
        ("9999-12-31T23:59:59-12:00", False),
        ("9999-12-31T23:59:59+12:00", False),
        ("1989-12-31T23:59:59+00:00", False),
        ("1989-12-31T22:00:00-03:00", True),
        ("1990-01-01T00:00:00+00:00", True),
        ("2099-12-31T23:59:59+00:00", True),
        ("2100-01-01T00:00:01+00:00", False),
    ],
)
def test_the_years_that_there_are(text: str, kept: bool) -> None:
    assert bounds.in_bounds(datetime.fromisoformat(text)) is kept


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00",
        "0001-01-01",
        "31/12/9999",
        "31/12/9999 23:59",
        "9999-12-31T23:59:59.9999999Z",
        "0000-00-00",
        "00/00/0000",
        "10000-01-01T00:00:00Z",
        "30.12.1899",
    ],
)
def test_dates_that_mean_never(text: str) -> None:
    assert bounds.is_placeholder_date(text)


@pytest.mark.parametrize(
    "text", ["", "never", "2026-11-23", "23/11/2026 14:20", "23/11/26", "9999", "12/9999", "a" * 99]
)
def test_what_is_no_never(text: str) -> None:
    assert not bounds.is_placeholder_date(text)


@given(st.text(alphabet=st.characters(), max_size=50), st.booleans())
def test_a_cleaned_text_has_nothing_wrong(text: str, lines: bool) -> None:
    assert bounds.text_problem(bounds.clean_text(text, 20, lines=lines), 20, lines=lines) == ""
    if not bounds.text_problem(text, 20, lines=lines) and text.isascii():
        assert bounds.clean_text(text, 20, lines=lines) == text.strip(), "nothing else is changed"


@pytest.mark.parametrize(
    ("text", "said"),
    [("a\x00", "a NUL at character 2"), ("\r", "(CR)"), ("a\nb", "(LF)"), ("\x7f", "U+007F"), ("\ud800", "surrogate")],
)
def test_what_is_wrong_is_named(text: str, said: str) -> None:
    assert said in bounds.text_problem(text)


def test_a_long_text_is_reported_by_how_much() -> None:
    assert bounds.text_problem("a" * 101, 100) == "it has 101 characters, at most 100 are taken"
    assert bounds.text_problem("a\nb\tc", lines=True) == ""


@pytest.mark.parametrize("value", [None, "", "abc", "1e999", float("nan"), float("inf"), -1, 10**400, 10**14, "-5"])
def test_what_is_no_amount_is_none(value: float | str | None) -> None:
    assert bounds.bounded_amount(value) == 0


def test_an_amount_is_one() -> None:
    assert [bounds.bounded_amount(v) for v in (1.6, "4990", 10**13)] == [2, 4990, 10**13]


def test_strict_readers_get_json_that_they_can_read() -> None:
    assert json.loads(bounds.strict_json(b'{"a": "x\\ud800y", "b": 1e999, "c": NaN, "d": 1.5}')) == {
        "a": "xy",
        "b": None,
        "c": None,
        "d": 1.5,
    }


def test_an_order_keeps_what_can_be_stored() -> None:
    year_1 = datetime(1, 1, 1, tzinfo=UTC)
    who = Customer("Ana\x00 Souza", "ana\x00@example.com", "pt-BR\x00", postal_code="\x00")
    items = (Item("1\n", 2**70, 10**20, "x" * 999),)
    link = "https://example.com/\x00"
    bill = Invoice("NF\n1", 2**70, year_1, "k\x00", link, "Posta", "AA1", link, items)
    kept = bounds.bounded_order(Order("1", who, "M\x00", "2", year_1, year_1, (bill,)))
    assert kept.customer == Customer("Ana  Souza", None, "pt-BR", postal_code=None)
    assert (kept.channel, kept.ordered_at, kept.promised_at) == ("M", None, None)
    assert kept.invoices[0] == Invoice("NF 1", 0, None, "k", None, "Posta", "AA1", None, (Item("1", 0, 0, "x" * 200),))


def test_an_answer_with_an_impossible_time_is_malformed_and_texts_are_cleaned() -> None:
    event = TrackingEvent(
        datetime(2026, 1, 1, tzinfo=UTC), "A", Status.IN_TRANSIT, description="a\x00b", place=Place("\x00")
    )
    kept = bounds.bounded_parsed(
        ParsedAnswer("AA1", Outcome.FOUND, (event,), estimate=datetime(9999, 12, 31, tzinfo=UTC))
    )
    assert (kept.outcome, kept.estimate, kept.events[0].description) == (Outcome.FOUND, None, "a b")
    late = TrackingEvent(datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-12))), "A", Status.DELIVERED)
    kept = bounds.bounded_parsed(ParsedAnswer("AA1", Outcome.FOUND, (event, late)))
    assert (kept.outcome, kept.events) == (Outcome.MALFORMED, ())
    assert "9999" in kept.message
