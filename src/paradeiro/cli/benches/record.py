"""In: a scratch database, a number of events; out: events/s through `record`, beside raw inserts of the same rows."""

import json
import time
from datetime import datetime, timedelta
from typing import Any

from paradeiro.app import open_app
from paradeiro.cli.accounts.accounts import add_account
from paradeiro.db.measuring import bench_rows
from paradeiro.db.pool import transaction
from paradeiro.domain.following.tracking_codes import s10_check_digit
from paradeiro.flow.context import Context
from paradeiro.flow.record import record_replies
from paradeiro.settings import Settings

_BATCH = 50
_STEPS = (("PO", "01"), ("DO", "01"), ("RO", "01"), ("OEC", "01"), ("BDE", "01"))
_CITIES = ("SAO PAULO", "CAMPINAS", "ITU", "SOROCABA", "SANTOS")


async def bench(settings: Settings, url: str, size: int) -> dict[str, Any]:
    """One process, packages of five events, all news at once."""
    packages = max(size // len(_STEPS), _BATCH)
    async with open_app(settings, url) as context:
        values = {"base_url": "http://127.0.0.1:9", "api_key": "cws-ch1_bench"}
        account = await add_account(
            context, "Bench", context.connectors["correios"], name="Correios", channel=None, values=values
        )
        ids = await _prepare(context, account, packages)
        began = time.perf_counter()
        done = 0
        for start in range(0, len(ids), _BATCH):
            done += (await record_replies(context, ids[start : start + _BATCH])).events
        took = time.perf_counter() - began
        ceiling = await _raw_inserts(context)
    return {
        "events": done,
        "events/s through record": done / took,
        "events/s raw INSERT ON CONFLICT": ceiling,
        "ratio to the raw inserts": done / took / ceiling,
    }


async def _prepare(context: Context, account: int, packages: int) -> list[int]:
    """Packages with a stored reply each, as collect leaves them. The ids of the replies."""
    now = context.now()
    codes = [f"AA{n:08d}{s10_check_digit(f'{n:08d}')}BR" for n in range(packages)]
    bodies = [_body(code, now - timedelta(hours=8)) for code in codes]
    async with transaction(context.pool) as connection:
        await bench_rows.add_packages(connection, account, codes, now=now)
        return await bench_rows.add_replies(connection, account, codes, bodies, now=now)


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


async def _raw_inserts(context: Context) -> float:
    """The ceiling: the very rows that were recorded, inserted raw, in statements of the same size."""
    async with context.pool.connection() as connection:
        rows = await bench_rows.event_rows(connection)
        step = _BATCH * len(_STEPS)
        began = time.perf_counter()
        for start in range(0, len(rows), step):
            async with connection.transaction():
                await bench_rows.insert_raw(connection, rows[start : start + step])
        return len(rows) / (time.perf_counter() - began)
