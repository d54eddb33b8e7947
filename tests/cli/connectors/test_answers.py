"""What commands say to people and to programs: --version, --json, the status of parse, and sentences that help."""

import json
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from paradeiro import connectors
from paradeiro.cli.commands import app

ask = CliRunner().invoke
_SAVED = Path(next(iter(connectors.__path__))) / "correios" / "fixtures" / "delivered.json"


@pytest.fixture
def stored(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PARADEIRO_DATABASE_URL", database)
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path))
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO store (name, created_at) VALUES ('Loja', now())")


def test_the_version_is_said() -> None:
    said = ask(app, ["--version"])
    assert said.exit_code == 0
    assert said.stdout.startswith("paradeiro ")
    assert any(letter.isdigit() for letter in said.stdout)


@pytest.mark.parametrize(("data", "status"), [(b"", 1), (b"garbage", 1), (b"{}", 1), (_SAVED.read_bytes(), 0)])
def test_parse_ends_with_1_if_nothing_was_understood(data: bytes, status: int) -> None:
    assert ask(app, ["parse", "correios"], input=data).exit_code == status


def test_an_expected_file_may_say_that_nothing_was_understood() -> None:
    assert ask(app, ["parse", "correios", "--expected"], input=b"garbage").exit_code == 0


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    ("words", "empty"),
    [
        (["webhook", "list"], []),
        (["channel", "show", "--store", "Loja"], {}),
        (["key", "list"], []),
        (["brand", "show", "--store", "Loja"], None),
        (["mail", "policy", "--store", "Loja"], None),
        (["replay", "correios", "--since", "2026-11-02", "--dry-run"], None),
    ],
)
def test_what_is_shown_is_shown_as_json_too(words: list[str], empty: object) -> None:
    plain, facts = ask(app, words), ask(app, [*words, "--json"])
    assert (plain.exit_code, facts.exit_code) == (0, 0), facts.output
    read = json.loads(facts.stdout)
    assert read == empty if empty is not None else read
    assert plain.stdout
    assert plain.stdout != facts.stdout


def test_the_help_of_account_names_connectors_and_their_fields() -> None:
    said = ask(app, ["account", "--help"]).stdout
    assert "  correios: " in said
    assert "access_code+" in said
    assert "--store" in said


@pytest.mark.usefixtures("stored")
def test_sentences_say_what_to_write() -> None:
    begin = ["register", "--order", "1", "--store", "Loja"]
    refused = " ".join(ask(app, [*begin, "kangu", "X1"]).stderr.split())
    assert "'kangu' is no carrier we can follow. Known carriers: andreani, azul_cargo," in refused
    assert "seventeen_track" not in refused, "who only looks packages up carries nothing"
    wrong = " ".join(ask(app, [*begin, "correios", "AA123456780BR"]).stderr.split())
    assert "add --lenient" in wrong
    assert "lenient: true" not in wrong
    since = " ".join(ask(app, ["replay", "correios", "--since", "yesterday"]).stderr.split())
    assert "'yesterday' is no instant: 2026-11-02" in since
