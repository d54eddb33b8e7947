"""`paradeiro operator`: added, listed, ended and reset at the machine, on a real database."""

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
    monkeypatch.setenv("PARADEIRO_PUBLIC_URL", "https://pacotes.loja.example")
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO store (name, created_at) VALUES ('Loja', now()), ('Outra', now())")


def _listed(*words: str) -> list[tuple[str, str, str, str]]:
    lines = json.loads(ask(app, ["operator", "list", "--json", *words]).stdout)
    return [(line["email"], line["role"], line["store"], line["state"]) for line in lines]


def test_people_are_added_listed_and_ended() -> None:
    added = ask(app, ["operator", "add", "Ana@Loja.example", "--store", "Loja", "--role", "administrator"])
    assert "https://pacotes.loja.example/sign-in/" in added.stdout
    assert "It works once." in added.stdout
    also = ask(app, ["operator", "add", "ana@loja.example", "--store", "Outra", "--name", "Outra", "--json"])
    assert json.loads(also.stdout)["name"] == "Ana", "who is there keeps their name"
    assert _listed() == [
        ("ana@loja.example", "administrator", "Loja", "invited"),
        ("ana@loja.example", "operator", "Outra", "invited"),
    ]
    again = ask(app, ["operator", "add", "ana@loja.example", "--store", "Outra", "--role", "viewer"])
    assert "Ana is viewer of Outra from now on" in again.stdout
    assert "sign-in" not in again.stdout
    assert "ana@loja.example" in ask(app, ["operator", "list"]).stdout
    assert ask(app, ["operator", "end", "ana@loja.example", "--store", "Outra"]).exit_code == 0
    assert _listed() == [("ana@loja.example", "administrator", "Loja", "invited")]
    assert "out of Loja" in ask(app, ["operator", "end", "ana@loja.example"]).stdout, "at the machine also the last one"
    assert _listed() == []
    assert "Nobody yet" in ask(app, ["operator", "list"]).stdout


def test_a_reset_prints_a_link_and_is_in_the_audit_log(database: str) -> None:
    ask(app, ["operator", "add", "ana@loja.example", "--store", "Loja"])
    reset = ask(app, ["operator", "reset", "ana@loja.example", "--second-factor"])
    assert "https://pacotes.loja.example/sign-in/" in reset.stdout
    with psycopg.connect(database) as connection:
        purposes = connection.execute("SELECT purpose FROM operator_link ORDER BY purpose").fetchall()
        said = connection.execute("SELECT action, entry_point, said FROM audit ORDER BY id").fetchall()
    assert purposes == [("invitation",), ("reset",)]
    assert said == [
        ("add_operator", "cli", "ana@loja.example: operator"),
        ("reset_operator", "cli", "ana@loja.example, second factor too"),
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["add", "ana", "--store", "Loja"], "no e-mail address"),
        (["add", "ana@loja.example", "--store", "Lojaa"], "Lojaa"),
        (["end", "bia@loja.example"], "nobody with the address bia@loja.example"),
        (["reset", "bia@loja.example"], "paradeiro operator list"),
        (["add", "ana@loja.example", "--store", "Loja", "--name", "\x07"], "letters"),
    ],
)
def test_what_cannot_be_done_is_said(words: list[str], sentence: str) -> None:
    said = ask(app, ["operator", *words])
    assert (said.exit_code, sentence in said.stderr) == (2, True), said.stderr
    assert _listed() == []


def test_a_new_store_has_the_administrators_of_all_others() -> None:
    for store in ("Loja", "Outra"):
        ask(app, ["operator", "add", "ana@loja.example", "--store", store, "--role", "administrator"])
    ask(app, ["operator", "add", "bia@loja.example", "--store", "Loja", "--role", "administrator"])
    added = ask(app, ["store", "add", "Terceira"])
    assert "Its administrators: ana." in added.stdout
    assert _listed("--store", "Terceira") == [("ana@loja.example", "administrator", "Terceira", "invited")]
