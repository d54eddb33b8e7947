"""`paradeiro mail hook, bounce, suppressed, status`, on a real database."""

import json
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from paradeiro.cli.commands import app
from tests.connectors.tellings import fixtures
from tests.databases import START

ask = CliRunner().invoke
KEY = "3f0c8a52-7d1e-4b6f-9a34-5c2e8d7b1f60"
STORE = ["--store", "Loja da Bia"]
SAVED = {path.stem: path.read_bytes() for path in fixtures("email", "reports", "*")}


@pytest.fixture
def stored(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A store whose one mail went to Ana."""
    monkeypatch.setenv("PARADEIRO_DATABASE_URL", database)
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path / "data"))
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO store (name, created_at) VALUES ('Loja da Bia', %s)", (START,))
        connection.execute(
            "INSERT INTO orders (store_id, number, seen_at, created_at) VALUES (1, 'N-77', %s, %s)", (START, START)
        )
        connection.execute(
            """INSERT INTO shipment (store_id, order_id, carrier, tracking_code, tracking_token, registered_at, status)
               VALUES (1, 1, 'correios', 'AA123456785BR', 't', %s, 'accepted')""",
            (START,),
        )


def account(name: str, database: str, key: str = KEY) -> None:
    settings = ["host=127.0.0.1", "port=9", "from_address=a@example.com", "password=x"]
    said = ask(app, ["account", "email", *STORE, "--name", name, *[w for s in settings for w in ("--set", s)]])
    assert said.exit_code == 0, said.output
    with psycopg.connect(database) as connection:
        connection.execute(
            """INSERT INTO effect (store_id, order_id, shipment_id, account_id, kind, cause, key, state, not_before,
                                   created_at, sent_to, doubts)
               SELECT 1, 1, 1, max(id), 'customer_mail', 'x', %s, 'done', %s, %s, 'ana@example.com', 1 FROM account""",
            (key, START, START),
        )


@pytest.mark.usefixtures("stored")
def test_what_came_back_by_a_pipe(database: str) -> None:
    assert ask(app, ["mail", "status", *STORE]).exit_code == 2, "there is no mail account yet"
    account("mail", database)
    assert "Every address" in ask(app, ["mail", "suppressed", *STORE]).output
    said = ask(app, ["mail", "bounce", *STORE], input=SAVED["hard_postfix"])
    assert (said.exit_code, "hard: 550 5.1.1" in said.output) == (0, True), said.output
    assert "Nothing of ours" in ask(app, ["mail", "bounce", *STORE], input=SAVED["nothing_vacation"]).output
    assert "neither a mail" in ask(app, ["mail", "bounce", *STORE], input=b"\xff\x00").output
    facts = json.loads(ask(app, ["mail", "suppressed", *STORE, "--json"]).stdout)
    assert [(each["address"], each["kind"]) for each in facts] == [("ana@example.com", "hard")]
    listed = ask(app, ["mail", "suppressed", *STORE]).output
    assert "ana@example.com  hard, since" in listed
    counted = ask(app, ["mail", "status", *STORE]).output
    assert "in doubt   1" in counted
    assert "1 hard, 0 soft" in counted
    assert ask(app, ["mail", "suppressed", *STORE, "--lift", "Ana@example.com"]).exit_code == 0
    assert ask(app, ["mail", "suppressed", *STORE, "--lift", "ana@example.com"]).exit_code == 2
    with psycopg.connect(database) as connection:
        entries = connection.execute(
            "SELECT action, said, entry_point FROM audit WHERE action = 'lift_suppression'"
        ).fetchall()
    assert entries == [("lift_suppression", "a•••@e•••.com", "cli")]


@pytest.mark.usefixtures("stored")
def test_an_address_is_made_once_and_closed_for_good(database: str) -> None:
    account("mail", database)
    hook = ["mail", "hook", *STORE, "--public-url", "https://p.example/"]
    first = ask(app, hook).stdout.strip()
    assert first.startswith("https://p.example/hooks/email/")
    assert ask(app, hook).stdout.strip() == first
    assert ask(app, [*hook, "--end"]).exit_code == 0
    assert ask(app, hook).stdout.strip() != first
    account("second", database, KEY.replace("3f", "4f"))
    said = ask(app, hook)
    assert (said.exit_code, "several" in said.output) == (2, True)
    assert ask(app, [*hook, "--account", "second"]).exit_code == 0
