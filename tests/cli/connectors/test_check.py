"""In: a connector that passes and one that does not; out: the table of `paradeiro check` and its exit status."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from paradeiro.cli.connectors.check import check_command, check_connector
from paradeiro.cli.connectors.parse import UnknownConnectorError
from paradeiro.sdk.conformance.suite import RULES
from paradeiro.sdk.template.example_carrier import CONNECTOR


def run(connector: object) -> tuple[int, str]:
    out = io.StringIO()
    status = check_connector(connector, Console(file=out, width=140))  # type: ignore[arg-type] # a test's own
    return status, out.getvalue()


def test_a_connector_that_keeps_all() -> None:
    status, text = run(CONNECTOR)
    assert status == 0
    assert all(rule.name in text for rule in RULES)
    assert "does not apply" in text


def test_a_connector_that_breaks_one() -> None:
    status, text = run(replace(CONNECTOR, parse=lambda _: []))
    assert status == 1
    assert "broken" in text
    assert "fixtures: parse gave []" in text


def test_an_unknown_name() -> None:
    with pytest.raises(UnknownConnectorError, match="there is no connector 'nobody'"):
        check_command("nobody", Console(file=io.StringIO()))
