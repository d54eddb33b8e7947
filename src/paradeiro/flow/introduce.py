"""In: a shipment that was registered, or completed; out: what must be told once before any news, and what waited."""

from datetime import datetime

from paradeiro.db import effects, notices
from paradeiro.db.effects import EffectRow
from paradeiro.db.pool import Connection
from paradeiro.db.shipments import Kept
from paradeiro.domain.plan import catch_up, introduce
from paradeiro.domain.words import NoticeKind
from paradeiro.flow import uninvoiced
from paradeiro.flow.record import Surroundings, call_relay, rows_of


async def introduce_shipment(
    connection: Connection, around: Surroundings, kept: Kept, *, invoiced: bool = False, now: datetime
) -> list[EffectRow]:
    """Plan what must be told once about a shipment before any news; what was planned before is not planned again.
    `invoiced`: the invoice that it lacked has just come, and with it all that could not be told without.
    """
    policy, sinks = around.stores[kept.shipment.store_id].policy, around.sinks(kept)
    drafts = introduce(kept.order, kept.shipment, sinks, policy)
    if invoiced:
        drafts += catch_up(kept.order, kept.shipment, sinks, policy)
        subject, kinds = uninvoiced.subject(kept.order.number), [NoticeKind.NO_INVOICE]
        await notices.resolve_subject(connection, kept.shipment.store_id, kinds, subject, now=now)
    rows = rows_of(around, kept, drafts)
    await effects.add(connection, rows, now=now)
    await call_relay(connection, rows)
    return rows
