"""In: an order that cannot be taken; out: it set aside with a notice that names it, and tried again when that ends.

A page of an order system's list is one transaction. One order that cannot be kept must not keep the others from being
taken, nor the cursor from moving on: else the same page is asked for again, for ever.
"""

from collections.abc import Sequence
from datetime import datetime

import psycopg

from paradeiro.db import jobs, notices, order_hints, stores
from paradeiro.db.jobs import Job
from paradeiro.db.notices import Notice, NoticeDraft
from paradeiro.db.pool import Connection
from paradeiro.domain.bounds import clean_text, number_problem
from paradeiro.domain.words import NoticeKind
from paradeiro.flow import refusals
from paradeiro.flow.errors import ONE_VALUE, StatementError, why_not_kept
from paradeiro.flow.means import Means, log

_LONGEST_SHOWN = 100


def is_of_one(error: Exception) -> bool:
    """Whether it is this order's fault, or ours with it: not the database's, which would meet any other order too."""
    if isinstance(error, ONE_VALUE):
        return True
    return not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


async def put(
    means: Means, connection: Connection, store_id: int, account_id: int | None, number: str, error: Exception
) -> None:
    """Open the order's notice, or count up the one that is open. The log has its kind and why."""
    shown, why = _shown(number), _why(error)
    log.warning("an order was set aside", order=shown, error=type(error).__name__, why=why)
    words = (
        f"Order {shown} could not be taken and was set aside: {why} The other orders go on. Correct it in the order "
        "system, then end this notice: the order is read again. It also is when something happens to it there."
    )
    facts = {"order": shown, "why": why}
    if not number_problem(number):
        facts["number"] = number
    kind = NoticeKind.ORDER_SET_ASIDE
    draft = NoticeDraft(store_id, kind, _subject(shown), words, account_id=account_id, facts=facts)
    await notices.open_notices(connection, [draft], now=means.now())


async def taken(connection: Connection, store_id: int, numbers: Sequence[str], *, now: datetime) -> None:
    """These were taken after all: their notices are over."""
    subjects = [_subject(_shown(number)) for number in numbers]
    await notices.resolve_subjects(connection, store_id, NoticeKind.ORDER_SET_ASIDE, subjects, now=now)


async def after_notice(connection: Connection, ended: Notice, *, now: datetime) -> None:
    """What follows when a person ended a notice: the account that it was about is asked again at once, and an order
    that was set aside is read again.
    """
    if ended.account_id is None:
        return
    await refusals.forget(connection, ended)
    await stores.visit_now(connection, ended.account_id, now=now)
    number = ended.facts.get("number")
    if ended.kind == NoticeKind.ORDER_SET_ASIDE and number:
        await order_hints.hint(connection, ended.store_id, ended.account_id, [number], now=now)
        await jobs.enqueue(connection, [Job(jobs.NAMED, str(ended.account_id), once=True)])


def _why(error: Exception) -> str:
    if isinstance(error, StatementError):
        return error.message
    if isinstance(error, psycopg.Error | UnicodeEncodeError):
        return why_not_kept(error)[1]
    return f"something in it is beyond us ({type(error).__name__}); tell whoever runs Paradeiro."


def _shown(number: str) -> str:
    return clean_text(number, _LONGEST_SHOWN)


def _subject(shown: str) -> str:
    return f"order {shown} set aside"
