"""In: a scratch database, a number of events; out: events/s through `record`, beside raw inserts of the same rows."""

import json
import time
from datetime import datetime, timedelta
from typing import Any

from paradeiro.app import house
from paradeiro.cli.accounts import add_account
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.codes import s10_check_digit
from paradeiro.flow.means import Means
from paradeiro.flow.record import record_replies
from paradeiro.settings import Settings

_BATCH = 50
_STEPS = (("PO", "01"), ("DO", "01"), ("RO", "01"), ("OEC", "01"), ("BDE", "01"))
_CITIES = ("SAO PAULO", "CAMPINAS", "ITU", "SOROCABA", "SANTOS")


async def bench(settings: Settings, url: str, size: int) -> dict[str, Any]:
    """One process, packages of five events, all news at once."""
    packages = max(size // len(_STEPS), _BATCH)
    async with house(settings, url) as means:
        values = {"base_url": "http://127.0.0.1:9", "api_key": "cws-ch1_bench"}
        account = await add_account(
            means, "Bench", means.connectors["correios"], name="Correios", channel=None, values=values
        )
        ids = await _prepare(means, account, packages)
        began = time.perf_counter()
        done = 0
        for start in range(0, len(ids), _BATCH):
            done += (await record_replies(means, ids[start : start + _BATCH])).events
        took = time.perf_counter() - began
        ceiling = await _raw_inserts(means)
    return {
        "events": done,
        "events/s through record": done / took,
        "events/s raw INSERT ON CONFLICT": ceiling,
        "ratio to the raw inserts": done / took / ceiling,
    }


async def _prepare(means: Means, account: int, packages: int) -> list[int]:
    """Packages with a stored reply each, as collect leaves them. The ids of the replies."""
    now = means.now()
    codes = [f"AA{n:08d}{s10_check_digit(f'{n:08d}')}BR" for n in range(packages)]
    bodies = [_body(code, now - timedelta(hours=8)) for code in codes]
    async with transaction(means.pool) as connection:
        await _add_packages(connection, account, codes, now)
        sql = """
            INSERT INTO reply (store_id, account_id, tracking_code, digest, outcome, body, received_at)
            SELECT 1, %s, code, sha256(body), 'found', body, %s FROM unnest(%s::text[], %s::bytea[]) AS r (code, body)
            RETURNING id"""
        rows = await connection.execute(sql, (account, now, codes, bodies))
        ids = [row[0] async for row in rows]
        await connection.execute("ANALYZE")
    return ids


async def _add_packages(connection: Connection, account: int, codes: list[str], now: datetime) -> None:
    await connection.execute(
        """INSERT INTO orders (store_id, number, customer_email, seen_at, created_at)
           SELECT 1, code, 'a@example.com', %s, %s FROM unnest(%s::text[]) AS c (code)""",
        (now, now, codes),
    )
    await connection.execute(
        """INSERT INTO shipment (store_id, order_id, account_id, carrier, tracking_code, invoice_number, invoice,
                                 tracking_token, registered_at, status, next_check)
           SELECT 1, id, %s, 'correios', number, 'NF', '{"number": "NF"}', number, %s, 'registered', %s FROM orders""",
        (account, now - timedelta(days=1), now),
    )


def _body(code: str, posted: datetime) -> bytes:
    events = [
        {
            "codigo": kind,
            "tipo": number,
            "dtHrCriado": f"{posted + timedelta(hours=hour):%Y-%m-%dT%H:%M:%S}",
            "descricao": "Objeto em movimento",
            "unidade": {"tipo": "Unidade de Tratamento", "endereco": {"cidade": city, "uf": "SP"}},
        }
        for hour, ((kind, number), city) in enumerate(zip(_STEPS, _CITIES, strict=True))
    ]
    return json.dumps({"codObjeto": code, "eventos": events[::-1]}).encode()


async def _raw_inserts(means: Means) -> float:
    """The ceiling: the very rows that were recorded, inserted raw, in statements of the same size."""
    columns = "store_id, shipment_id, occurred_at, code, place_key, status, reason, source, withdraws, body::text"
    async with means.pool.connection() as connection:
        rows = await (await connection.execute(f"SELECT {columns} FROM tracking_event ORDER BY id")).fetchall()  # noqa: S608 - our own columns
        await connection.execute("CREATE TABLE raw_event (LIKE tracking_event INCLUDING ALL)")
        sql = """
            INSERT INTO raw_event (store_id, shipment_id, occurred_at, code, place_key, status, reason, source,
                                   withdraws, body, recorded_at)
            SELECT *, now() FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[],
                %s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[]) ON CONFLICT DO NOTHING"""
        step = _BATCH * len(_STEPS)
        began = time.perf_counter()
        for start in range(0, len(rows), step):
            async with connection.transaction():
                await connection.execute(
                    sql, [list(column) for column in zip(*rows[start : start + step], strict=True)]
                )
        return len(rows) / (time.perf_counter() - began)
