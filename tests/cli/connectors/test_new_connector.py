"""In: a name; out: a folder that passes the conformance suite, the linter and the type checker at once."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from paradeiro.cli.connectors.new_connector import NewConnectorError, name_problem, new_connector
from paradeiro.sdk.conformance.suite import check
from paradeiro.sdk.contract import Connector

ROOT = Path(__file__).parents[3]
LONGEST = "a_party_with_the_longest_name_there_is_1"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package outside the source, in which connectors can be made and imported."""
    home = tmp_path / "freshly_made"
    home.mkdir()
    (home / "__init__.py").write_text('"""In: nothing; out: new connectors."""\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    yield home
    for name in [n for n in sys.modules if n.split(".")[0] == home.name]:
        del sys.modules[name]


@pytest.mark.parametrize("name", ["jadlog", "total_express", LONGEST])
def test_a_new_connector_conforms(package: Path, name: str) -> None:
    made = new_connector(name, package)
    assert {p.name for p in made} >= {"__init__.py", "parse.py", "codes.py", "client.py", "README.md", "quality.toml"}
    assert all(p.is_file() and p.is_relative_to(package / name) for p in made)
    connector = importlib.import_module(f"{package.name}.{name}").CONNECTOR
    assert isinstance(connector, Connector)
    assert connector.name == name
    assert not check(connector)
    text = "".join(p.read_text(encoding="utf-8") for p in made)
    assert "example_carrier" not in text.lower().replace(" ", "_")


def test_a_new_connector_is_clean(package: Path) -> None:
    new_connector("jadlog", package)
    new_connector(LONGEST, package)
    env = {**os.environ, "MYPYPATH": str(ROOT / "src")}
    config = f"--config={ROOT / 'pyproject.toml'}"
    for command in (
        ["ruff", "check", config, str(package)],
        ["ruff", "format", "--check", config, str(package)],
        [
            "mypy",
            f"--config-file={ROOT / 'pyproject.toml'}",
            "--cache-dir",
            str(package.parent / "cache"),
            str(package),
        ],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "name", ["", "Jadlog", "jad-log", "jad log", "../x", "1st", "_x", "x_", "a__b", "ã", "x" * 41, "x\n", "x.y"]
)
def test_a_bad_name_is_refused_with_the_rule(tmp_path: Path, name: str) -> None:
    with pytest.raises(NewConnectorError, match="cannot be a connector's name: lower-case letters"):
        new_connector(name, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["class", "match", "utils", "template"])
def test_a_word_with_a_meaning_is_refused(name: str) -> None:
    assert "a meaning of its own" in name_problem(name)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "jadlog").mkdir()
    (tmp_path / "jadlog" / "mine.py").write_text("x = 1\n")
    with pytest.raises(NewConnectorError, match="exists already; nothing was changed"):
        new_connector("jadlog", tmp_path)
    assert [p.name for p in (tmp_path / "jadlog").iterdir()] == ["mine.py"]


def test_a_place_that_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(NewConnectorError, match="is not a folder"):
        new_connector("jadlog", tmp_path / "nowhere")
