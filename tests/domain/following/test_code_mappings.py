"""A person maps only what the connector does not know."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from paradeiro.domain.following.code_mappings import CodeMapping, apply_mappings, restate
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome, Reason, Status

AT = datetime(2026, 11, 2, tzinfo=UTC)
LOST = TrackingEvent(AT, "91", Status.UNKNOWN)
MOVED = TrackingEvent(AT, "MOV", Status.IN_TRANSIT)
NOTE = TrackingEvent(AT, "NOTE", None)
ANSWER = ParsedAnswer("AA1", Outcome.FOUND, (LOST, MOVED, NOTE), unknown_codes=("91", "92"))
DELIVERED = {code: CodeMapping(code, Status.DELIVERED) for code in ("91", "MOV", "NOTE")}


def test_only_what_is_unknown_gets_a_meaning() -> None:
    mapped = apply_mappings(ANSWER, DELIVERED)
    assert mapped.events == (replace(LOST, status=Status.DELIVERED), MOVED, NOTE)
    assert mapped.unknown_codes == ("92",)


def test_a_mapping_may_have_a_reason_or_no_position() -> None:
    lost = apply_mappings(ANSWER, {"91": CodeMapping("91", Status.EXCEPTION, Reason.LOST)}).events[0]
    assert (lost.status, lost.reason) == (Status.EXCEPTION, Reason.LOST)
    assert apply_mappings(ANSWER, {"91": CodeMapping("91", None)}).events[0].status is None


@pytest.mark.parametrize("mappings", [{}, {"MOV": CodeMapping("MOV", Status.DELIVERED)}])
def test_an_answer_without_such_a_code_is_the_same(mappings: dict[str, CodeMapping]) -> None:
    assert apply_mappings(ANSWER, mappings) is ANSWER


def test_a_stored_event_follows_its_mapping_and_never_leaves_its_connectors_meaning() -> None:
    old, new = CodeMapping("91", Status.EXCEPTION, Reason.LOST), CodeMapping("91", Status.DELIVERED)
    stored = replace(LOST, status=Status.EXCEPTION, reason=Reason.LOST)
    assert restate(LOST, None, old) == stored
    assert restate(stored, old, new).status is Status.DELIVERED
    assert restate(stored, old, None) == LOST
    damaged = replace(LOST, status=Status.EXCEPTION, reason=Reason.DAMAGED)
    assert restate(damaged, old, new) == damaged, "a newer connector knows it"
    assert restate(damaged, None, new) == damaged
