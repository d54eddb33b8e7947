"""In: an account and whether its party answered; out: its stored state, and one notice per problem."""

from datetime import datetime, timedelta

from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.following import fallbacks
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import Connection
from paradeiro.domain.redaction import redact
from paradeiro.domain.words import NoticeKind, Outcome
from paradeiro.flow.context import log

_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(minutes=15)
# A refused account is retried this often, in case the party fixed the problem; a notice is open meanwhile.
_REFUSED_PROBE_INTERVAL = timedelta(hours=1)
_RESOLVED_BY_ANSWER = (NoticeKind.OUTAGE, NoticeKind.CREDENTIALS_REFUSED, NoticeKind.INTERFACE_ENDED)
# A short outage only shows in the account state; a longer one opens a notice.
_NOTICE_AFTER = timedelta(minutes=30)
# This many unreadable batches in a row mean that the interface changed.
_UNREADABLE_IN_A_ROW = 3


async def mark_healthy(connection: Connection, account: Account, *, now: datetime) -> None:
    """The party answered: set the account healthy and resolve its outage notices."""
    if account.state == "ok" and account.failures == 0:
        return
    if await stores.mark_healthy(connection, account.id):
        log.info("account answers again", account=account.name, connector=account.connector)
        subject = f"account {account.id}"
        await notices.resolve_subject(connection, account.store_id, _RESOLVED_BY_ANSWER, subject, now=now)


async def mark_unhealthy(
    connection: Connection,
    account: Account,
    outcome: Outcome,
    message: str,
    *,
    now: datetime,
    retry_after: float | None = None,
    notified: bool = False,
    first_pause: timedelta = _FIRST_PAUSE,
) -> datetime:
    """The party could not answer (RETRY) or refused our credentials (AUTH_FAILED). Returns when to try again.
    `notified`: another notice covers the problem, open none. `first_pause`: base of the exponential backoff.
    """
    refused, message = outcome is Outcome.AUTH_FAILED, redact(message)
    pause = (
        _REFUSED_PROBE_INTERVAL if refused else min(first_pause * float(2 ** min(account.failures, 10)), _LONGEST_PAUSE)
    )
    open_at = now + max(pause, timedelta(seconds=retry_after or 0))
    state = "paused" if refused else "outage"
    since = await stores.mark_unhealthy(connection, account.id, state=state, problem=message, open_at=open_at, now=now)
    if account.state != state:
        log.warning("account unhealthy", account=account.name, connector=account.connector, state=state, why=message)
    if not notified and (refused or now - since >= _NOTICE_AFTER):
        meanwhile = await fallbacks.fallback_name(connection, account.id)
        draft = _notice(account, message, since, refused=refused, meanwhile=meanwhile)
        await notices.open_notices(connection, [draft], now=now)
    return open_at


async def has_ended(connection: Connection, account: Account) -> bool:
    """Whether an open notice says that the interface was switched off."""
    if account.state == "ok" and account.failures == 0:
        return False
    kind, subject = NoticeKind.INTERFACE_ENDED, f"account {account.id}"
    return await notices.is_open(connection, account.store_id, kind, subject)


async def mark_ended(connection: Connection, account: Account, message: str, *, now: datetime) -> None:
    """The interface was switched off by its operator: open a notice and retry hourly. Pending messages wait."""
    message = redact(message)
    await stores.mark_unhealthy(
        connection, account.id, state="outage", problem=message, open_at=now + _REFUSED_PROBE_INTERVAL, now=now
    )
    if account.state == "ok":
        log.warning("interface ended", account=account.name, connector=account.connector, why=message)
    words = (
        f"{account.name} is told nothing more: the interface that we speak with was switched off ({message}). Nothing "
        "is lost: what is to be told waits, and goes in order once that is mended."
    )
    facts = {"account": account.name, "why": message}
    kind, subject = NoticeKind.INTERFACE_ENDED, f"account {account.id}"
    draft = NoticeDraft(account.store_id, kind, subject, words, account_id=account.id, facts=facts)
    await notices.open_notices(connection, [draft], now=now)


async def count_unreadable_batch(connection: Connection, account: Account, message: str, *, now: datetime) -> bool:
    """Count a batch of which no answer could be read. Returns whether the account is unhealthy by now."""
    if account.failures + 1 < _UNREADABLE_IN_A_ROW:
        await stores.count_failure(connection, account.id)
        return False
    words = f"it answers nothing that we understand: {message}"
    # The contract watch opens the notice about the answers.
    await mark_unhealthy(connection, account, Outcome.RETRY, words, now=now, notified=True)
    return True


def _notice(account: Account, message: str, since: datetime, *, refused: bool, meanwhile: str) -> NoticeDraft:
    if refused:
        kind = NoticeKind.CREDENTIALS_REFUSED
        words = f"{account.name} refuses our credentials ({message}). Enter new ones; nothing is lost meanwhile."
    else:
        kind = NoticeKind.OUTAGE
        words = f"{account.name} has not answered since {since:%Y-%m-%d %H:%M} UTC ({message}). We keep trying."
    facts = {"account": account.name, "since": since.isoformat(), "why": message}
    if meanwhile:
        words += f" Meanwhile {meanwhile} is asked about its packages."
        facts |= {"variant": "stood_in", "stand_in": meanwhile}
    return NoticeDraft(account.store_id, kind, f"account {account.id}", words, account_id=account.id, facts=facts)
