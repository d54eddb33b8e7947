"""In: an account that may be asked; out: what is claimed at it: its own shipments, else another's, else legs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from paradeiro.db.accounts.stores import Account
from paradeiro.db.carriers import legs
from paradeiro.db.following import fallbacks, shipments
from paradeiro.db.following.shipments import ReadRows, ShipmentRow
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.following.merging import FALLBACK_AFTER
from paradeiro.domain.words import Way
from paradeiro.flow.carriers.lookup_quota import within_quota
from paradeiro.flow.context import Context
from paradeiro.flow.operations import unusable_rows
from paradeiro.sdk.contract import Connector

# Longer than any batch takes; after this the shipments of a dead worker are due again.
_LEASE = timedelta(minutes=3)
# From this many due shipments on, one bulk request is worth the minute that its answer may take. Four ordinary batches
# are answered before the first poll of a bulk receipt.
MANY = 200
# A minute for the bulk answer, then at worst all shipments in ordinary batches.
_LONG_LEASE = timedelta(minutes=5)
# An unhealthy account is probed with one shipment, another each time, since that one may cause the failure. Fallback
# accounts check the others meanwhile.
_PROBE_SIZE = 1
# Batches of which the quota pays for nothing, before the rest waits for the next job.
_MOST_UNPAID = 5


@dataclass(frozen=True, slots=True)
class ClaimedBatch:
    """Shipments claimed for checking at one account. `as_fallback`: they belong to another account. `legs`: it carries
    a part of their way. `many`: enough for a bulk request first.
    """

    account: Account
    connector: Connector
    due: Sequence[ShipmentRow]
    as_fallback: bool
    many: bool
    legs: bool = False


async def claim_due(context: Context, account_id: int, *, many: bool) -> ClaimedBatch | None:
    """Claim what is due if the account may be asked. `many`: whether bulk requests are worth trying."""
    for _ in range(_MOST_UNPAID):
        async with transaction(context.pool) as connection:
            account = await unusable_rows.open_account(context, connection, account_id, now=context.now())
            if account is None:
                return None
            claimed = await _claim(context, connection, account, many=many)
            if claimed is None:
                return None
            paid = await within_quota(connection, account, claimed.due, now=context.now())
        if paid:
            return replace(claimed, due=paid)
    return None


async def _claim(context: Context, connection: Connection, account: Account, *, many: bool) -> ClaimedBatch | None:
    now = context.now()
    connector, probe = context.connectors[account.connector], account.state != "ok"
    if Way.ASKED not in connector.ways:
        # Somebody asked for it at once, or its carrier had another connector before.
        await shipments.unschedule(connection, account.id)
        return None
    many = many and not probe and connector.large_batch_size >= MANY
    many = many and await shipments.count_due(connection, account.id, now=now, most=MANY) == MANY
    limit = _PROBE_SIZE if probe else connector.large_batch_size if many else connector.batch_size
    lease = context.lease(_LONG_LEASE if many else _LEASE)
    found = await shipments.claim_due(connection, account.id, now=now, lease=lease, limit=limit, probe=probe)
    own = bool(found.rows or found.unusable)
    as_leg = False
    if not own:
        found, as_leg = await _claim_others(
            connection, account.id, now=now, lease=lease, limit=min(limit, connector.batch_size)
        )
    await unusable_rows.set_row_aside(connection, found.unusable, now=now)
    if not found.rows:
        return None
    return ClaimedBatch(account, connector, found.rows, as_fallback=not own, many=many and own, legs=as_leg)


async def _claim_others(
    connection: Connection, account_id: int, *, now: datetime, lease: datetime, limit: int
) -> tuple[ReadRows, bool]:
    """Claim shipments of other accounts: those that it is a fallback for, else those that it carries a leg of."""
    found = await fallbacks.claim_shipments(
        connection, account_id, now=now, patience=FALLBACK_AFTER, lease=lease, limit=limit
    )
    if found.rows or found.unusable:
        return found, False
    return await legs.claim_legs(connection, account_id, now=now, lease=lease, limit=limit), True
