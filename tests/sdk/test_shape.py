"""The shape of an answer, and which parts of it may be displayed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.domain.following.contract_drift import Expected
from paradeiro.sdk.answer_shape import answer_shape, mask_answer, read_fields

FIELDS = {
    "code": Expected(frozenset({"text"}), shown=True),
    "events[].at": Expected(frozenset({"text"}), shown=True),
    "events[].receiver.name": Expected(frozenset({"text"})),
    "unit.name": Expected(frozenset({"text"}), shown=True),
}


def test_fields_are_named_by_path_with_their_types() -> None:
    body = b'{"code": "A", "events": [{"at": "x"}, {"at": 3, "done": true, "unit": null}]}'
    assert answer_shape(body) == {
        "code": {"text"},
        "events": {"list"},
        "events[]": {"object"},
        "events[].at": {"text", "number"},
        "events[].done": {"flag"},
        "events[].unit": {"null"},
    }


def test_the_items_of_a_list_have_fields_too() -> None:
    assert answer_shape(b'[{"code": "A"}, {"code": 1, "at": null}]') == {
        "[]": {"object"},
        "[].code": {"text", "number"},
        "[].at": {"null"},
    }


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"3", b'{"a":', b"\xff\xfe", b"[" * 100_000])
def test_what_has_no_fields_has_no_shape(body: bytes) -> None:
    assert answer_shape(body) is None


@given(st.binary() | st.recursive(st.none() | st.text() | st.floats(), st.lists).map(lambda v: json.dumps(v).encode()))
def test_any_bytes_are_masked_to_a_bounded_text(body: bytes) -> None:
    assert len(mask_answer(body, FIELDS)) <= 1500


def test_only_values_declared_harmless_are_shown() -> None:
    body = json.dumps(
        {
            "code": "AA1",
            "token": "s3cret",
            "events": [{"at": "2026-11-05", "receiver": {"name": "Maria"}, "note": "leave with João"}] * 3,
            "unit": {"name": "CTE Campinas"},
        }
    ).encode()
    text = mask_answer(body, FIELDS)
    assert "AA1" in text
    assert "2026-11-05" in text
    for hidden in ("s3cret", "Maria", "João"):
        assert hidden not in text
    assert '"token": "…"' in text, "the name is shown, it is what changed"


def test_a_name_that_means_a_person_somewhere_is_hidden_wherever_it_stands() -> None:
    assert "Campinas" not in mask_answer(b'{"moved": {"name": "Campinas"}}', FIELDS)


def test_a_renamed_list_still_shows_what_its_events_say() -> None:
    assert "2026-11-05" in mask_answer(b'{"happenings": [{"at": "2026-11-05"}]}', FIELDS)


def test_a_web_page_is_shown_as_text_without_what_looks_like_a_key_or_an_address() -> None:
    page = b"<html><script>var k='abc'</script><h1>502 Proxy Error</h1> ask ana@example.com, 11987654321 " + b"x9" * 20
    text = mask_answer(page, FIELDS)
    assert text == "502 Proxy Error ask … … …"


def test_a_table_of_fields_names_types() -> None:
    table = "path,types,always,shown,note\na,text|number,yes,,\nb,list,,yes,why\n"
    assert read_fields(table) == {
        "a": Expected(frozenset({"text", "number"}), always=True),
        "b": Expected(frozenset({"list"}), shown=True),
    }
    with pytest.raises(ValueError, match="'b' has the types 'words'; there are flag, list"):
        read_fields("path,types,always,shown,note\nb,words,,,\n")
