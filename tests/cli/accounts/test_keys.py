"""`paradeiro key`: made, listed, revoked, on a real database."""

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


def test_keys_are_made_listed_and_revoked() -> None:
    made = ask(app, ["key", "add", "--store", "Loja", "--name", "erp"])
    assert made.stdout.startswith("pk_")
    as_before = ask(app, ["key", "--store", "Loja", "--name", "erp", "--scope", "read"])
    assert as_before.stdout.startswith("pk_")
    assert ask(app, ["key", "add", "--store", "Outra", "--name", "erp"]).exit_code == 0
    listed = ask(app, ["key", "list"])
    assert "pk_" not in listed.stdout
    assert "never" in listed.stdout
    lines = json.loads(ask(app, ["key", "list", "--store", "Loja", "--json"]).stdout)
    assert [(k["id"], k["name"], k["store"], k["scopes"], k["state"], k["last_used"]) for k in lines] == [
        (1, "erp", "Loja", ["read", "write"], "active", None),
        (2, "erp", "Loja", ["read"], "active", None),
    ]
    one = ask(app, ["key", "revoke", "1"])
    assert one.stdout == "Revoked: key 1, 'erp', of Loja.\n"
    rest = json.loads(ask(app, ["key", "revoke", "erp", "--store", "Loja", "--json"]).stdout)
    assert rest == {"revoked": [{"id": 2, "name": "erp", "store": "Loja"}]}
    states = [k["state"] for k in json.loads(ask(app, ["key", "list", "--json"]).stdout)]
    assert states == ["revoked", "revoked", "active"]


def test_a_key_that_is_not_there_names_those_that_are() -> None:
    ask(app, ["key", "add", "--store", "Loja", "--name", "erp"])
    said = ask(app, ["key", "revoke", "arp"])
    assert said.exit_code == 2
    assert "Active keys: 1 (erp)" in said.stderr
    assert ask(app, ["key", "--store", "Loja"]).exit_code == 2
