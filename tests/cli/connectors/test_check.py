"""In: connectors, good and broken ones; out: the lines of `paradeiro check` with file, line and next step."""

import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from paradeiro.cli.connectors.check import check_command, check_connector
from paradeiro.cli.connectors.next_steps import documentation_hints, step_of
from paradeiro.cli.connectors.parse import UnknownConnectorError
from paradeiro.connectors import discover
from paradeiro.sdk.conformance.subject import folder_of
from paradeiro.sdk.conformance.suite import RULES, Finding
from paradeiro.sdk.template.example_carrier import CONNECTOR

TEMPLATE = folder_of(CONNECTOR)
PAGE = "hint: docs/connectors/example_carrier.md: write the page for shops"


def run(connector: Any, folder: Path | None = None) -> tuple[int, list[str]]:
    out = io.StringIO()
    status = check_connector(connector, Console(file=out, width=140), folder)
    return status, out.getvalue().splitlines()


def said(lines: list[str], rule: str) -> list[str]:
    return [line for line in lines if line.startswith(f"{rule}: ")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the template, to be broken."""
    home = tmp_path / "example_carrier"
    shutil.copytree(TEMPLATE, home, ignore=shutil.ignore_patterns("__pycache__"))
    return home


def test_a_connector_that_keeps_all() -> None:
    status, lines = run(CONNECTOR)
    text = "\n".join(lines)
    assert status == 0
    assert all(rule.name in text for rule in RULES)
    assert "does not apply" in text
    page, tests, simulator = said(lines, "hint")
    assert page.startswith(f"{PAGE}: credentials step by step")
    assert "tests/connectors/test_example_carrier.py: test client" in tests
    assert "src/paradeiro/simulator/carriers/example_carrier.py: simulate it" in simulator


def test_a_connector_that_breaks_one() -> None:
    status, lines = run(replace(CONNECTOR, parse=lambda _: []))
    assert status == 1
    assert any("broken" in line for line in lines)
    assert said(lines, "fixtures")[0].startswith("fixtures: parse gave []")
    assert "→ say which is right: mend parse.py" in said(lines, "fixtures")[0]


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def without_line(path: Path, word: str) -> None:
    write(path, "".join(line for line in path.read_text().splitlines(keepends=True) if word not in line))


BREAKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a fixture is missing": (
        lambda home: (home / "fixtures/not_found.json").unlink(),
        "fixtures: fixtures/not_found.*: is missing: every carrier has one → save an answer",
    ),
    "an expected file is missing": (
        lambda home: (home / "fixtures/html.expected.json").unlink(),
        "fixtures: fixtures/html.html: there is no html.expected.json beside it → write it (",
    ),
    "an expected file says otherwise": (
        lambda home: write(home / "fixtures/html.expected.json", "[]"),
        "fixtures: fixtures/html.html: the expected file should be a list of 1 codes → say which is right",
    ),
    "personal data": (
        lambda home: write(home / "fixtures/html.html", "<html>ana@gmail.com</html>"),
        "no_secrets: fixtures/html.html: an e-mail address (use one at example.com) → replace it",
    ),
    "a file is missing": (
        lambda home: (home / "README.md").unlink(),
        "folder: README.md: is missing → make it",
    ),
    "a rule is not claimed": (
        lambda home: without_line(home / "quality.toml", "shuffled"),
        "quality: quality.toml:2: rule 'shuffled' is not in quality.toml → add the line: shuffled = \"done\"",
    ),
    "a rule that there is not": (
        lambda home: write(
            home / "quality.toml",
            (home / "quality.toml").read_text().replace('repeated = "done"', 'repeated = "done"\nspeed = "done"'),
        ),
        "quality: quality.toml:8: ",
    ),
    "a claim without a reason": (
        lambda home: write(
            home / "quality.toml", (home / "quality.toml").read_text().replace('repeated = "done"', 'repeated = "todo"')
        ),
        "quality: quality.toml:7: rule 'repeated' is 'todo' without a reason → write why: repeated = {",
    ),
    "a README without its sections": (
        lambda home: write(home / "README.md", "# Example Carrier\n\n## Known gaps\n"),
        "hint: README.md: write the section '## Where the contract comes from'",
    ),
}


@pytest.mark.parametrize("case", BREAKS)
def test_a_line_says_where_and_what_next(folder: Path, case: str) -> None:
    spoil, expected = BREAKS[case]
    spoil(folder)
    status, lines = run(CONNECTOR, folder)
    assert any(line.startswith(expected) for line in lines), "\n".join(lines)
    assert status == (0 if expected.startswith("hint") else 1)


def test_every_rule_has_a_next_step(tmp_path: Path) -> None:
    for rule in RULES:
        assert step_of(Finding("x", rule.name, "it is broken"), tmp_path).next, rule.name


def test_a_push_is_named_with_its_folder(tmp_path: Path) -> None:
    finding = Finding("x", "pushes", "found_delivered.http: gave not_found (no), should be found")
    assert step_of(finding, tmp_path).place == "fixtures/pushes/found_delivered.http"


def test_a_page_for_shops_is_found_where_it_is() -> None:
    jadlog = discover()["jadlog"]
    assert not list(documentation_hints("jadlog", folder_of(jadlog)))


def test_a_connector_that_cannot_be_imported_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "paradeiro" / "connectors" / "half_written"
    home.mkdir(parents=True)
    write(home / "__init__.py", '"""In: nothing; out: nothing yet."""\n\nCONNECTOR = int("none yet")\n')
    monkeypatch.setattr("paradeiro.connectors.__path__", [str(home.parent)])
    out = io.StringIO()
    discover.cache_clear()
    try:
        assert check_command("half_written", Console(file=out, width=140)) == 1
    finally:
        discover.cache_clear()
    assert out.getvalue().startswith("import: half_written/__init__.py:3: ValueError: invalid literal for int()")
    assert "→ mend it" in out.getvalue()


def test_an_unknown_name() -> None:
    with pytest.raises(UnknownConnectorError, match="there is no connector 'nobody'"):
        check_command("nobody", Console(file=io.StringIO()))
