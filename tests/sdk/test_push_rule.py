"""In: one correct push reader and many wrong ones; out: the suite passes the first and finds the others."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from paradeiro.domain.words import Outcome
from paradeiro.sdk.conformance.subject import CANARY, subject_of
from paradeiro.sdk.conformance.suite import RULES, judge
from paradeiro.sdk.contract import HOOK_SECRET, Push, PushRead
from paradeiro.sdk.template.example_carrier import CONNECTOR as TEMPLATE

RULE = next(rule for rule in RULES if rule.name == "pushes")
Reader = Callable[[Push, Mapping[str, str]], PushRead]


def right(push: Push, settings: Mapping[str, str]) -> PushRead:
    """A party that sends the secret itself, as some do."""
    secret = settings.get(HOOK_SECRET)
    if not secret or push.headers.get("x-key") != secret:
        return PushRead(Outcome.AUTH_FAILED)
    try:
        told = json.loads(push.body)
    except (ValueError, RecursionError):
        return PushRead(Outcome.MALFORMED)
    code = told.get("code") if isinstance(told, dict) else None
    return PushRead(Outcome.FOUND, (code,)) if isinstance(code, str) else PushRead(Outcome.NOT_FOUND)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    saved = tmp_path / "fixtures" / "pushes"
    saved.mkdir(parents=True)
    (saved / "found_one.http").write_text(f'X-Key: {CANARY}\n\n{{"code": "AA1"}}')
    (saved / "malformed_page.http").write_text(f"X-Key: {CANARY}\n\n<html>")
    return tmp_path


def findings(reader: Reader, folder: Path) -> list[str]:
    connector = replace(TEMPLATE, read_push=reader)
    return [finding.message for finding in judge(RULE, subject_of(connector, folder), None).findings]


def test_a_right_reader_passes(folder: Path) -> None:
    assert findings(right, folder) == []
    assert judge(RULE, subject_of(TEMPLATE, folder), None).state == "does not apply"


def trusting(push: Push, settings: Mapping[str, str]) -> PushRead:
    return right(Push({"x-key": settings.get(HOOK_SECRET, "")}, push.body), settings)


def trusting_the_unset(push: Push, settings: Mapping[str, str]) -> PushRead:
    return right(push, settings) if settings.get(HOOK_SECRET) else PushRead(Outcome.FOUND, ("AA1",))


def raising(push: Push, settings: Mapping[str, str]) -> PushRead:
    if right(push, settings).outcome is not Outcome.AUTH_FAILED:
        json.loads(push.body)
    return right(push, settings)


def talkative(push: Push, settings: Mapping[str, str]) -> PushRead:
    return replace(right(push, settings), message=f"should be {settings.get(HOOK_SECRET)}")


def repeating(push: Push, settings: Mapping[str, str]) -> PushRead:
    read = right(push, settings)
    return replace(read, about=read.about * 2)


def empty(push: Push, settings: Mapping[str, str]) -> PushRead:
    return replace(right(push, settings), about=())


def another_word(push: Push, settings: Mapping[str, str]) -> PushRead:
    read = right(push, settings)
    return replace(read, outcome=Outcome.RETRY) if read.outcome is Outcome.MALFORMED else read


def nothing(_: Push, __: Mapping[str, str]) -> PushRead:
    return None  # type: ignore[return-value] # a wrong reader


WRONG: list[tuple[Reader, str]] = [
    (trusting, "without its headers"),
    (trusting_the_unset, "where there is no secret"),
    (raising, "read_push raised JSONDecodeError"),
    (talkative, "shows the secret"),
    (repeating, "each once"),
    (empty, "names something"),
    (another_word, "which no push can be"),
    (nothing, "instead of a PushRead"),
]


@pytest.mark.parametrize(("reader", "words"), WRONG, ids=[reader.__name__ for reader, _ in WRONG])
def test_a_wrong_reader_is_found(folder: Path, reader: Reader, words: str) -> None:
    assert any(words in why for why in findings(reader, folder)), findings(reader, folder)


def test_saved_pushes_are_wanted_and_well_named(folder: Path) -> None:
    (folder / "fixtures" / "pushes" / "found_one.http").unlink()
    assert any("found_*.http is missing" in why for why in findings(right, folder))
    (folder / "fixtures" / "pushes" / "one.http").write_text("\n\n{}")
    assert any("one.http should begin with" in why for why in findings(right, folder))


def test_a_push_that_is_read_as_another_thing_than_its_name_says_is_found(folder: Path) -> None:
    (folder / "fixtures" / "pushes" / "not_found_x.http").write_text(f'X-Key: {CANARY}\n\n{{"code": "AA1"}}')
    assert any("gave found" in why for why in findings(right, folder))
