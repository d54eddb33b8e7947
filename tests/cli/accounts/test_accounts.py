"""`paradeiro account`: listed, paused and resumed, and added as before, on a real database."""

import json
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from paradeiro.cli.commands import app

ask = CliRunner().invoke


@pytest.fixture(autouse=True)
def _settings(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PARADEIRO_DATABASE_URL", database)
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path))
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO store (name, created_at) VALUES ('Loja', now()), ('Outra', now())")
    for store in ("Loja", "Outra"):
        words = ["--set", "user=u", "--set", "posting_card=1", "--set", "access_code=hidden-1"]
        assert ask(app, ["account", "correios", "--store", store, *words]).exit_code == 0


def _states() -> list[tuple[str, str]]:
    return [(a["store"], a["state"]) for a in json.loads(ask(app, ["account", "list", "--json"]).stdout)]


def test_accounts_are_listed_without_their_credentials() -> None:
    listed = ask(app, ["account", "list"])
    assert listed.exit_code == 0
    assert "Correios (correios), Loja: 0 followed, 0 wait" in listed.stdout
    of_one = ask(app, ["account", "list", "--store", "Outra", "--json"])
    assert [a["store"] for a in json.loads(of_one.stdout)] == ["Outra"]
    assert "hidden-1" not in listed.stdout + of_one.stdout


def test_an_account_is_paused_and_resumed(database: str) -> None:
    done = ask(app, ["account", "pause", "Correios", "--store", "Loja"])
    assert "Correios is disabled" in done.stdout
    assert _states() == [("Loja", "disabled"), ("Outra", "ok")]
    assert "disabled already" in ask(app, ["account", "pause", "1"]).stdout
    assert "goes on now; messages that waited for it: 0" in ask(app, ["account", "resume", "1"]).stdout
    assert "was not disabled" in ask(app, ["account", "resume", "1"]).stdout
    assert _states() == [("Loja", "ok"), ("Outra", "ok")]
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT action, entry_point FROM audit WHERE action LIKE '%e_account'").fetchall()
    assert rows == [("pause_account", "cli"), ("resume_account", "cli")]


def test_a_name_that_is_not_one_accounts_is_refused_with_what_to_write() -> None:
    several = ask(app, ["account", "pause", "Correios"])
    assert (several.exit_code, "give one's id (1, 2)" in several.stderr) == (2, True)
    unknown = ask(app, ["account", "pause", "Coreios"])
    assert (unknown.exit_code, "There are: 1 (Correios), 2 (Correios)." in unknown.stderr) == (2, True)
    assert _states() == [("Loja", "ok"), ("Outra", "ok")]
