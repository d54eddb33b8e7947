"""In: an account whose party answered, or did not; out: its state, seen by people, and one notice, not hundreds."""

from datetime import datetime, timedelta

from paradeiro.db import notices, stand_ins, stores
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection
from paradeiro.db.stores import Account
from paradeiro.domain.redaction import unnamed
from paradeiro.domain.words import NoticeKind, Outcome
from paradeiro.flow.means import log

_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(minutes=15)
# A refused account is tried this often, in case the party mended itself; a person is asked meanwhile.
_PROBE_REFUSED = timedelta(hours=1)
_OVER_WHEN_IT_ANSWERS = (NoticeKind.OUTAGE, NoticeKind.CREDENTIALS_REFUSED, NoticeKind.INTERFACE_ENDED)
# A short outage is seen on the account; only a longer one asks for a person.
_NOTICE_AFTER = timedelta(minutes=30)
# So many whole batches in a row that nobody understands are no spoilt answers: the interface is another one.
_GARBLED_IN_A_ROW = 3


async def well(connection: Connection, account: Account, *, now: datetime) -> None:
    """The party answered: trouble, if there was any, is over."""
    if account.state == "ok" and account.failures == 0:
        return
    if await stores.account_well(connection, account.id):
        log.info("account answers again", account=account.name, connector=account.connector)
        subject = f"account {account.id}"
        await notices.resolve_subject(connection, account.store_id, _OVER_WHEN_IT_ANSWERS, subject, now=now)


async def unwell(
    connection: Connection,
    account: Account,
    outcome: Outcome,
    message: str,
    *,
    now: datetime,
    retry_after: float | None = None,
    told: bool = False,
    first: timedelta = _FIRST_PAUSE,
) -> datetime:
    """The party could not answer (RETRY) or refused our credentials (AUTH_FAILED); when to try again. `told`: a person
    is told of it in other words. `first`: how long the first pause is.
    """
    refused, message = outcome is Outcome.AUTH_FAILED, unnamed(message)
    pause = _PROBE_REFUSED if refused else min(first * float(2 ** min(account.failures, 10)), _LONGEST_PAUSE)
    open_at = now + max(pause, timedelta(seconds=retry_after or 0))
    state = "paused" if refused else "outage"
    since = await stores.account_trouble(connection, account.id, state=state, trouble=message, open_at=open_at, now=now)
    if account.state != state:
        log.warning("account in trouble", account=account.name, connector=account.connector, state=state, why=message)
    if not told and (refused or now - since >= _NOTICE_AFTER):
        meanwhile = await stand_ins.for_account(connection, account.id)
        draft = _notice(account, message, since, refused=refused, meanwhile=meanwhile)
        await notices.open_notices(connection, [draft], now=now)
    return open_at


async def has_ended(connection: Connection, account: Account) -> bool:
    """Whether the interface was switched off, as far as is known."""
    if account.state == "ok" and account.failures == 0:
        return False
    kind, subject = NoticeKind.INTERFACE_ENDED, f"account {account.id}"
    return await notices.is_open(connection, account.store_id, kind, subject)


async def ended(connection: Connection, account: Account, message: str, *, now: datetime) -> None:
    """The interface that we speak with was switched off: a person is told at once, and it is tried now and then, since
    whoever operates it may switch it on again. What was to be told waits.
    """
    message = unnamed(message)
    await stores.account_trouble(
        connection, account.id, state="outage", trouble=message, open_at=now + _PROBE_REFUSED, now=now
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


async def garbled(connection: Connection, account: Account, message: str, *, now: datetime) -> bool:
    """A whole batch of answers was not understood. Whether that is trouble by now, so that others may be asked."""
    if account.failures + 1 < _GARBLED_IN_A_ROW:
        await stores.count_failure(connection, account.id)
        return False
    words = f"it answers nothing that we understand: {message}"
    # The contract watch says what is wrong with the answers.
    await unwell(connection, account, Outcome.RETRY, words, now=now, told=True)
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
