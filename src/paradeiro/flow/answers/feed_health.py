"""In: whether a carrier's feed answered; out: since when it fails, one notice about that, and when it is read next.

A feed fails apart from the questions about single packages: its health is the account's only where nothing is asked.
"""

from datetime import datetime, timedelta

from paradeiro.db.accounts.stores import Account
from paradeiro.db.carriers import carrier_feeds
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import Connection
from paradeiro.domain.redaction import redact
from paradeiro.domain.words import NoticeKind, Outcome, Way
from paradeiro.flow.accounts import account_health
from paradeiro.sdk.contract import Connector
from paradeiro.sdk.ways_in import FeedAnswer

# Read again after as long as it has failed already, within these bounds.
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=5), timedelta(minutes=30)
# A short failure opens no notice.
_NOTICE_AFTER = timedelta(minutes=30)
# A feed that was not read for longer than this may have missed what its carrier no longer lists.
_GAP = timedelta(days=3)
_RESOLVED_BY_ANSWER = (NoticeKind.OUTAGE, NoticeKind.CREDENTIALS_REFUSED, NoticeKind.MALFORMED_REPLY)


def notice_subject(account: Account) -> str:
    """What notices about an account's feed are about, apart from those about the account."""
    return f"feed of account {account.id}"


async def mark_read(connection: Connection, account: Account, connector: Connector, *, now: datetime) -> str:
    """The feed gave a page that can be read: resolve its notices. Returns what may have been missed since the page
    before it; empty if nothing. Locks the account's row first, as everyone does who opens notices about it.
    """
    before = await carrier_feeds.mark_read(connection, account.id, now=now)
    if Way.ASKED not in connector.ways:
        await account_health.mark_healthy(connection, account, now=now)
    await notices.resolve_subject(connection, account.store_id, _RESOLVED_BY_ANSWER, notice_subject(account), now=now)
    if before is None or now - before < _GAP:
        return ""
    return f"it was not read from {before:%Y-%m-%d %H:%M} to {now:%Y-%m-%d %H:%M} (UTC)"


async def mark_failed(
    connection: Connection, account: Account, connector: Connector, read: FeedAnswer, *, now: datetime
) -> datetime:
    """The feed gave no page, or refused our credentials. Returns when to read it again. A failure of the whole party
    is told once, as the account's.
    """
    since = await carrier_feeds.mark_failing(connection, account.id, now=now)
    pause = max(min(max(now - since, _FIRST_PAUSE), _LONGEST_PAUSE), timedelta(seconds=read.retry_after or 0))
    refused = read.outcome is Outcome.AUTH_FAILED
    if Way.ASKED not in connector.ways:
        outcome = Outcome.AUTH_FAILED if refused else Outcome.RETRY
        await account_health.mark_unhealthy(
            connection, account, outcome, read.message, now=now, retry_after=read.retry_after
        )
    elif account.state == "ok" and now - since >= _NOTICE_AFTER:
        await notices.open_notices(
            connection, [_notice(account, redact(read.message), since, refused=refused)], now=now
        )
    return now + pause


async def mark_unreadable(connection: Connection, account: Account, *, now: datetime) -> None:
    """The feed gave a page that nobody can read: it fails from now on, if it did not before."""
    await carrier_feeds.mark_failing(connection, account.id, now=now)


def _notice(account: Account, why: str, since: datetime, *, refused: bool) -> NoticeDraft:
    told = "Questions about single packages are answered. We keep trying; nothing is lost."
    if refused:
        kind = NoticeKind.CREDENTIALS_REFUSED
        words = (
            f"{account.name} does not let us read its feed ({why}). {told} Ask the carrier for that right, or enter "
        )
        words += "new credentials."
    else:
        kind = NoticeKind.OUTAGE
        words = f"{account.name}'s feed has given nothing since {since:%Y-%m-%d %H:%M} UTC ({why}). {told}"
    facts = {"account": account.name, "since": since.isoformat(), "why": why, "variant": "feed"}
    return NoticeDraft(account.store_id, kind, notice_subject(account), words, account_id=account.id, facts=facts)
