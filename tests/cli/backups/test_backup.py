"""A backup of an instance with news coming in is restored elsewhere, and compared row by row."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from typer.testing import CliRunner, Result

from paradeiro.app import open_app
from paradeiro.cli.commands import app
from paradeiro.cli.running.database import migrate_command
from paradeiro.db.accounts import stores
from paradeiro.db.backup import dump
from paradeiro.db.pool import transaction
from paradeiro.db.server.embedded import Embedded
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import PartyKind
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.settings import Settings
from tests.flow.conftest import ANA

PASSPHRASE = "correct horse battery"
Rows = dict[str, list[str]]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An instance with an embedded database in `tmp_path/a`, and a store with accounts; its database's address."""
    monkeypatch.setenv("PARADEIRO_BACKUP_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path / "a"))
    with Embedded(tmp_path / "a" / "postgres") as server:
        url = server.url("paradeiro")
        asyncio.run(migrate_command(url))
        asyncio.run(_fill(url))
        yield url


async def _fill(url: str) -> None:
    async with open_app(Settings(), url) as context, transaction(context.pool) as connection:
        store_id = await stores.add_store(connection, "Loja", now=context.now())
        for connector, kind in (("correios", PartyKind.CARRIER), ("email", PartyKind.MAIL)):
            await stores.put_account(
                connection,
                store_id,
                connector=connector,
                kind=kind,
                name=connector,
                settings={"user": "u"},
                secrets={"access_code": "geheim"},
                key=context.secret_key,
                now=context.now(),
            )


async def _register(url: str, first: int, stop: threading.Event, number: int) -> int:
    """Register packages until told to stop, `number` at most; how many."""
    async with open_app(Settings(), url) as context:
        for n in range(first, first + number):
            if stop.is_set():
                return n - first
            stated = Registration(Order(f"N-{n}", ANA), "correios", _code(n), Invoice(f"NF-{n}", value=5000))
            await register(context, 1, stated)
    return number


def _code(n: int) -> str:
    digits = f"{n:08}"
    rest = 11 - sum(int(d) * w for d, w in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return f"AA{digits}{ {10: 0, 11: 5}.get(rest, rest) }BR"


def rows_of(url: str) -> Rows:
    """Every row of every table, as text, sorted."""
    found = {}
    with psycopg.connect(url, options="-c timezone=UTC") as connection:
        for schema, table in connection.execute(dump._TABLES).fetchall():
            query = sql.SQL("SELECT t::text FROM {} t ORDER BY 1").format(sql.Identifier(schema, table))
            found[table] = [row[0] for row in connection.execute(query)]
    return found


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def backup_of(folder: Path) -> Path:
    done = run("backup", str(folder))
    assert done.exit_code == 0, done.output
    return max(folder.glob("*.backup"))


def test_restored_elsewhere_it_is_the_same_row_by_row(
    source: str, postgres: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows_of(source)
    stop = threading.Event()
    news = threading.Thread(target=lambda: asyncio.run(_register(source, 0, stop, 5000)))
    news.start()
    while len(rows_of(source)["shipment"]) < 10:
        stop.wait(0.05)
    early = rows_of(source)
    moving = backup_of(tmp_path / "backups")
    after = rows_of(source)
    stop.set()
    news.join()
    at_rest = backup_of(tmp_path / "second")
    as_it_was = rows_of(source)
    assert len(after["shipment"]) > len(early["shipment"]) > len(before["shipment"])

    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path / "b"))
    done = run("restore", str(moving))
    assert done.exit_code == 0, done.output
    with Embedded(tmp_path / "b" / "postgres") as other:
        found = rows_of(other.url("paradeiro"))
    # One instant: everything from before, nothing that was not, and each package with its order.
    assert set(early["shipment"]) <= set(found["shipment"]) <= set(after["shipment"])
    assert len(found["shipment"]) == len(found["orders"])
    assert (tmp_path / "b" / "secret.key").read_text() == (tmp_path / "a" / "secret.key").read_text()

    # A server of its own, reached by its address: here with the key in the environment.
    foreign = postgres.fresh_url("restored_elsewhere")
    monkeypatch.setenv("PARADEIRO_DATABASE_URL", foreign)
    monkeypatch.setenv("PARADEIRO_SECRET_KEY", (tmp_path / "a" / "secret.key").read_text())
    done = run("restore", str(at_rest), "--told-until", "none")
    assert done.exit_code == 0, done.output
    assert "The secret key of your settings is the backup's" in done.output
    assert rows_of(foreign) == as_it_was

    # From there back into a folder: what came from a foreign server is embedded again.
    from_foreign = backup_of(tmp_path / "third")
    monkeypatch.delenv("PARADEIRO_DATABASE_URL")
    monkeypatch.delenv("PARADEIRO_SECRET_KEY")
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path / "c"))
    assert run("restore", str(from_foreign), "--told-until", "none").exit_code == 0
    with Embedded(tmp_path / "c" / "postgres") as other:
        assert rows_of(other.url("paradeiro")) == as_it_was
    done = run("backup", "verify", str(at_rest), "--deep")
    assert (done.exit_code, "schema and rows are as they were" in done.output) == (0, True), done.output


def test_a_stream_goes_through_a_pipe(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-m", "paradeiro", "backup", "-"]
    made = subprocess.run(command, capture_output=True, check=True)
    assert b"standard output" in made.stderr
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path / "b"))
    subprocess.run(
        [*command[:3], "restore", "-", "--told-until", "none"], input=made.stdout, capture_output=True, check=True
    )
    with Embedded(tmp_path / "b" / "postgres") as other:
        assert rows_of(other.url("paradeiro")) == rows_of(source)


def test_what_is_no_whole_backup_changes_nothing(
    source: str, postgres: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = backup_of(tmp_path / "backups")
    cut = tmp_path / "cut.backup"
    cut.write_bytes(file.read_bytes()[:-100])
    assert run("backup", str(tmp_path / "clear"), "--no-encryption").exit_code == 0
    clear = next((tmp_path / "clear").iterdir()).read_bytes()
    # The whole dump is in it, only the manifest is not: it reaches the server, and is not committed.
    without_manifest = tmp_path / "without.backup"
    without_manifest.write_bytes(clear[: clear.rindex(b"manifest.json")])
    empty = postgres.fresh_url("nothing_restored")
    monkeypatch.setenv("PARADEIRO_DATABASE_URL", empty)
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path / "b"))
    done = run("restore", str(without_manifest))
    assert (done.exit_code, "cut off" in done.output or "not whole" in done.output) == (2, True), done.output
    assert rows_of(empty) == {}
    for words in (["restore"], ["backup", "verify"]):
        done = run(*words, str(cut))
        assert (done.exit_code, "passphrase" in done.output or "cut off" in done.output) == (2, True), done.output
    monkeypatch.setenv("PARADEIRO_BACKUP_PASSPHRASE", "another one of them")
    done = run("restore", str(file))
    assert (done.exit_code, "does not open" in done.output) == (2, True)
    assert rows_of(empty) == {}
    assert not (tmp_path / "b" / "secret.key").exists()


def test_nothing_is_overwritten_unasked(source: str, tmp_path: Path) -> None:
    file = backup_of(tmp_path / "backups")
    asyncio.run(_register(source, 0, threading.Event(), 1))
    known = rows_of(source)
    done = run("restore", str(file))
    assert (done.exit_code, "--replace" in done.output) == (2, True)
    assert rows_of(source) == known
    with psycopg.connect(source, application_name="paradeiro 1"):
        done = run("restore", str(file), "--replace")
        assert (done.exit_code, "Stop up" in done.output) == (2, True)
    done = run("restore", str(file), "--replace")
    assert done.exit_code == 0, done.output
    assert rows_of(source)["shipment"] == []


def test_a_newer_one_is_refused_and_an_older_one_is_migrated(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: Embedded
) -> None:
    with psycopg.connect(source) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    newer = backup_of(tmp_path / "newer")
    monkeypatch.setenv("PARADEIRO_DATABASE_URL", postgres.fresh_url("restored_versions"))
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path / "b"))
    done = run("restore", str(newer))
    assert (done.exit_code, "revision 9999" in done.output) == (2, True), done.output

    monkeypatch.delenv("PARADEIRO_DATABASE_URL")
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path / "a"))
    with psycopg.connect(source) as connection:
        connection.execute("DROP TABLE metric_count")
        connection.execute("ALTER TABLE worker_heartbeat DROP COLUMN pool_in_use, DROP COLUMN pool_waiting")
        connection.execute("ALTER TABLE store DROP COLUMN told_until, DROP COLUMN effect_salt")
        connection.execute("UPDATE alembic_version SET version_num = '0043'")
    older = backup_of(tmp_path / "older")
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path / "c"))
    done = run("restore", str(older))
    assert (done.exit_code, "revision 0043 and migrated to" in done.output) == (0, True), done.output


def test_without_a_passphrase_the_key_is_left_out_and_that_is_said(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PARADEIRO_BACKUP_PASSPHRASE")
    done = subprocess.run(
        [sys.executable, "-m", "paradeiro", "backup", str(tmp_path / "no")],
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # without a terminal to ask at
    )
    assert (done.returncode, "--no-encryption" in done.stderr) == (2, True), done.stderr
    assert list((tmp_path / "no").glob("*")) == [] if (tmp_path / "no").exists() else True
    done_ = run("backup", str(tmp_path / "clear"), "--no-encryption")
    assert (done_.exit_code, "key is NOT in it" in done_.output) == (0, True)
    file = next((tmp_path / "clear").iterdir())
    key = (tmp_path / "a" / "secret.key").read_bytes()
    assert key not in file.read_bytes()
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path / "b"))
    done_ = run("restore", str(file))
    assert (done_.exit_code, "key was NOT in the backup" in done_.output) == (0, True)


def test_a_failing_backup_leaves_no_file(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> dict[str, int]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dump, "table_counts", failing)
    done = run("backup", str(tmp_path / "backups"))
    assert (done.exit_code, "No space left" in done.output) == (2, True)
    assert list((tmp_path / "backups").iterdir()) == []


def test_the_password_is_no_argument(postgres: Embedded) -> None:
    where, environment = dump.connection_arguments("postgresql://me:geheim@db.example/paradeiro")
    assert "geheim" not in " ".join(where)
    assert environment["PGPASSWORD"] == "geheim"


def test_waiting_mails_that_were_due_are_not_sent_again(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(_register(source, 0, threading.Event(), 3))
    with psycopg.connect(source) as connection:
        connection.execute("""
            INSERT INTO effect (store_id, order_id, shipment_id, account_id, kind, cause, not_before, created_at)
            SELECT 1, s.order_id, s.id, a.id, 'customer_mail', 'c', now() + (s.id - 2) * interval '1 hour', now()
            FROM shipment s, account a WHERE a.kind = 'mail'""")
    keys = {row.split(",")[7] for row in rows_of(source)["effect"]}
    file = backup_of(tmp_path / "backups")
    states = {}
    for name, words in (("b", []), ("c", ["--told-until", "none"]), ("d", ["--told-until", "2020-01-01"])):
        monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path / name))
        assert run("restore", str(file), *words).exit_code == 0
        with Embedded(tmp_path / name / "postgres") as other, psycopg.connect(other.url("paradeiro")) as connection:
            mails = connection.execute("SELECT state, key::text FROM effect WHERE kind = 'customer_mail' ORDER BY id")
            found = mails.fetchall()
            states[name] = [state for state, _ in found]
            assert {key for _, key in found} <= keys  # the receiver knows what it was told already
    # Of the three one is due in an hour: the lost instance cannot have sent it.
    assert states == {"b": ["superseded", "superseded", "pending"], "c": ["pending"] * 3, "d": ["pending"] * 3}
