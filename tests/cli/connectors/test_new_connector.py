"""In: a name, a way; out: a folder that passes the conformance suite, the linter and the type checker at once."""

import importlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from paradeiro.cli.connectors.new_connector import (
    NewConnectorError,
    contents,
    name_problem,
    new_connector,
    way_named,
)
from paradeiro.domain.words import Outcome, Way
from paradeiro.sdk.conformance.suite import check, verdicts
from paradeiro.sdk.contract import AccountRef, Connector
from tests.connectors.parties import Asked, Reply, party

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


def made_connector(package: Path, name: str, way: Way) -> Connector:
    new_connector(name, package, way)
    connector = importlib.import_module(f"{package.name}.{name}").CONNECTOR
    assert isinstance(connector, Connector)
    return connector


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("name", ["jadlog", "total_express", LONGEST])
def test_a_new_connector_conforms(package: Path, name: str, way: Way) -> None:
    made = new_connector(name, package, way)
    assert {p.name for p in made} >= {"__init__.py", "parse.py", "codes.py", "events.py", "README.md", "quality.toml"}
    assert all(p.is_file() and p.is_relative_to(package / name) for p in made)
    connector = importlib.import_module(f"{package.name}.{name}").CONNECTOR
    assert isinstance(connector, Connector)
    assert (connector.name, connector.ways) == (name, {way})
    assert not check(connector)
    modules = {Path(str(m.__file__)) for n, m in sys.modules.items() if n.startswith(f"{package.name}.{name}.")}
    assert modules == {p for p in made if p.suffix == ".py" and p.name != "__init__.py"}, "it stands alone"
    text = "".join(p.read_bytes().decode("latin-1") for p in made)
    assert "example_carrier" not in text.lower().replace(" ", "_")
    assert "sdk.template" not in text


@pytest.mark.parametrize("way", Way)
def test_no_rule_of_its_way_is_left_out(package: Path, way: Way) -> None:
    found = {verdict.rule: verdict.state for verdict in verdicts(made_connector(package, f"by_{way}", way))}
    asks = way in {Way.ASKED, Way.FEED}
    assert found["failures"] == ("passes" if asks else "does not apply")
    assert found["pushes"] == ("passes" if way is Way.PUSH else "does not apply")
    assert [rule for rule, state in found.items() if state == "does not apply"] == [
        *([] if asks else ["failures"]),
        *([] if way is Way.PUSH else ["pushes"]),
        *("reports", "hard_cases", "deterministic", "read_back"),
    ]


def test_what_the_ways_share_is_there_once() -> None:
    first = contents(Way.ASKED)
    for way in (Way.FEED, Way.PUSH, Way.FILE):
        there = contents(way)
        assert there["codes.py"] is not None
        assert all(there[path] == first[path] for path in ("codes.py", "events.py"))
        assert there["README.md"].count(b"## How it works") == 1
        assert there["README.md"] != first["README.md"]


async def test_a_new_feed_is_read_page_by_page(package: Path) -> None:
    connector = made_connector(package, "by_feed", Way.FEED)
    page = (package / "by_feed/fixtures/two_packages.json").read_bytes()
    empty = b'{"trackings": [], "next": ""}'

    def answer(asked: Asked) -> Reply:
        return Reply(200, empty if "since" in asked.query else page, {"Content-Type": "application/json"})

    async with party(answer) as host:
        account = AccountRef(1, 1, "by_feed", "x", {"base_url": host.url, "token": "t"})
        session = connector.open(account, lambda: datetime.now(UTC))
        first = await session.read_feed("")
        second = await session.read_feed(first.cursor)
        await session.close()
    assert (first.outcome, first.bodies, first.cursor) == (Outcome.FOUND, (page,), "2026-03-05T14:12:09-03:00")
    assert (second.outcome, second.cursor) == (Outcome.NOT_FOUND, first.cursor)
    assert [asked.query for asked in host.asked] == [{}, {"since": first.cursor}]


def test_a_new_file_is_split_into_parts_that_are_read_alone(package: Path) -> None:
    connector = made_connector(package, "by_file", Way.FILE)
    assert connector.split_file is not None
    assert connector.parse is not None
    line = "EX1;2026-03-02T10:00:00;PICKED_UP;Coletado;São Paulo;SP\r\n".encode("latin-1")
    whole = b"tracking_code;at;code;text;city;state\r\n" + line * 201 + b"half a line\r\n" + line
    parts = list(connector.split_file(io.BytesIO(whole), {}))
    assert [(part.line, part.body.count(b"\n"), bool(part.problem)) for part in parts] == [
        (2, 200, False),
        (202, 1, False),
        (203, 1, True),
        (204, 1, False),
    ]
    read = [connector.parse(part.body)[0] for part in parts]
    assert [each.outcome for each in read] == [Outcome.FOUND, Outcome.FOUND, Outcome.MALFORMED, Outcome.FOUND]
    assert {event.place.city for each in read for event in each.events} == {"São Paulo"}


def test_a_way_that_there_is_not() -> None:
    assert way_named(" Feed ") is Way.FEED
    with pytest.raises(NewConnectorError, match="no way 'pull'; there are: asked, feed, push, file"):
        way_named("pull")


def test_a_new_connector_is_clean(package: Path) -> None:
    for way in Way:
        new_connector(f"by_{way}", package, way)
        new_connector(f"{LONGEST[: -len(way)]}{way}", package, way)
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
