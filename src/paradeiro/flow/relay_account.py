"""In: how the tries of one batch at a sink account ended; out: the account well, or in trouble, or neither."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from paradeiro.db import effects, stores
from paradeiro.db.pool import Connection
from paradeiro.db.stores import Account
from paradeiro.domain.words import Outcome
from paradeiro.flow import trouble
from paradeiro.sdk.contract import Sent

_FIRST_BACKOFF = timedelta(seconds=30)
_LONGEST_BACKOFF = timedelta(hours=1)
# An order may be answered an error for its own reasons (VTEX: invoice numbers with a space). Only for so many different
# ones, and none taken, is it the party's.
_ORDERS_FOR_AN_OUTAGE = 10
_ORDERS_AT_A_GATEWAY = 3
GATEWAY = frozenset({502, 503, 504})
OK = 200
TOO_MANY_REQUESTS = 429


def pause_after(attempts: int, pauses: Sequence[timedelta]) -> timedelta:
    """How long to wait after so many tries."""
    if pauses:
        return pauses[min(attempts, len(pauses)) - 1]
    return min(_FIRST_BACKOFF * float(2 ** min(attempts - 1, 10)), _LONGEST_BACKOFF)


async def account_state(
    connection: Connection,
    account: Account,
    sent: Sequence[Sent],
    pauses: Sequence[timedelta],
    *,
    now: datetime,
) -> None:
    """The account is well when anything was answered; in trouble when it refuses us, asks us to slow down, or when
    nothing gets through at all. What is said of one order or recipient is that one's, however often it is said; an
    error that an HTTP party answers may be either, so it is the account's only when it is answered for many different
    orders and nothing else is. Of an account with `pauses` of its own a person hears only when it is given up.
    """
    refused = next((s for s in sent if s.outcome is Outcome.AUTH_FAILED), None)
    # Who says yes and shows nothing has answered.
    failed = [s for s in sent if s.outcome is Outcome.RETRY and s.http_status != OK]
    throttled = next((s for s in failed if s.http_status == TOO_MANY_REQUESTS), None)
    switched_off = next((s for s in sent if s.outcome is Outcome.ENDED), None)
    if refused is not None:
        await trouble.unwell(connection, account, refused.outcome, refused.message, now=now)
    elif throttled is not None:
        pause = max(throttled.retry_after or 0, 60.0)
        await trouble.unwell(
            connection, account, throttled.outcome, throttled.message, now=now, retry_after=pause, told=bool(pauses)
        )
    elif switched_off is not None and not _wrote(sent):
        await trouble.ended(connection, account, switched_off.message, now=now)
    elif len(failed) < len(sent):
        if _wrote(sent) or not await trouble.has_ended(connection, account):
            await trouble.well(connection, account, now=now)
    else:
        await _nothing_got_through(connection, account, [s for s in failed if not s.about_one], pauses, now=now)


async def _nothing_got_through(
    connection: Connection, account: Account, failed: Sequence[Sent], pauses: Sequence[timedelta], *, now: datetime
) -> None:
    """`failed`: what is not said of one order or recipient only."""
    silent = next((s for s in failed if s.http_status is None), None)
    if silent is not None:
        # It could not be reached: the circuit opens at once, before others wait for nothing too.
        first, told = pause_after(1, pauses), bool(pauses)
        await trouble.unwell(connection, account, silent.outcome, silent.message, now=now, told=told, first=first)
    elif failed and await _broken_for_all(connection, account, failed):
        await trouble.unwell(connection, account, failed[0].outcome, failed[0].message, now=now, told=bool(pauses))
    elif failed:
        await stores.count_failure(connection, account.id)


def _wrote(sent: Sequence[Sent]) -> bool:
    """Whether anything was told: who only reads learns nothing of whether the interface for telling is there."""
    return any(s.outcome is Outcome.FOUND and s.http_status is not None for s in sent)


async def _broken_for_all(connection: Connection, account: Account, broken: Sequence[Sent]) -> bool:
    """Whether a party that answered errors only does so for everybody: nothing was taken since the first of several
    tries, and so many different orders wait for it. A gateway that stands before it says so earlier.
    """
    gateway = all(s.http_status in GATEWAY for s in broken)
    tries = account.failures + len(broken)
    most = _ORDERS_AT_A_GATEWAY if gateway else _ORDERS_FOR_AN_OUTAGE
    return tries >= most and await effects.failing_orders(connection, account.id) >= most
