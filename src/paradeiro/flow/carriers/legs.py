"""In: other carriers that answers name as carrying a shipment too; out: legs, followed where there is an account."""

from collections.abc import Sequence
from datetime import datetime

from paradeiro.db import jobs
from paradeiro.db.carriers import legs
from paradeiro.db.carriers.legs import LegDraft
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.jobs import Job
from paradeiro.db.pool import Connection
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.orders.couriers import courier_key
from paradeiro.domain.records import NamedLeg
from paradeiro.domain.words import PartyKind, Way
from paradeiro.flow.following.recording_context import RecordingContext
from paradeiro.sdk.contract import Connector


def leg_drafts(recording: RecordingContext, row: ShipmentRow, named: Sequence[NamedLeg]) -> list[LegDraft]:
    """The legs of a shipment that its answers named. One whose carrier is not certain is stored under its name: it is
    followed once an account of that carrier is there.
    """
    drafts = []
    for each in named:
        code = tidy_code(each.tracking_code)
        connector = _carrier_of(recording, each.courier, code)
        carrier = connector.name if connector else courier_key(each.courier)
        if not code or (carrier, code) == (row.shipment.carrier, row.shipment.number):
            continue
        account = connector and next(
            (a for a in recording.accounts if a.connector == connector.name and a.store_id == row.shipment.store_id),
            None,
        )
        account_id = account.id if account and connector and Way.ASKED in connector.ways else None
        drafts.append(LegDraft(row.shipment.store_id, row.shipment.id, carrier, code, account_id, row.shipment.carrier))
    return drafts


def _carrier_of(recording: RecordingContext, courier: str, code: str) -> Connector | None:
    """The carrier that a name is recognised as; without a name, the only one whose codes have this form."""
    carriers = [c for c in recording.connectors.values() if PartyKind.CARRIER in c.kinds and not c.fallback_for]
    if courier.strip():
        return next((c for c in carriers if c.recognises_courier is not None and c.recognises_courier(courier)), None)
    fits = [c for c in carriers if c.code_has_form(code)]
    return fits[0] if len(fits) == 1 else None


async def write_legs(connection: Connection, drafts: Sequence[LegDraft], *, now: datetime) -> None:
    """Store legs and ask about new ones at once."""
    accounts = await legs.put_legs(connection, drafts, now=now)
    await jobs.enqueue(connection, [Job(jobs.COLLECT, str(account_id), once=True) for account_id in accounts])
