"""In: the list that Correios published; out: each row is accounted for, and the rules for deliveries hold."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from paradeiro.connectors.correios import CONNECTOR
from paradeiro.connectors.correios.codes import WRITE_OFFS, meaning_of
from paradeiro.domain.words import Reason, Status, Withdraws
from paradeiro.sdk.conformance.subject import folder_of

LIST = folder_of(CONNECTOR) / "events.csv"
ROWS = list(csv.DictReader(LIST.read_text(encoding="utf-8").splitlines()))
PAIRS = [(row["type"], row["number"]) for row in ROWS]
DELIVERIES = {"00", "01", "67", "68", "70"}


def test_the_list_is_whole_and_plain() -> None:
    assert list(ROWS[0]) == ["type", "number", "description", "status", "reason", "treatment"]
    assert len(ROWS) == len(set(PAIRS)) == 379
    assert Counter(row["treatment"] for row in ROWS) == {"mapped": 377, "ignored": 1, "unknown": 1}
    assert all(row["description"] for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['type']}-{row['number']}")
def test_every_row_is_accounted_for_and_agrees(row: dict[str, str]) -> None:
    meaning = meaning_of(row["type"], row["number"])
    assert meaning is not None
    assert (row["status"], row["reason"]) == (meaning.status or "", meaning.reason or "")
    match row["treatment"]:
        case "unknown":
            assert meaning.status is Status.UNKNOWN
        case "ignored":
            assert meaning.status is None
            assert meaning.withdraws is None
        case treatment:
            assert treatment == "mapped"
            assert meaning.status is not Status.UNKNOWN
            assert meaning.status is not None or meaning.withdraws is not None


def test_delivered_and_returned_are_exactly_these() -> None:
    delivered = {pair for pair in PAIRS if _status(pair) is Status.DELIVERED}
    assert delivered == {(kind, number) for kind in WRITE_OFFS for number in DELIVERIES}
    returned = {pair for pair in PAIRS if _status(pair) is Status.RETURNED}
    assert returned == {(kind, "23") for kind in WRITE_OFFS}


def test_on_the_way_out_and_on_the_way_back() -> None:
    out = {pair for pair in PAIRS if _status(pair) is Status.OUT_FOR_DELIVERY}
    assert out == {("OEC", "00"), ("OEC", "01"), ("OEC", "03")}
    for pair in [("OEC", "09"), ("LDE", "00"), ("LDE", "09")]:
        assert _status(pair) is Status.RETURNING
    back = ("04", "05", "06", "07", "08", "10", "21", "26", "36", "42", "48", "49", "62", "89")
    assert all(_status(("BDE", number)) is Status.RETURNING for number in back)
    assert all(_status(("FC", number)) is Status.RETURNING for number in ("01", "47"))


def test_a_reversal_takes_back_the_event_before_it_and_says_nothing_itself() -> None:
    reversals = [pair for pair in PAIRS if pair[0] == "EST"]
    assert len(reversals) == 7
    for pair in reversals:
        meaning = meaning_of(*pair)
        assert meaning is not None
        assert (meaning.status, meaning.withdraws) == (None, Withdraws.PREVIOUS)


def test_only_a_corrective_write_off_that_is_no_delivery_takes_a_delivery_back() -> None:
    for kind, number in PAIRS:
        meaning = meaning_of(kind, number)
        assert meaning is not None
        takes_back = meaning.withdraws is Withdraws.DELIVERY
        assert takes_back == (kind == "BDR" and number not in DELIVERIES), (kind, number)


def test_the_three_write_offs_share_one_table() -> None:
    for number in {number for kind, number in PAIRS if kind in WRITE_OFFS}:
        meanings = [meaning_of(kind, number) for kind in WRITE_OFFS]
        assert len({(m.status, m.reason) for m in meanings if m}) == 1, number
        assert None not in meanings


def test_lost_stolen_seized_and_destroyed_are_no_end() -> None:
    ends = {Status.DELIVERED, Status.RETURNED, Status.CANCELLED}
    for reason in (Reason.LOST, Reason.STOLEN, Reason.SEIZED, Reason.DESTROYED):
        found = [meaning for pair in PAIRS if (meaning := meaning_of(*pair)) and meaning.reason is reason]
        assert found
        assert not {meaning.status for meaning in found} & ends
    assert meaning_of("BDR", "09") == meaning_of("BDR", "69")  # "not found" until 2017, "not yet here" since


def test_an_unmapped_code_has_no_meaning() -> None:
    assert [meaning_of(*pair) for pair in [("BDE", "99"), ("ZZQ", "01"), ("BDE", ""), ("", "01")]] == [None] * 4
    assert _status(("FC", "82")) is Status.REGISTERED
    assert _status(("FC", "03")) is Status.IN_TRANSIT


def test_the_list_lies_in_the_package() -> None:
    assert Path(__file__).parents[3] / "src/paradeiro" in LIST.parents


def _status(pair: tuple[str, str]) -> Status | None:
    meaning = meaning_of(*pair)
    assert meaning is not None
    return meaning.status
