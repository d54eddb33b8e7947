"""`paradeiro mail`: previews, policy and layouts, on a real database."""

from pathlib import Path

import psycopg
import pytest
from psycopg.types.json import Jsonb
from typer.testing import CliRunner

from paradeiro.cli.commands import app
from paradeiro.domain.words import MailKind
from tests.databases import START
from tests.domain.customers.test_brand import PNG

ask = CliRunner().invoke
GOOD = "<html><head></head><p>{{ said.apology }}</p>\n<h1>{{ said.sentence }}</h1>feito por Bia</html>"


@pytest.fixture
def stored(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A database with one store and one of its packages, named by the settings."""
    monkeypatch.setenv("PARADEIRO_DATABASE_URL", database)
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path / "data"))
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO store (name, created_at) VALUES ('Loja da Bia', %s)", (START,))
        connection.execute(
            """INSERT INTO orders (store_id, number, customer_name, seen_at, created_at)
               VALUES (1, 'N-77', 'Ana', %s, %s)""",
            (START, START),
        )
        invoice = {"number": "1", "items": [{"id": "1", "quantity": 3, "price": 1, "name": "Vaso azul"}]}
        connection.execute(
            """INSERT INTO shipment (store_id, order_id, carrier, tracking_code, tracking_token, registered_at, status,
                                     invoice)
               SELECT 1, id, 'correios', 'AA123456785BR', 't', %s, 'registered', %s FROM orders""",
            (START, Jsonb(invoice)),
        )


def test_a_preview_needs_no_database(tmp_path: Path) -> None:
    said = ask(app, ["mail", "preview", "--to", str(tmp_path / "out")])
    assert said.exit_code == 0
    names = {p.name for p in (tmp_path / "out").iterdir()}
    index = (tmp_path / "out" / "index.html").read_text()
    for kind in MailKind:
        for language in ("pt-BR", "en", "es"):
            found = {n for n in names if n.startswith(kind) and n.endswith((f"{language}.html", f"{language}.txt"))}
            assert len(found) >= 2
            assert all(f'href="{n}"' in index for n in found)


@pytest.mark.usefixtures("stored")
def test_a_preview_of_a_store_and_an_order_shows_them(tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    logo.write_bytes(PNG)
    brand = ["brand", "set", "--store", "Loja da Bia", "--accent", "#7a1f3d", "--logo", str(logo)]
    assert ask(app, brand).exit_code == 0
    to = tmp_path / "out"
    said = ask(app, ["mail", "preview", "--store", "Loja da Bia", "--order", "N-77", "--to", str(to)])
    assert said.exit_code == 0, said.output
    html = (to / "delivered.en.html").read_text()
    for part in ("N-77", "3 × Vaso azul", "Loja da Bia", "#7a1f3d", 'src="logo.png"'):
        assert part in html
    assert (to / "logo.png").read_bytes() == PNG
    assert "Em preparação" in (to / "now.pt-BR.html").read_text()
    missing = ask(app, ["mail", "preview", "--store", "Loja da Bia", "--order", "N-78", "--to", str(to)])
    assert missing.exit_code == 2
    assert "N-78" in missing.output


@pytest.mark.usefixtures("stored")
def test_the_policy_is_set_and_shown() -> None:
    begin = ["mail", "policy", "--store", "Loja da Bia"]
    assert "quiet: 21:00-08:00" in ask(app, begin).output
    changed = ask(app, [*begin, "--send", "shipped,delivered,correction", "--quiet", "22:00-07:30", "--no-moves-a-day"])
    assert changed.exit_code == 0, changed.output
    shown = ask(app, begin).output
    assert "sent:  shipped, delivered, correction, address\n" in shown
    assert "quiet: 22:00-07:30, but for: out_for_delivery, delivered, correction" in shown
    assert "a mail each time" in shown
    for wrong, words in (("--quiet=25-1", "no hours"), ("--send=sold", "none of"), ("--send=shipped", "always sent")):
        said = ask(app, [*begin, wrong])
        assert said.exit_code == 2
        assert words in said.output
    assert ask(app, begin).output == shown


@pytest.mark.usefixtures("stored")
def test_a_layout_is_checked_kept_shown_and_removed(tmp_path: Path) -> None:
    file, begin = tmp_path / "mine.html", ["mail", "template"]
    store = ["--store", "Loja da Bia"]
    file.write_text(GOOD.replace("said.sentence", "said.sentenze"))
    for wrong in (["check", str(file)], ["set", str(file), *store]):
        said = ask(app, [*begin, *wrong])
        assert said.exit_code == 2
        assert "line 2" in said.output
        assert "sentenze" in said.output
    file.write_text(GOOD)
    assert ask(app, [*begin, "check", str(file)]).exit_code == 0
    assert "{{ said.sentence }}" in ask(app, [*begin, "show", *store]).output
    assert ask(app, [*begin, "set", str(file), *store]).exit_code == 0
    assert ask(app, [*begin, "show", *store]).stdout.strip() == GOOD
    ask(app, ["mail", "preview", *store, "--to", str(tmp_path / "out")])
    assert "feito por Bia" in (tmp_path / "out" / "shipped.es.html").read_text()
    assert ask(app, [*begin, "remove", *store]).exit_code == 0
    assert "feito por Bia" not in ask(app, [*begin, "show", *store]).output


def test_our_own_layout_is_one_that_a_store_may_begin_from() -> None:
    from importlib.resources import files

    ours = files("paradeiro.connectors.email") / "templates" / "position.html.j2"
    with ours.open() as given:
        assert ask(app, ["mail", "template", "check", given.name]).exit_code == 0
