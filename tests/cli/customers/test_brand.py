"""`paradeiro brand`: shown and changed on a real database."""

from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from paradeiro.cli.commands import app
from tests.databases import START
from tests.domain.customers.test_brand import PNG


@pytest.fixture
def stored(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A database with one store, named by the settings."""
    monkeypatch.setenv("PARADEIRO_DATABASE_URL", database)
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path / "data"))
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO store (name, created_at) VALUES ('Loja', %s)", (START,))


@pytest.mark.usefixtures("stored")
def test_brand_is_set_and_shown(tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    logo.write_bytes(PNG)
    ask = CliRunner().invoke
    given = ["--accent", "#7a1f3d", "--host", "rastreio.loja.com.br", "--logo", str(logo)]
    assert ask(app, ["brand", "set", "--store", "Loja", *given]).exit_code == 0
    shown = ask(app, ["brand", "show", "--store", "Loja"])
    assert shown.exit_code == 0
    for part in ("#7a1f3d", "rastreio.loja.com.br", "image/png, 200 × 50"):
        assert part in shown.output


@pytest.mark.usefixtures("stored")
def test_what_is_wrong_is_said() -> None:
    ask = CliRunner().invoke
    missing = ask(app, ["brand", "show", "--store", "Laja"])
    assert missing.exit_code == 2
    assert "There are: Loja" in missing.output
    pale = ask(app, ["brand", "set", "--store", "Loja", "--accent", "#ffee00"])
    assert pale.exit_code == 2
    assert "choose a darker one" in pale.output
