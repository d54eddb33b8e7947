"""In: shipments claimed at an account that is paid by the look-up; out: those that the month's quota still pays for.

Only the first look-up of a number costs (17TRACK: its registration). The quota goes to the packages whose news matter
most: those promised soonest, then the newest orders.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from paradeiro.db.accounts.stores import Account
from paradeiro.db.carriers import quotas
from paradeiro.db.carriers.quotas import Quota
from paradeiro.db.following import shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.words import NoticeKind
from paradeiro.flow.context import Context

_FAR = datetime(2100, 1, 1, tzinfo=UTC)
# A refused package is looked at again the next day: the quota may have been raised.
_AGAIN_AFTER = timedelta(days=1)
# One that it is only the fallback for: its own account must not wait as long.
_OTHERS_AGAIN_AFTER = timedelta(hours=1)


def month_of(now: datetime) -> date:
    """The first day of the month (UTC)."""
    return now.astimezone(UTC).date().replace(day=1)


async def within_quota(
    connection: Connection, account: Account, due: Sequence[ShipmentRow], *, now: datetime
) -> list[ShipmentRow]:
    """Those of the claimed shipments that may be looked up now; the others wait, with one notice."""
    new = sorted((row for row in due if not row.outcome and row.leg_id is None), key=_matters)
    if not new:
        return list(due)
    granted = await quotas.spend(connection, account.id, len(new), month=month_of(now))
    if granted is None or granted == len(new):
        return list(due)
    waiting = {row.shipment.id: row.account_id == account.id for row in new[granted:]}
    for own, pause in ((True, _AGAIN_AFTER), (False, _OTHERS_AGAIN_AFTER)):
        await shipments.postpone(connection, sorted(i for i, mine in waiting.items() if mine is own), until=now + pause)
    quota = await quotas.quota_of(connection, account.id, month=month_of(now))
    await notices.open_notices(connection, [_notice(account, quota.monthly if quota else 0, len(waiting))], now=now)
    return [row for row in due if row.shipment.id not in waiting]


def _matters(row: ShipmentRow) -> tuple[datetime, int]:
    """The sooner promised, the newer, the earlier."""
    return row.order.promised_at or _FAR, -row.shipment.id


def _notice(account: Account, monthly: int, waiting: int) -> NoticeDraft:
    words = (
        f"{account.name} has used its {monthly} look-ups of this month. Packages that it looks up already are followed "
        f"on; {waiting} new ones wait for the next month. Raise the quota (`paradeiro quota`) if that is worth it."
    )
    facts = {"account": account.name, "count": str(monthly), "waiting": str(waiting)}
    subject = f"account {account.id}"
    return NoticeDraft(account.store_id, NoticeKind.QUOTA_USED, subject, words, account_id=account.id, facts=facts)


async def set_monthly(context: Context, store_id: int, account_id: int, monthly: int | None) -> None:
    """Set how many new packages a month an account may be asked about; None: as many as there are. Packages that wait
    for the quota are due at once.
    """
    now = context.now()
    async with transaction(context.pool) as connection:
        if monthly is None:
            await quotas.remove_quota(connection, account_id)
        else:
            await quotas.set_quota(connection, store_id, account_id, monthly, month=month_of(now))
        await shipments.make_unasked_due(connection, account_id, now=now)
        subject = f"account {account_id}"
        await notices.resolve_subject(connection, store_id, [NoticeKind.QUOTA_USED], subject, now=now)


async def spent(context: Context, account_id: int) -> Quota | None:
    """What an account has spent this month; None without a quota."""
    async with context.pool.connection() as connection:
        return await quotas.quota_of(connection, account_id, month=month_of(context.now()))
