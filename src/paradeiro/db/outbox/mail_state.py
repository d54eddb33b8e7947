"""In: a store's mail templates and its sent mails; out: the same, and the packages to remind of."""

from collections.abc import Sequence
from datetime import datetime

from paradeiro.db.pool import Connection
from paradeiro.domain.outbox.mail_policy import REMIND_DAYS, SentMail, StoreTemplates
from paradeiro.domain.words import Status


async def mail_templates(connection: Connection, store_id: int) -> StoreTemplates:
    """The store's own templates."""
    # Parts of a newer version are ignored.
    sql = "SELECT part, source FROM mail_template WHERE store_id = %s AND part IN ('html', 'text')"
    rows = await (await connection.execute(sql, (store_id,))).fetchall()
    return StoreTemplates(**{row[0]: row[1] for row in rows})


async def put_template(connection: Connection, store_id: int, part: str, source: str, *, now: datetime) -> None:
    """Store a part; an empty one restores the built-in one."""
    await connection.execute("DELETE FROM mail_template WHERE store_id = %s AND part = %s", (store_id, part))
    if source:
        sql = "INSERT INTO mail_template (store_id, part, source, updated_at) VALUES (%s, %s, %s, %s)"
        await connection.execute(sql, (store_id, part, source, now))


async def last_mails(connection: Connection, shipment_ids: Sequence[int]) -> dict[int, SentMail]:
    """The last mail sent about each package."""
    sql = """
        SELECT DISTINCT ON (shipment_id) shipment_id, sent_status, ended_at FROM effect
        WHERE shipment_id = ANY(%s) AND state = 'done' AND sent_status IS NOT NULL
          AND kind IN ('customer_mail', 'customer_correction', 'customer_reminder')
        ORDER BY shipment_id, ended_at DESC, id DESC"""
    rows = await connection.execute(sql, (list(shipment_ids),))
    return {row[0]: SentMail(Status(row[1]), row[2]) async for row in rows}


async def shipments_to_remind(connection: Connection, *, now: datetime, after: int, limit: int) -> list[int]:
    """Packages after this id, in order, whose pickup deadline is near and that have no reminder of it. The caller
    applies the store's time zone.
    """
    sql = """
        SELECT s.id FROM shipment s
        WHERE s.status = 'available_for_pickup' AND s.package_id IS NULL AND s.replaced_by IS NULL AND s.id > %s
          -- Compared as texts (they are ISO dates): one that is none must not end the question about all stores.
          AND s.snapshot ->> 'pickup_deadline' BETWEEN to_char((%s AT TIME ZONE 'UTC')::date - 1, 'YYYY-MM-DD')
              AND to_char((%s AT TIME ZONE 'UTC')::date + %s, 'YYYY-MM-DD')
          AND NOT EXISTS (SELECT 1 FROM set_aside x WHERE x.what IN ('reminder', 'shipment') AND x.row_id = s.id)
          AND NOT EXISTS (
            SELECT 1 FROM effect e WHERE e.shipment_id = s.id AND e.kind = 'customer_reminder'
              AND e.cause = 'pickup until ' || (s.snapshot ->> 'pickup_deadline'))
        ORDER BY s.id LIMIT %s"""
    values = (after, now, now, REMIND_DAYS + 1, limit)
    return [row[0] async for row in await connection.execute(sql, values)]
