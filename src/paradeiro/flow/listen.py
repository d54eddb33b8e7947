"""In: an account's hours; out: one notice when too little news comes to be by chance, however well it answers."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from paradeiro.db import notices, shipments, stores, watches
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.stores import Account
from paradeiro.domain import drift, silence
from paradeiro.domain.silence import Hour, Rhythm, Silence, Slot
from paradeiro.domain.words import NoticeKind
from paradeiro.flow import aside, watch
from paradeiro.flow.means import Means

EVERY = timedelta(minutes=10)
# A shipment that was silent for longer is hardly under way: it may be lost, or was never posted.
_LIVELY = timedelta(days=10)
_EXAMPLES = 3


async def listen(means: Means, account_id: int) -> Silence | None:
    """Look whether an account is too quiet. One that cannot be asked is not listened to: that is told already."""
    now = means.now()
    async with transaction(means.pool) as connection:
        account = await aside.usable(means, connection, account_id, now=now)
        if account is None or account.state == "disabled":
            return None
        await watches.listened(connection, account.store_id, account.id, now=now, lively=now - _LIVELY)
        await watch.refresh(connection, account, now=now)
        hours = await watches.hours(connection, account.id, since=now - silence.REMEMBERED)
        await watches.forget_hours(connection, account.id, before=now - silence.REMEMBERED)
        connector = means.connectors[account.connector]
        slot = silence.slots(ZoneInfo(connector.time_zone), _holidays(connector.country, now.year))
        rhythm = silence.learn(silence.settled(hours, now), slot)
        if rhythm is None:
            return None
        return await _judge(connection, account, rhythm, hours, slot, now=now)


async def _judge(
    connection: Connection, account: Account, rhythm: Rhythm, hours: list[Hour], slot: Slot, *, now: datetime
) -> Silence | None:
    subject = f"account {account.id}"
    if await notices.is_open(connection, account.store_id, NoticeKind.SILENCE, subject):
        if silence.over(rhythm, hours, now=now, slot=slot):
            await notices.resolve_subject(connection, account.store_id, [NoticeKind.SILENCE], subject, now=now)
        return None
    told_already = account.state != "ok" or drift.blind(await watches.habit(connection, account.id))
    found = None if told_already else silence.listen(rhythm, hours, now=now, slot=slot)
    if found is not None:
        await notices.open_notices(connection, [await _draft(connection, account, found)], now=now)
    return found


async def _draft(connection: Connection, account: Account, found: Silence) -> NoticeDraft:
    store = (await stores.stores(connection, [account.store_id]))[account.store_id]
    since = f"{found.since.astimezone(ZoneInfo(store.time_zone)):%d/%m/%Y %H:%M}"
    codes = ", ".join(await shipments.under_way(connection, account.id, limit=_EXAMPLES))
    words = (
        f"{account.name} answers, but tells nothing new since {since}: {found.seen} events, where about "
        f"{found.expected:.0f} are usual. Nothing is lost. Look at the carrier's own page for one of {codes}: if it "
        "shows more than we do, the interface has stopped telling, and the carrier must be asked."
    )
    facts = {
        "account": account.name,
        "since": since,
        "seen": str(found.seen),
        "expected": f"{found.expected:.0f}",
        "codes": codes,
    }
    return NoticeDraft(
        account.store_id,
        NoticeKind.SILENCE,
        f"account {account.id}",
        words,
        account_id=account.id,
        facts=facts,
    )


@lru_cache(maxsize=64)
def _holidays(country: str, year: int) -> frozenset[date]:
    """Days on which a country's people may not work, of a year and those beside it."""
    years = [year - 1, year, year + 1]
    kinds = holidays.country_holidays(country).supported_categories
    return frozenset(holidays.country_holidays(country, years=years, categories=kinds))
