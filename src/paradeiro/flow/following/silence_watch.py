"""In: an account's event counts per hour; out: one notice when significantly fewer events come than usual."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.following import contract_watches, shipments
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.following import contract_drift, silence
from paradeiro.domain.following.silence import Hour, Rhythm, Silence, Slot
from paradeiro.domain.words import NoticeKind, Way
from paradeiro.flow.context import Context
from paradeiro.flow.following import contract_watch
from paradeiro.flow.operations import unusable_rows

EVERY = timedelta(minutes=10)
# A shipment without news for longer may be lost or was never posted: it does not count as active.
_ACTIVE_WITHIN = timedelta(days=10)
_EXAMPLES = 3


async def watch_silence(context: Context, account_id: int) -> Silence | None:
    """Check an account for silence. An unhealthy one is skipped, since another notice covers it."""
    now = context.now()
    async with transaction(context.pool) as connection:
        account = await unusable_rows.usable_account(context, connection, account_id, now=now)
        if account is None or account.state == "disabled":
            return None
        connector = context.connectors[account.connector]
        unasked = Way.ASKED not in connector.ways
        await contract_watches.mark_silence_checked(
            connection, account.store_id, account.id, now=now, lively=now - _ACTIVE_WITHIN, unasked=unasked
        )
        if connector.ways == {Way.FILE}:
            # Nobody asks: its files can come at any time, so an hour without one is an answer without news.
            await contract_watches.count_hour(connection, account.store_id, account.id, now=now, answers=1)
        await contract_watch.refresh(connection, account, now=now)
        hours = await contract_watches.hours(connection, account.id, since=now - silence.LEARNING_PERIOD)
        await contract_watches.remove_old_hours(connection, account.id, before=now - silence.LEARNING_PERIOD)
        slot = silence.slot_function(ZoneInfo(connector.time_zone), _holidays(connector.country, now.year))
        rhythm = silence.learn_rhythm(silence.hours_to_learn_from(hours, now), slot)
        if rhythm is None:
            return None
        return await _check_silence(connection, account, rhythm, hours, slot, now=now, unasked=unasked)


async def _check_silence(
    connection: Connection,
    account: Account,
    rhythm: Rhythm,
    hours: list[Hour],
    slot: Slot,
    *,
    now: datetime,
    unasked: bool,
) -> Silence | None:
    subject = f"account {account.id}"
    if await notices.is_open(connection, account.store_id, NoticeKind.SILENCE, subject):
        if silence.silence_has_ended(rhythm, hours, now=now, slot=slot):
            await notices.resolve_subject(connection, account.store_id, [NoticeKind.SILENCE], subject, now=now)
        return None
    already_reported = account.state != "ok" or contract_drift.hides_events(
        await contract_watches.baseline(connection, account.id)
    )
    found = None if already_reported else silence.detect_silence(rhythm, hours, now=now, slot=slot)
    if found is not None:
        await notices.open_notices(connection, [await _draft(connection, account, found, unasked=unasked)], now=now)
    return found


async def _draft(connection: Connection, account: Account, found: Silence, *, unasked: bool) -> NoticeDraft:
    store = (await stores.stores(connection, [account.store_id]))[account.store_id]
    since = f"{found.since.astimezone(ZoneInfo(store.time_zone)):%d/%m/%Y %H:%M}"
    codes = ", ".join(await shipments.active_codes(connection, account.id, limit=_EXAMPLES, unasked=unasked))
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
    """A country's holidays of a year, the one before and the one after."""
    years = [year - 1, year, year + 1]
    kinds = holidays.country_holidays(country).supported_categories
    return frozenset(holidays.country_holidays(country, years=years, categories=kinds))
