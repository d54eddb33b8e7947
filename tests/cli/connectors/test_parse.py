"""In: saved answers, valid and unusual; out: the lines of `paradeiro parse`."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.cli.connectors.parse import UnknownConnectorError, find_connector, parse_command, understood
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome, Status, Withdraws
from paradeiro.sdk.conformance.mutations import GARBAGE
from paradeiro.sdk.template.example_carrier import CONNECTOR

NOW = datetime(2026, 4, 1, tzinfo=UTC)
FIXTURES = Path(__file__).parents[3] / "src/paradeiro/sdk/template/example_carrier/fixtures"
KNOWN = {"example_carrier": CONNECTOR, "shop": replace(CONNECTOR, name="shop", parse=None)}
FIELDS = ["tracking_code", "occurred_at", "code", "status", "reason", "city", "state", "country", "description"]


def lines(data: bytes, known: Any = None) -> list[dict[str, Any]]:
    return [json.loads(line) for line in parse_command("example_carrier", data, NOW, known or KNOWN)]


def test_events_oldest_first_then_the_snapshot() -> None:
    *events, last = lines((FIXTURES / "delivered.json").read_bytes())
    assert [list(event) for event in events] == [FIELDS] * 6
    assert events[0]["code"] == "LABEL_CREATED"
    assert [e["occurred_at"] for e in events] == sorted(e["occurred_at"] for e in events)
    assert events[2] == {
        "tracking_code": "EX0001",
        "occurred_at": "2026-03-03T01:20:00-03:00",
        "code": "IN_TRANSIT",
        "status": "in_transit",
        "reason": None,
        "city": "São Paulo",
        "state": "SP",
        "country": "BR",
        "description": "Em trânsito",
    }
    assert last == {
        "tracking_code": "EX0001",
        "snapshot": {"status": "delivered", "reason": None, "delivered_at": "2026-03-05T14:12:09-03:00"},
    }


def test_accents_stay_readable() -> None:
    assert any(
        "São Paulo" in line
        for line in parse_command("example_carrier", (FIXTURES / "delivered.json").read_bytes(), NOW, KNOWN)
    )


def test_an_unknown_code_is_shown_and_moves_nothing() -> None:
    *events, last = lines((FIXTURES / "unknown_code.json").read_bytes())
    assert events[-1]["status"] == "unknown"
    assert last["snapshot"]["status"] == "in_transit"


def test_what_is_read_can_be_printed_as_expected_files_have_it() -> None:
    for saved in ("delivered.json", "not_found.json", "html.html"):
        path = FIXTURES / saved
        (text,) = parse_command("example_carrier", path.read_bytes(), NOW, KNOWN, expected=True)
        want = json.loads(path.with_name(f"{path.stem}.expected.json").read_text(encoding="utf-8"))
        assert json.loads(text) == want
        assert understood([text]) is (saved != "html.html")


def test_not_found() -> None:
    (line,) = lines((FIXTURES / "not_found.json").read_bytes())
    assert (line["tracking_code"], line["outcome"]) == ("EX0003", "not_found")
    assert line["message"]


def test_a_withdrawn_event_says_so() -> None:
    delivered = TrackingEvent(NOW - timedelta(hours=3), "D", Status.DELIVERED)
    reversal = TrackingEvent(NOW - timedelta(hours=2), "EST", None, withdraws=Withdraws.PREVIOUS)
    parsed = [
        ParsedAnswer("X1", Outcome.FOUND, (reversal, delivered)),
        ParsedAnswer("X2", Outcome.REFUSED, message="no"),
    ]
    known = {"example_carrier": replace(CONNECTOR, parse=lambda _: parsed)}
    first, second, third, fourth = lines(b"x", known)
    assert first["withdrawn"] is True
    assert "withdrawn" not in second
    assert second["status"] is None
    assert third["snapshot"] == {"status": "unknown", "reason": None, "delivered_at": None}
    assert fourth == {"tracking_code": "X2", "outcome": "refused", "message": "no"}


@pytest.mark.parametrize("name", list(GARBAGE))
def test_rubbish_is_one_line_that_says_malformed(name: str) -> None:
    (line,) = lines(GARBAGE[name])
    assert line["outcome"] == "malformed"
    assert line["message"]


@given(st.binary(max_size=60))
def test_no_bytes_make_a_traceback(data: bytes) -> None:
    assert lines(data)


def test_a_connector_that_breaks_is_a_line_and_not_a_traceback() -> None:
    known = {"example_carrier": replace(CONNECTOR, parse=lambda _: 1 / 0)}
    (line,) = lines(b"x", known)
    assert line["outcome"] == "malformed"
    assert "ZeroDivisionError" in line["message"]


def test_a_lone_surrogate_can_be_printed() -> None:
    known = {"example_carrier": replace(CONNECTOR, parse=lambda _: [ParsedAnswer("\ud800", Outcome.NOT_FOUND)])}
    for line in parse_command("example_carrier", b"x", NOW, known):
        assert json.loads(line.encode())["tracking_code"] == "?"


@pytest.mark.slow
@pytest.mark.parametrize("words", [(), ("/dev/stdin",)], ids=["standard input", "a file"])
def test_the_command_prints_utf_8_whatever_the_terminal_speaks(words: tuple[str, ...]) -> None:
    event = {"codigo": "PO", "tipo": "01", "dtHrCriado": "2026-03-09T10:00:00", "descricao": "Objeto é \ud800"}
    answer = json.dumps({"objetos": [{"codObjeto": "AA123456785BR", "eventos": [event]}]}).encode()
    command = [sys.executable, "-m", "paradeiro", "parse", "correios", *words]
    env = os.environ | {"PYTHONIOENCODING": "ascii"}
    ended = subprocess.run(command, env=env, input=answer, capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert json.loads(ended.stdout.splitlines()[0])["description"].startswith("Objeto é")


@pytest.mark.slow
def test_a_closed_standard_input_is_said() -> None:
    script = f'exec "{sys.executable}" -m paradeiro parse correios <&-'
    ended = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr.strip() == "standard input is closed: name a file"


def test_an_unknown_connector_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownConnectorError, match="no connector 'corrreios'; there are: example_carrier, shop"):
        parse_command("corrreios", b"", NOW, KNOWN)
    with pytest.raises(UnknownConnectorError, match="'shop' reads no tracking answers; those that do: example_carrier"):
        parse_command("shop", b"", NOW, KNOWN)


def test_the_real_connectors_are_found() -> None:
    assert find_connector("correios").parse is not None
