"""In: shipments due at one account; out: new answers stored, their recording enqueued, next checks scheduled.

Due are the account's own shipments, else those of unhealthy accounts that it is a fallback for (decision 0011), else
the legs that it carries of other accounts' shipments (decision 0044).
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from paradeiro.db import jobs
from paradeiro.db.accounts.stores import Account
from paradeiro.db.carriers import legs
from paradeiro.db.following import fallbacks, replies, shipments
from paradeiro.db.following.shipments import CheckResult, ShipmentRow
from paradeiro.db.jobs import Job
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.operations.set_aside import work_apart
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.following.schedule import next_check
from paradeiro.domain.tally import Metric
from paradeiro.domain.words import NoticeKind, Outcome
from paradeiro.flow.accounts import account_health
from paradeiro.flow.answers.claiming import ClaimedBatch, claim_due
from paradeiro.flow.answers.fetch import Answers, FetchResult, codes_of, fetch, fetch_many, is_server_error
from paradeiro.flow.context import Context
from paradeiro.flow.following import contract_watch
from paradeiro.flow.operations import job_turns, unusable_rows
from paradeiro.flow.operations.time_limit import BATCH_SECONDS, MANY_SECONDS, with_time_limit
from paradeiro.sdk.contract import Answer, Connector

# Recording sets the real next check; this one holds only if the worker dies in between.
_UNTIL_RECORDED = timedelta(minutes=10)
# Replies per recording job (one transaction).
_PER_RECORDING = 50
_WHOLE_BATCH = ""
# An aggregator needs this long to look up a package that is new to it.
_AFTER_INTRODUCTION = timedelta(minutes=10)
# Consecutive errors about one package before a notice.
_ERRORS_BEFORE_NOTICE = 4
_NO_ANSWER = frozenset({Outcome.RETRY, Outcome.AUTH_FAILED})


@dataclass(slots=True)
class _Batch:
    """Results of one batch, gathered before anything is written."""

    checked: list[CheckResult] = field(default_factory=list)
    changed: list[Answer] = field(default_factory=list)
    notices: list[NoticeDraft] = field(default_factory=list)


async def collect(context: Context, account_id: int) -> int:
    """Check what is due at one account, for one job turn; the rest gets another job. Returns how many were checked."""
    done, window, turn = 0, _CheckWindow(), job_turns.JobTurn()
    while True:
        claimed = await claim_due(context, account_id, many=window.many)
        checked = await _check_claimed(context, claimed, window) if claimed is not None else 0
        done += checked
        if not checked or claimed is None:
            return done
        if turn.over():
            # The next job does not know when the carrier was asked last, so wait here.
            await window.wait(claimed.connector.requests_per_second)
            await job_turns.continue_job(context, jobs.COLLECT, account_id)
            return done


@dataclass(slots=True)
class _CheckWindow:
    """Rate limit of one job at an account: when it asked last. `many`: whether bulk requests are worth trying.

    The work between two requests counts towards the pause.
    """

    checked_at: float = float("-inf")
    many: bool = True

    async def wait(self, per_second: float) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(self.checked_at + 1 / per_second - loop.time(), 0))
        self.checked_at = loop.time()


async def _check_claimed(context: Context, claimed: ClaimedBatch, window: _CheckWindow) -> int:
    """Check the claimed shipments. Returns how many; 0 when the account cannot be asked further now."""
    due = await _check_many(context, claimed, window) if claimed.many else claimed.due
    size = claimed.connector.batch_size
    for start in range(0, len(due), size):
        if not await _check_batch(context, claimed, due[start : start + size], window):
            async with transaction(context.pool) as connection:
                release = legs.release_claims if claimed.legs else shipments.release_claims
                await release(connection, [row.check_id for row in due[start + size :]])
            return 0
    return len(claimed.due)


async def _check_many(context: Context, claimed: ClaimedBatch, window: _CheckWindow) -> Sequence[ShipmentRow]:
    """Check all with one bulk request. Returns those without an answer."""
    await window.wait(claimed.connector.requests_per_second)
    session = await context.sessions.of(claimed.account)
    answers = await with_time_limit(partial(fetch_many, session, claimed.due), MANY_SECONDS, _no_answers)
    window.many = bool(answers)
    answered = [row for row in claimed.due if row.shipment.tracking_code in answers]
    if answered:
        # The duration of a bulk request says nothing about ordinary ones.
        check = _Check(claimed.account, context.connectors, as_fallback=False, seconds=None, now=context.now())
        async with transaction(context.pool) as connection:
            await _write_answers_isolated(connection, check, answered, answers)
        _count(context, claimed.account, answers.values())
    return [row for row in claimed.due if row.shipment.tracking_code not in answers]


async def _check_batch(
    context: Context, claimed: ClaimedBatch, due: Sequence[ShipmentRow], window: _CheckWindow
) -> bool:
    """Check one ordinary batch. False when the account cannot be asked further now."""
    await window.wait(claimed.connector.requests_per_second)
    session = await context.sessions.of(claimed.account)
    checked_at = asyncio.get_running_loop().time()
    fetch_batch = partial(fetch, session, due, partial(window.wait, claimed.connector.requests_per_second))
    found = await with_time_limit(fetch_batch, BATCH_SECONDS, partial(_unanswered, codes_of(due)))
    seconds = asyncio.get_running_loop().time() - checked_at
    check = _Check(
        claimed.account,
        context.connectors,
        claimed.as_fallback,
        seconds,
        context.now(),
        found.had_transient_errors,
        claimed.legs,
    )
    async with transaction(context.pool) as connection:
        await unusable_rows.set_row_aside(connection, found.unusable, now=context.now())
        answered = [row for row in due if row.shipment.tracking_code in found.answers]
        reached = await _write_answers_isolated(connection, check, answered, found.answers)
    _count(context, claimed.account, found.answers.values())
    return reached


def _count(context: Context, account: Account, answers: Iterable[Answer]) -> None:
    outcomes = [answer.outcome for answer in answers if not answer.unasked]
    context.tally.add_each(Metric.QUESTIONS, account.store_id, account.id, outcomes)


def _no_answers(_: str) -> Answers:
    return {}


def _unanswered(codes: Sequence[str], why: str) -> FetchResult:
    return FetchResult({code: Answer(code, Outcome.RETRY, message=why) for code in codes})


@dataclass(frozen=True, slots=True)
class _Check:
    """How a batch was checked. `as_fallback`: the shipments belong to another account. `seconds`: duration, None if it
    is no measure. `had_transient_errors`: it first answered errors that no single package caused.
    """

    account: Account
    connectors: Mapping[str, Connector]
    as_fallback: bool
    seconds: float | None
    now: datetime
    had_transient_errors: bool = False
    legs: bool = False


async def _write_answers_isolated(
    connection: Connection, check: _Check, due: Sequence[ShipmentRow], answers: Mapping[str, Answer]
) -> bool:
    """Write a batch; if that fails, write it row by row and set aside the rows that fail."""

    async def settle(some: Sequence[ShipmentRow]) -> list[bool]:
        mine = {code: answers[code] for code in codes_of(some)}
        return [await _write_answers(connection, check, some, mine)]

    async def spoil(row: ShipmentRow, error: Exception) -> None:
        await unusable_rows.set_row_aside(connection, [unusable_rows.unusable_shipment(row, error)], now=check.now)

    done: list[bool] = await work_apart(connection, due, settle, spoil)
    return all(done)


async def _write_answers(
    connection: Connection, check: _Check, due: Sequence[ShipmentRow], answers: dict[str, Answer]
) -> bool:
    """Write the answers of a batch. False when the account cannot be asked further now."""
    account, now = check.account, check.now
    asked = {code: answer for code, answer in answers.items() if not answer.unasked}
    reached = await _update_health(connection, account, list(asked.values()), now=now)
    batch = _Batch()
    spoilt = []
    for row in due:
        try:
            _classify_answer(batch, check, row, answers[row.shipment.tracking_code], reached=reached)
        except Exception as error:  # noqa: BLE001 - nothing was written: this row is set aside, the others go on
            spoilt.append(unusable_rows.unusable_shipment(row, error))
    await unusable_rows.set_row_aside(connection, spoilt, now=now)
    # Replies before shipments: recording locks them in that order too.
    ids = await _store_changed(connection, account, batch.changed, now=now)
    if check.legs:
        await legs.write_results(connection, batch.checked, now=now)
    elif check.as_fallback:
        await fallbacks.write_results(connection, account.id, batch.checked, now=now)
    else:
        await shipments.write_results(connection, batch.checked, now=now)
    if asked and reached and account.problem_since is not None:
        await fallbacks.return_to_primary(connection, account.id, since=account.problem_since, now=now)
    ids |= await _store_malformed(connection, account, answers.values(), now=now)
    await contract_watch.watch_answers(
        connection,
        account,
        check.connectors[account.connector],
        # A fallback account need not know what the primary account reported.
        [] if check.as_fallback else due,
        asked,
        changed=[answer for answer in batch.changed if not answer.unasked],
        reply_ids=ids,
        seconds=None if check.had_transient_errors else check.seconds,
        had_transient_errors=check.had_transient_errors,
        now=now,
    )
    await notices.open_notices(connection, batch.notices, now=now)
    return reached


async def _update_health(connection: Connection, account: Account, answers: Sequence[Answer], *, now: datetime) -> bool:
    """Update the account's health by these answers. False when it cannot be asked further now."""
    if not answers:
        return account.state == "ok"
    error_count = sum(1 for a in answers if is_server_error(a))
    # An error about one package, while others are answered or none were asked, concerns that package only.
    about_one = error_count < len(answers) or (len(answers) == 1 and account.state == "ok")
    down = next((a for a in answers if a.outcome in _NO_ANSWER and not (about_one and is_server_error(a))), None)
    if down is not None:
        await account_health.mark_unhealthy(
            connection, account, down.outcome, down.message, now=now, retry_after=down.retry_after
        )
        return False
    if all(a.outcome is Outcome.MALFORMED for a in answers):
        return not await account_health.count_unreadable_batch(connection, account, answers[0].message, now=now)
    await account_health.mark_healthy(connection, account, now=now)
    return True


def _classify_answer(batch: _Batch, check: _Check, row: ShipmentRow, answer: Answer, *, reached: bool) -> None:
    """Sort one answer into the batch: unchanged (only rescheduled), changed (to be recorded), or no answer."""
    now, shipment = check.now, row.shipment
    failed = answer.outcome in _NO_ANSWER or answer.outcome is Outcome.MALFORMED
    # One that says nothing of its unhealthy account is a probe in vain: the next one is another shipment.
    failures = row.failures + 1 if failed or (answer.unasked and not reached) else 0
    digest = replies.digest(answer.body) if answer.outcome is Outcome.FOUND else None
    if digest is not None and digest != row.digest:
        batch.checked.append(CheckResult(row.check_id, answer.outcome, now + _UNTIL_RECORDED, failures, digest))
        batch.changed.append(answer)
        return
    # While its account is unhealthy a shipment stays due, for the recovery or for a fallback account.
    waits = failed and not reached
    due = next_check(
        shipment.snapshot,
        now=now,
        registered_at=shipment.registered_at,
        zone=ZoneInfo(check.connectors[shipment.carrier].time_zone),
        tracking_code=shipment.tracking_code,
        # A refusal by a fallback is not the carrier's: it must not delay the primary account by a day.
        outcome=Outcome.NOT_FOUND if check.as_fallback and answer.outcome is Outcome.REFUSED else answer.outcome,
        failures=row.failures,
    )
    # A code that had events is not wrong: if many such are refused, the contract watch opens one notice.
    wrong = answer.outcome is Outcome.REFUSED and not check.as_fallback and shipment.snapshot.news_at is None
    if wrong and answer.in_vain:
        due = None
    if check.as_fallback and not row.outcome and answer.outcome is Outcome.NOT_FOUND and due is not None:
        due = min(due, now + _AFTER_INTRODUCTION)
    batch.checked.append(CheckResult(row.check_id, answer.outcome, due, failures, waits=waits))
    if wrong:
        batch.notices.append(_refused_notice(check.account, row, answer))
    if is_server_error(answer) and failures == _ERRORS_BEFORE_NOTICE and not waits:
        batch.notices.append(_error_notice(check.account, row, answer))


def _refused_notice(account: Account, row: ShipmentRow, answer: Answer) -> NoticeDraft:
    code = row.shipment.tracking_code
    return NoticeDraft(
        account.store_id,
        NoticeKind.WRONG_CODE,
        f"shipment {row.shipment.id}",
        f"{account.name} will not tell us about {code} of order {row.order.number}: {answer.message}. "
        "Check the code on the label and register the right one.",
        account_id=account.id,
        shipment_id=row.shipment.id,
        facts={"account": account.name, "code": code, "order": row.order.number, "why": answer.message},
    )


def _error_notice(account: Account, row: ShipmentRow, answer: Answer) -> NoticeDraft:
    code = row.shipment.tracking_code
    return NoticeDraft(
        account.store_id,
        NoticeKind.WRONG_CODE,
        f"shipment {row.shipment.id}",
        f"{account.name} answers an error whenever it is asked about {code} of order {row.order.number}: "
        f"{answer.message}. Others are answered. We keep asking; check the code, or ask the carrier.",
        account_id=account.id,
        shipment_id=row.shipment.id,
        facts={
            "variant": "errors",
            "account": account.name,
            "code": code,
            "order": row.order.number,
            "why": answer.message,
        },
    )


async def _store_changed(
    connection: Connection, account: Account, changed: Sequence[Answer], *, now: datetime
) -> dict[str, int]:
    """Store each new answer once and enqueue its recording, in the same transaction. Ids by tracking code."""
    bodies = {answer.tracking_code: answer.body for answer in changed}
    ids = await replies.put_replies(
        connection, account.store_id, account.id, bodies, outcome=Outcome.FOUND, now=now, to_record=True
    )
    numbers = [str(reply_id) for reply_id in ids.values()]
    parts = (numbers[at : at + _PER_RECORDING] for at in range(0, len(numbers), _PER_RECORDING))
    await jobs.enqueue(connection, [Job(jobs.RECORD, ",".join(part)) for part in parts])
    return ids


async def _store_malformed(
    connection: Connection, account: Account, answers: Iterable[Answer], *, now: datetime
) -> dict[str, int]:
    """Store the bytes of unreadable answers, once per distinct body. Ids by tracking code."""
    by_body: dict[bytes, list[Answer]] = defaultdict(list)
    for answer in answers:
        if answer.outcome is Outcome.MALFORMED:
            by_body[answer.body].append(answer)
    ids: dict[str, int] = {}
    for body, spoilt in by_body.items():
        reply_id = await replies.put_reply(
            connection,
            store_id=account.store_id,
            account_id=account.id,
            tracking_code=spoilt[0].tracking_code if len(spoilt) == 1 else _WHOLE_BATCH,
            outcome=Outcome.MALFORMED,
            body=body,
            now=now,
            to_record=False,
        )
        ids |= {answer.tracking_code: reply_id for answer in spoilt}
    return ids
