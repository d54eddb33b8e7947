"""The database refuses what no reader can load or show, and a migration mends what older versions took."""

from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, pool

import paradeiro.db
from paradeiro.db.migrate import migrate
from paradeiro.db.server.embedded import Embedded
from paradeiro.domain.bounds import EARLIEST, LATEST, MOST_CENTS

_NEVER = "'9999-12-31 23:59:59-12'"
_YEAR_1 = "'0001-01-01 00:00:00+00'"
_STORE = "INSERT INTO store (name, created_at) VALUES ('Loja', now())"
_ACCOUNT = """INSERT INTO account (store_id, connector, kind, name, secrets, created_at, open_at, next_visit)
    VALUES (1, 'posta', 'carrier', 'posta', '', now(), {open_at}, NULL)"""
_ORDER = """INSERT INTO orders (store_id, number, seen_at, created_at, promised_at, ordered_at)
    VALUES (1, E'{number}', now(), now(), {promised}, {ordered})"""
_SHIPMENT = """INSERT INTO shipment (store_id, order_id, carrier, tracking_code, invoice_number, invoice,
        tracking_token, registered_at, status, news_at, next_check, snapshot)
    VALUES (1, 1, 'posta', 'AA1', '{nth}', '{invoice}', 't{nth}', now(), 'in_transit', {news}, {check}, '{snapshot}')"""
_EVENT = """INSERT INTO tracking_event (store_id, shipment_id, occurred_at, code, source, body, recorded_at)
    VALUES (1, 1, {at}, 'X', 'carrier', '{{}}', now())"""
_EFFECT = """INSERT INTO effect (store_id, order_id, shipment_id, account_id, kind, cause, not_before, created_at)
    VALUES (1, 1, 1, 1, 'customer_mail', '{cause}', {at}, now())"""
_INVOICE = f'{{"number": "NF", "value": {10**19}, "issued_at": "0001-01-01T00:00:00Z"}}'
_SNAPSHOT = '{"status": "in_transit", "news_at": "0001-01-01T00:00:00Z", "since": "2026-11-02T12:00:00Z", "events": 1}'
_BAD = [
    _ACCOUNT.format(open_at=_NEVER),
    _ORDER.format(number="10\\n01", promised=_NEVER, ordered=_YEAR_1),
    _SHIPMENT.format(nth=1, invoice=_INVOICE, news=_YEAR_1, check=_NEVER, snapshot=_SNAPSHOT),
    _EVENT.format(at=_YEAR_1),
    _EVENT.format(at="'0001-01-02 00:00:00+00'"),
    _EVENT.format(at="'infinity'"),
    _EFFECT.format(cause="a", at=_NEVER),
]


def _until(url: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(paradeiro.db.__file__).parent / "migrations"))
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
    engine.dispose()


def test_what_an_older_version_took_is_mended_and_every_row_can_be_read_and_written(postgres: Embedded) -> None:
    url = postgres.fresh_url("mended")
    _until(url, "0018")
    with psycopg.connect(url) as connection:
        for statement in [_STORE, *_BAD]:
            connection.execute(statement.encode())
    migrate(url)
    with psycopg.connect(url, options="-c timezone=UTC") as connection:
        number, promised, ordered = connection.execute("SELECT number, promised_at, ordered_at FROM orders").fetchall()[
            0
        ]
        assert (number, promised, ordered) == ("10 01 1", None, None)
        sql = "SELECT news_at, next_check <= now(), snapshot, invoice FROM shipment"
        news, due, snapshot, invoice = connection.execute(sql).fetchall()[0]
        assert (news, due) == (None, True), "it is asked for again"
        assert snapshot == {"status": "in_transit", "since": "2026-11-02T12:00:00Z", "events": 1}
        assert invoice == {"number": "NF", "value": 0}
        events = [row[0] for row in connection.execute("SELECT occurred_at FROM tracking_event ORDER BY id")]
        assert [at.year for at in events] == [1990, 1990, 2099]
        assert len(set(events)) == 3
        assert connection.execute("SELECT open_at FROM account").fetchall() == [(None,)]
        assert connection.execute("SELECT not_before <= now() FROM effect").fetchall() == [(True,)], "it is told now"
        for table in ("orders", "shipment", "tracking_event", "effect", "account"):
            connection.execute(f"UPDATE {table} SET store_id = store_id".encode())
    postgres.drop("mended")


@pytest.mark.parametrize(
    "statement",
    [
        _ACCOUNT.format(open_at="'infinity'"),
        _ORDER.format(number="1", promised=_NEVER, ordered="NULL"),
        _ORDER.format(number="1", promised="NULL", ordered=_YEAR_1),
        _ORDER.format(number="1\\r\\n2", promised="NULL", ordered="NULL"),
        _ORDER.format(number="1" * 101, promised="NULL", ordered="NULL"),
        _SHIPMENT.format(nth=2, invoice="{}", news=_YEAR_1, check="NULL", snapshot="{}"),
        _SHIPMENT.format(nth=2, invoice="{}", news="NULL", check=_NEVER, snapshot="{}"),
        _SHIPMENT.format(nth=2, invoice=f'{{"value": {MOST_CENTS + 1}}}', news="NULL", check="NULL", snapshot="{}"),
        _EVENT.format(at=_NEVER),
        _EFFECT.format(cause="b", at="'infinity'"),
    ],
)
def test_the_database_refuses_it(database: str, statement: str) -> None:
    fine = _ORDER.format(number="ok", promised=f"'{LATEST.isoformat()}'", ordered=f"'{EARLIEST.isoformat()}'")
    with psycopg.connect(database) as connection:
        for each in (
            _STORE,
            _ACCOUNT.replace("'posta'", "'other'").format(open_at="NULL"),
            fine,
            _SHIPMENT.format(nth=1, invoice="{}", news="NULL", check="NULL", snapshot="{}"),
        ):
            connection.execute(each.encode())
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(statement.encode())


def test_the_bounds_are_those_of_the_domain() -> None:
    schema = (Path(paradeiro.db.__file__).parent / "schema.sql").read_text(encoding="utf-8")
    assert {EARLIEST, LATEST} == {datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)}
    assert f"BETWEEN 0 AND {MOST_CENTS})" in schema
