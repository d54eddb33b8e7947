"""In: bare tracking codes that somebody asks about; out: what is known under each, and the unknown ones followed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from paradeiro.db import events, shipments, stores
from paradeiro.db.audit import By
from paradeiro.db.shipments import Kept
from paradeiro.domain.codes import tidy_code
from paradeiro.domain.records import Invoice, Order, Timeline
from paradeiro.domain.timeline import fold
from paradeiro.domain.words import PartyKind, Status
from paradeiro.flow.intake import Registration, code_problem, register
from paradeiro.flow.means import Means
from paradeiro.flow.stated_invoices import courier_named
from paradeiro.sdk.contract import Connector

_BETWEEN = re.compile(r"[,;|]")


@dataclass(frozen=True, slots=True)
class CodeKnown:
    """What is known under a code: the shipment that most was heard of, and its timeline."""

    kept: Kept
    timeline: Timeline


async def known_codes(means: Means, store_id: int, codes: Sequence[str]) -> dict[str, CodeKnown]:
    """What is known under each code (tidied). Codes of no package are missing."""
    async with means.pool.connection() as connection:
        wanted = [each for code in codes for each in codes_asked(code)]
        kept = await shipments.of_codes(connection, store_id, wanted)
        known = await events.known(connection, [k.shipment.id for k in kept])
    found: dict[str, CodeKnown] = {}
    for each in kept:
        told = known.get(each.shipment.id, [])
        timeline = fold(told, now=means.now(), made_at=each.made_at, base=Status.REGISTERED)
        other = found.get(each.shipment.tracking_code)
        if other is None or len(timeline.events) > len(other.timeline.events):
            found[each.shipment.tracking_code] = CodeKnown(each, timeline)
    return found


async def follow_codes(means: Means, store_id: int, codes: Sequence[str], courier: str, by: By) -> None:
    """Follow codes that no order is known for, each as an order of its own that bears the code's name.

    One of no carrier of the store's, or of several, is left alone: whoever asks is told that nothing is known.
    """
    for code in dict.fromkeys(each for asked in codes for each in codes_asked(asked)):
        connector = await carrier_of(means, store_id, code, courier)
        if connector is not None:
            await register(means, store_id, Registration(Order(code), connector.name, code, Invoice("")), by)


def codes_asked(text: str) -> tuple[str, ...]:
    """The codes of one question (tidied): an invoice's field may hold several, and a hub asks as it is there."""
    parts = [tidy_code(part) for part in _BETWEEN.split(text)]
    return tuple(dict.fromkeys(part for part in parts if part)) or (tidy_code(text),)


async def carrier_of(means: Means, store_id: int, code: str, courier: str) -> Connector | None:
    """The one carrier a code may be of: by the courier's name, else the only one of the store's that takes the code."""
    named = courier_named(means, courier)
    if named is not None:
        return None if code_problem(named, code) else named
    async with means.pool.connection() as connection:
        mine = await stores.accounts(connection, means.secret_key, store_ids=[store_id])
    names = {a.connector for a in mine if a.kind is PartyKind.CARRIER}
    takers = [means.connectors[name] for name in sorted(names & means.connectors.keys())]
    # Who recognises no courier's name carries nothing: it is asked about the packages of others.
    takers = [c for c in takers if c.recognises_courier is not None and code_problem(c, code) is None]
    return takers[0] if len(takers) == 1 else None
