"""Every table has a retention that is written down, and what only grows is deleted when its days are over."""

import re
from datetime import timedelta
from pathlib import Path

from paradeiro.db.operations import retention
from paradeiro.db.pool import transaction
from paradeiro.flow.context import Context
from paradeiro.worker.maintenance import maintain
from paradeiro.worker.retention_rules import KEPT, TIMED

ROOT = Path(__file__).parent.parent.parent


def test_every_table_is_named() -> None:
    schema = (ROOT / "src/paradeiro/db/schema.sql").read_text(encoding="utf-8")
    tables = set(re.findall(r"^CREATE TABLE (\w+)", schema, re.MULTILINE)) - {"reply_held"}
    named = set(re.findall(r"`(\w+)`", (ROOT / "docs/operations.md").read_text(encoding="utf-8")))
    assert len(tables) > 30
    assert tables - named == set()
    assert tables - KEPT.keys() == set()


def test_the_page_says_what_the_rules_say() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8").split("## What is kept for how long")[1]
    rows = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("| `")]
    said = {table: row[1].strip() for row in rows for table in re.findall(r"`(\w+)`", row[0])}
    assert said == KEPT
    for each in TIMED:
        assert re.search(
            rf"\b{each.days} days|a year" if each.days == 365 else rf"\b{each.days} days", KEPT[each.table]
        )


async def test_the_queues_log_is_emptied(context: Context) -> None:
    sql = """
        INSERT INTO pgqueuer_log (created, job_id, status, priority, entrypoint)
        SELECT now() + %s - age, 1, 'successful', 0, 'collect'
        FROM unnest(ARRAY['8 days', '9 days', '1 day']::interval[]) age"""
    async with transaction(context.pool) as connection:
        now = (await (await connection.execute("SELECT now()")).fetchone() or [None])[0]
        await connection.execute(sql, (context.now() - now,))
    assert await maintain(context)
    async with transaction(context.pool) as connection:
        left = await (await connection.execute("SELECT count(*) FROM pgqueuer_log WHERE job_id = 1")).fetchone()
        assert left == (1,)
        # A bound is a bound.
        gone = await retention.remove_job_log(connection, before=context.now() + timedelta(days=1), limit=1)
        assert gone == 1
