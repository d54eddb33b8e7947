"""In: bare tracking codes queried by a caller; out: what is known of each; unknown ones are tracked from now on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from paradeiro.db.accounts import stores
from paradeiro.db.following import events, shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations.audit import Actor
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.records import Invoice, Order, Timeline
from paradeiro.domain.words import PartyKind, Status
from paradeiro.flow.carriers.carrier_choice import code_problem
from paradeiro.flow.context import Context
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.flow.vtex_callers.stated_invoices import carrier_of_courier
from paradeiro.sdk.contract import Connector

_SEPARATORS = re.compile(r"[,;|]")


@dataclass(frozen=True, slots=True)
class KnownCode:
    """A known code: its shipment with the most events, and the timeline."""

    row: ShipmentRow
    timeline: Timeline


async def known_codes(context: Context, store_id: int, codes: Sequence[str]) -> dict[str, KnownCode]:
    """The known codes (normalised). Codes without a package are missing."""
    async with context.pool.connection() as connection:
        wanted = [each for code in codes for each in split_codes(code)]
        row = await shipments.shipments_of_codes(connection, store_id, wanted)
        known = await events.events_of(connection, [k.shipment.id for k in row])
    found: dict[str, KnownCode] = {}
    for each in row:
        known_events = known.get(each.shipment.id, [])
        timeline = fold(
            known_events,
            now=context.now(),
            made_at=each.made_at,
            ordered_at=each.order.ordered_at,
            base=Status.REGISTERED,
        )
        other = found.get(each.shipment.tracking_code)
        if other is None or len(timeline.events) > len(other.timeline.events):
            found[each.shipment.tracking_code] = KnownCode(each, timeline)
    return found


async def follow_codes(context: Context, store_id: int, codes: Sequence[str], courier: str, by: Actor) -> None:
    """Track codes without a known order, each as an order of its own named by the code.

    A code that fits none or several of the store's carriers is skipped.
    """
    for code in dict.fromkeys(each for asked in codes for each in split_codes(asked)):
        connector = await carrier_of(context, store_id, code, courier)
        if connector is not None:
            await register(context, store_id, Registration(Order(code), connector.name, code, Invoice("")), by)


def split_codes(text: str) -> tuple[str, ...]:
    """The codes of one query (normalised): a hub passes an invoice's field, which may hold several."""
    parts = [tidy_code(part) for part in _SEPARATORS.split(text)]
    return tuple(dict.fromkeys(part for part in parts if part)) or (tidy_code(text),)


async def carrier_of(context: Context, store_id: int, code: str, courier: str) -> Connector | None:
    """The carrier of a code: by the courier's name, else the only carrier of the store that accepts the code."""
    named = carrier_of_courier(context, courier)
    if named is not None:
        return None if code_problem(named, code) else named
    async with context.pool.connection() as connection:
        mine = await stores.accounts(connection, context.secret_key, store_ids=[store_id])
    names = {a.connector for a in mine if a.kind is PartyKind.CARRIER}
    takers = [context.connectors[name] for name in sorted(names & context.connectors.keys())]
    # A connector that recognises no courier name is a source for other carriers' packages.
    takers = [c for c in takers if c.recognises_courier is not None and code_problem(c, code) is None]
    return takers[0] if len(takers) == 1 else None
