"""In: what carriers' codes mean, as stores' staff said; out: the same, and the shipments that have such a code."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from paradeiro.db.pool import Connection
from paradeiro.domain.following.code_mappings import CodeMapping, Mappings
from paradeiro.domain.words import reason_or_other, status_or_unknown

# By store and connector.
StoreMappings = dict[tuple[int, str], dict[str, CodeMapping]]


@dataclass(frozen=True, slots=True)
class MappedCode:
    """A store's mapping, with who set it."""

    connector: str
    mapping: CodeMapping
    actor: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A code that nobody has mapped, with how many shipments of an account have it. `words`: what the carrier said with
    it the last time; `order_number`: of the shipment of that time.
    """

    account_id: int
    connector: str
    code: str
    shipments: int
    words: str = ""
    order_number: str = ""


def _mapping(code: str, status: str | None, reason: str | None) -> CodeMapping:
    return CodeMapping(code, None if status is None else status_or_unknown(status), reason_or_other(reason))


async def mappings_of(connection: Connection, store_ids: Collection[int]) -> StoreMappings:
    """The mappings of stores, by store and connector."""
    found: StoreMappings = defaultdict(dict)
    sql = "SELECT store_id, connector, code, status, reason FROM code_mapping WHERE store_id = ANY(%s)"
    async for store_id, connector, *row in await connection.execute(sql, (sorted(store_ids),)):
        found[store_id, connector][row[0]] = _mapping(*row)
    return found


def mappings_at(found: StoreMappings, store_id: int, connector: str) -> Mappings:
    """A store's mappings for one connector, by code."""
    return found.get((store_id, connector), {})


async def mapped_codes(connection: Connection, store_id: int) -> list[MappedCode]:
    """A store's mappings, by connector and code."""
    sql = """
        SELECT connector, code, status, reason, actor, set_at FROM code_mapping WHERE store_id = %s
        ORDER BY connector, code"""
    rows = await connection.execute(sql, (store_id,))
    return [MappedCode(row[0], _mapping(*row[1:4]), row[4], row[5]) async for row in rows]


async def lock_mapping(connection: Connection, store_id: int, connector: str, code: str) -> CodeMapping | None:
    """One mapping, locked until the transaction ends; None if there is none."""
    sql = """
        SELECT code, status, reason FROM code_mapping WHERE store_id = %s AND connector = %s AND code = %s FOR UPDATE"""
    row = await (await connection.execute(sql, (store_id, connector, code))).fetchone()
    return _mapping(*row) if row else None


async def put_mapping(
    connection: Connection, store_id: int, connector: str, mapping: CodeMapping, *, actor: str, now: datetime
) -> None:
    """Set or change a mapping."""
    sql = """
        INSERT INTO code_mapping (store_id, connector, code, status, reason, actor, set_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (store_id, connector, code) DO UPDATE
        SET status = EXCLUDED.status, reason = EXCLUDED.reason, actor = EXCLUDED.actor, set_at = EXCLUDED.set_at"""
    await connection.execute(sql, (store_id, connector, mapping.code, mapping.status, mapping.reason, actor, now))


async def remove_mapping(connection: Connection, store_id: int, connector: str, code: str) -> None:
    """Forget a mapping."""
    sql = "DELETE FROM code_mapping WHERE store_id = %s AND connector = %s AND code = %s"
    await connection.execute(sql, (store_id, connector, code))


# An event of a connector: of its own shipment, or reported by it of another carrier's.
_OF_CONNECTOR = "(e.reported_by = %(connector)s OR (e.reported_by = '' AND s.carrier = %(connector)s))"
_EVENTS = """
    (SELECT shipment_id, store_id, code, status, reason, source, recorded_at,
            coalesce(body ->> 'reported_by', '') AS reported_by FROM tracking_event)"""


async def shipments_with(
    connection: Connection,
    store_id: int,
    connector: str,
    code: str,
    *,
    before: CodeMapping | None,
    after: int,
    limit: int,
) -> list[int]:
    """Shipments with events that a connector reported under a code, without a meaning or with that of the mapping
    before, by id, a page at a time.
    """
    # Where there was none, the index of unknown events is enough.
    mapped = "" if before is None else " OR e.status IS NOT DISTINCT FROM %(status)s"
    sql = f"""
        SELECT DISTINCT e.shipment_id FROM {_EVENTS} e JOIN shipment s ON s.id = e.shipment_id
        WHERE e.store_id = %(store)s AND e.code = %(code)s AND e.source = 'carrier' AND {_OF_CONNECTOR}
          AND (e.status = 'unknown'{mapped}) AND e.shipment_id > %(after)s
        ORDER BY e.shipment_id LIMIT %(limit)s"""  # noqa: S608 - our own conditions
    values = {"store": store_id, "connector": connector, "code": code, "after": after, "limit": limit}
    rows = await connection.execute(sql, values | {"status": None if before is None else before.status})
    return [row[0] async for row in rows]


async def has_come_unknown(connection: Connection, store_id: int, connector: str, code: str) -> bool:
    """Whether a connector reported this code without knowing it."""
    sql = f"""
        SELECT 1 FROM {_EVENTS} e JOIN shipment s ON s.id = e.shipment_id
        WHERE e.store_id = %(store)s AND e.code = %(code)s AND e.source = 'carrier' AND e.status = 'unknown'
          AND {_OF_CONNECTOR} LIMIT 1"""  # noqa: S608 - our own conditions
    values = {"store": store_id, "connector": connector, "code": code}
    return await (await connection.execute(sql, values)).fetchone() is not None


async def unknown_codes(connection: Connection, store_id: int, *, since: datetime) -> list[UnknownCode]:
    """The codes recorded since an instant that nobody has mapped, those of most shipments first."""
    sql = """
        SELECT a.id, a.connector, e.code, count(DISTINCT e.shipment_id)::int,
               (array_agg(coalesce(e.body ->> 'description', '') ORDER BY e.recorded_at DESC, e.id DESC))[1],
               (array_agg(o.number ORDER BY e.recorded_at DESC, e.id DESC))[1]
        FROM tracking_event e JOIN shipment s ON s.id = e.shipment_id JOIN account a ON a.id = s.account_id
        JOIN orders o ON o.id = s.order_id
        WHERE e.store_id = %s AND e.status = 'unknown' AND e.recorded_at >= %s
          AND coalesce(nullif(e.body ->> 'reported_by', ''), s.carrier) = a.connector
        GROUP BY a.id, a.connector, e.code ORDER BY 4 DESC, 2, 3"""
    rows = await connection.execute(sql, (store_id, since))
    return [UnknownCode(*row) async for row in rows]
