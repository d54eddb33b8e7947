"""In: results of one batch at a sink account; out: the account marked healthy, unhealthy, or unchanged."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.outbox import effects
from paradeiro.db.pool import Connection
from paradeiro.domain.words import Outcome
from paradeiro.flow.accounts import account_health
from paradeiro.sdk.contract import Sent

_FIRST_BACKOFF = timedelta(seconds=30)
_LONGEST_BACKOFF = timedelta(hours=1)
# An error may be caused by one order (VTEX: invoice numbers with a space). It is an outage only for this many different
# orders with none accepted.
_ORDERS_FOR_AN_OUTAGE = 10
_ORDERS_AT_A_GATEWAY = 3
GATEWAY = frozenset({502, 503, 504})
OK = 200
TOO_MANY_REQUESTS = 429


def pause_after(attempts: int, pauses: Sequence[timedelta]) -> timedelta:
    """The pause after so many tries."""
    if pauses:
        return pauses[min(attempts, len(pauses)) - 1]
    return min(_FIRST_BACKOFF * float(2 ** min(attempts - 1, 10)), _LONGEST_BACKOFF)


async def update_account_health(
    connection: Connection,
    account: Account,
    sent: Sequence[Sent],
    pauses: Sequence[timedelta],
    *,
    now: datetime,
) -> None:
    """Healthy if anything was answered; unhealthy on refused credentials, throttling, or if nothing got through. An
    answer about one order or recipient never counts for the account; an HTTP error counts only if many different orders
    get errors and nothing else. An account with `pauses` of its own gets a notice only when it is disabled.
    """
    refused = next((s for s in sent if s.outcome is Outcome.AUTH_FAILED), None)
    # A party that accepts without writing has answered.
    failed = [s for s in sent if s.outcome is Outcome.RETRY and s.http_status != OK]
    throttled = next((s for s in failed if s.http_status == TOO_MANY_REQUESTS), None)
    switched_off = next((s for s in sent if s.outcome is Outcome.ENDED), None)
    if refused is not None:
        await account_health.mark_unhealthy(connection, account, refused.outcome, refused.message, now=now)
    elif throttled is not None:
        pause = max(throttled.retry_after or 0, 60.0)
        await account_health.mark_unhealthy(
            connection, account, throttled.outcome, throttled.message, now=now, retry_after=pause, notified=bool(pauses)
        )
    elif switched_off is not None and not _any_written(sent):
        await account_health.mark_ended(connection, account, switched_off.message, now=now)
    elif len(failed) < len(sent):
        if _any_written(sent) or not await account_health.has_ended(connection, account):
            await account_health.mark_healthy(connection, account, now=now)
    else:
        await _record_total_failure(connection, account, [s for s in failed if not s.about_one], pauses, now=now)


async def _record_total_failure(
    connection: Connection, account: Account, failed: Sequence[Sent], pauses: Sequence[timedelta], *, now: datetime
) -> None:
    """Handle a batch of failures only. `failed`: those not about one order or recipient."""
    silent = next((s for s in failed if s.http_status is None), None)
    if silent is not None:
        # Unreachable: open the circuit at once.
        first_pause, notified = pause_after(1, pauses), bool(pauses)
        await account_health.mark_unhealthy(
            connection, account, silent.outcome, silent.message, now=now, notified=notified, first_pause=first_pause
        )
    elif failed and await _is_outage(connection, account, failed):
        await account_health.mark_unhealthy(
            connection, account, failed[0].outcome, failed[0].message, now=now, notified=bool(pauses)
        )
    elif failed:
        await stores.count_failure(connection, account.id)


def _any_written(sent: Sequence[Sent]) -> bool:
    """Whether anything was written: a successful read does not prove that the write interface exists."""
    return any(s.outcome is Outcome.FOUND and s.http_status is not None for s in sent)


async def _is_outage(connection: Connection, account: Account, broken: Sequence[Sent]) -> bool:
    """Whether errors mean an outage: several tries without success and enough different failing orders (fewer if a
    gateway answered).
    """
    gateway = all(s.http_status in GATEWAY for s in broken)
    tries = account.failures + len(broken)
    most = _ORDERS_AT_A_GATEWAY if gateway else _ORDERS_FOR_AN_OUTAGE
    return tries >= most and await effects.count_failing_orders(connection, account.id) >= most
