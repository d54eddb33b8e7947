"""In: an order that cannot be stored; out: set aside with a notice, and read again when the notice is resolved.

A page of an order system's list is one transaction. One failing order must stop neither the others nor the cursor, or
the same page would be requested for ever.
"""

from collections.abc import Sequence
from datetime import datetime

import psycopg

from paradeiro.db import jobs
from paradeiro.db.accounts import stores
from paradeiro.db.jobs import Job
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import Notice, NoticeDraft
from paradeiro.db.orders import order_hints
from paradeiro.db.pool import Connection
from paradeiro.domain.bounds import clean_text, number_problem
from paradeiro.domain.words import NoticeKind
from paradeiro.flow.context import Context, log
from paradeiro.flow.errors import ONE_VALUE, StatementError, storage_problem
from paradeiro.flow.outbox import refusals

_LONGEST_SHOWN = 100


def concerns_one_order(error: Exception) -> bool:
    """Whether the error concerns this order only, not the database connection."""
    if isinstance(error, ONE_VALUE):
        return True
    return not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


async def set_order_aside(
    context: Context, connection: Connection, store_id: int, account_id: int | None, number: str, error: Exception
) -> None:
    """Open the order's notice or count it up, and log the error."""
    shown, why = _display_number(number), _reason(error)
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
    await notices.open_notices(connection, [draft], now=context.now())


async def end_notices(connection: Connection, store_id: int, numbers: Sequence[str], *, now: datetime) -> None:
    """Resolve the notices of orders that were stored after all."""
    subjects = [_subject(_display_number(number)) for number in numbers]
    await notices.resolve_subjects(connection, store_id, NoticeKind.ORDER_SET_ASIDE, subjects, now=now)


async def follow_up_notice(connection: Connection, ended: Notice, *, now: datetime) -> None:
    """Follow up a notice resolved by a person: its account is swept at once, and an order set aside is read again."""
    if ended.account_id is None:
        return
    await refusals.unmark_refusals(connection, ended)
    await stores.make_account_due(connection, ended.account_id, now=now)
    number = ended.facts.get("number")
    if ended.kind == NoticeKind.ORDER_SET_ASIDE and number:
        await order_hints.add_hints(connection, ended.store_id, ended.account_id, [number], now=now)
        await jobs.enqueue(connection, [Job(jobs.NAMED, str(ended.account_id), once=True)])


def _reason(error: Exception) -> str:
    if isinstance(error, StatementError):
        return error.message
    if isinstance(error, psycopg.Error | UnicodeEncodeError):
        return storage_problem(error)[1]
    return f"something in it is beyond us ({type(error).__name__}); tell whoever runs Paradeiro."


def _display_number(number: str) -> str:
    return clean_text(number, _LONGEST_SHOWN)


def _subject(shown: str) -> str:
    return f"order {shown} set aside"
