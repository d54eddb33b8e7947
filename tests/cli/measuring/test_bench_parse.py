"""The bench of `parse` measures every carrier on answers with events, beside a bare decode of the same bytes."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from paradeiro.cli.benches import parse
from paradeiro.cli.commands import app
from paradeiro.connectors import discover
from paradeiro.sdk.conformance.subject import is_carrier, subject_of
from paradeiro.sdk.contract import Connector
from paradeiro.sdk.template.example_carrier import CONNECTOR
from paradeiro.sdk.template.file_carrier import CONNECTOR as BY_FILE


def test_every_carrier_is_measured() -> None:
    rows = parse.bench(1, discover().values())
    assert rows.keys() == {name for name, connector in discover().items() if is_carrier(connector)}
    ratios = [row["ratio"] for row in rows.values()]
    assert ratios == sorted(ratios, reverse=True)
    for name, row in rows.items():
        assert next(iter(row)) == "ratio"
        assert row["ratio"] == pytest.approx(row["us_per_answer"] / row["us_bare_decode"]), name
        assert row["events"] > 0, name
    assert (rows["nfe_cte"]["decoded_as"], rows["ocoren"]["decoded_as"]) == ("xml", "lines")


@pytest.mark.parametrize(("connector", "decoded_as"), [(CONNECTOR, "json"), (BY_FILE, "lines")])
def test_only_answers_with_events_count(connector: Connector, decoded_as: str) -> None:
    subject = subject_of(connector)
    with_events = [parsed for _, parsed in subject.found_fixtures()]
    assert 0 < len(with_events) <= len(subject.fixtures)
    (row,) = parse.bench(100, [connector]).values()
    assert row["events"] == sum(len(each.events) for parsed in with_events for each in parsed)
    assert row["answers"] == 100 // len(with_events) * len(with_events)
    assert row["decoded_as"] == decoded_as


def test_more_work_is_a_larger_ratio() -> None:
    read = CONNECTOR.parse
    assert read is not None
    slow = replace(CONNECTOR, name="slow", parse=lambda data: [read(data) for _ in range(50)][-1])
    rows = parse.bench(400, [CONNECTOR, slow])
    assert list(rows) == ["slow", "example_carrier"]
    assert rows["slow"]["ratio"] > 10 * rows["example_carrier"]["ratio"]


def test_the_command_prints_a_table_or_json() -> None:
    plain = CliRunner().invoke(app, ["bench", "parse", "--size", "100"], terminal_width=200)
    assert plain.exit_code == 0, plain.output
    assert "bench parse" in plain.output
    said = CliRunner().invoke(app, ["bench", "parse", "--size", "100", "--json"])
    assert json.loads(said.output).keys() == {name for name, each in discover().items() if is_carrier(each)}
    nothing = CliRunner().invoke(app, ["bench", "speed"])
    assert "there is no bench 'speed'" in nothing.output
    assert "parse" in nothing.output
