"""`paradeiro operator list` and `reset --second-factor`: passkeys are counted and taken away."""

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
        connection.execute("INSERT INTO store (name, created_at) VALUES ('Loja', now())")


def test_passkeys_are_counted_and_taken_away_with_the_second_factor(database: str) -> None:
    for email in ("bia@loja.example.com", "caio@loja.example.com"):
        assert ask(app, ["operator", "add", email, "--store", "Loja"]).exit_code == 0
    with psycopg.connect(database) as connection:
        connection.execute(
            """INSERT INTO operator_passkey (operator_id, credential_id, public_key, sign_count, name, created_at)
               SELECT id, email::bytea || n::text::bytea, '', 0, 'x', now() FROM operator, generate_series(1, 2) n"""
        )
        connection.execute(
            """INSERT INTO operator_identity (issuer, subject, operator_id, linked_at)
               SELECT 'https://sso.example.com', email, id, now() FROM operator"""
        )

    def counted() -> dict[str, tuple[int, bool]]:
        lines = json.loads(ask(app, ["operator", "list", "--json"]).stdout)
        return {line["email"].partition("@")[0]: (line["passkeys"], line["openid"]) for line in lines}

    assert counted() == {"bia": (2, True), "caio": (2, True)}
    assert ask(app, ["operator", "reset", "bia@loja.example.com"]).exit_code == 0
    assert counted() == {"bia": (2, True), "caio": (2, True)}
    assert ask(app, ["operator", "reset", "bia@loja.example.com", "--second-factor"]).exit_code == 0
    assert counted() == {"bia": (0, False), "caio": (2, True)}
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT subject FROM operator_identity").fetchall()
    assert rows == [("caio@loja.example.com",)]
