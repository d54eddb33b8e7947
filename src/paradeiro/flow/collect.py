"""In: shipments that are due at one account; out: new answers stored with their recording enqueued, schedules moved.

Due at an account are its own shipments and, while it stands in for one in trouble, that one's (decision 0011).
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from paradeiro.db import jobs, notices, replies, shipments, stand_ins
from paradeiro.db.jobs import Job
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.set_aside import apart
from paradeiro.db.shipments import Asked, Kept
from paradeiro.db.stores import Account
from paradeiro.domain.schedule import next_check
from paradeiro.domain.sources import PATIENCE
from paradeiro.domain.words import NoticeKind, Outcome
from paradeiro.flow import aside, trouble, turns, watch
from paradeiro.flow.bounded import BATCH_SECONDS, MANY_SECONDS, bounded
from paradeiro.flow.fetching import Answers, Fetched, answered_an_error, codes_of, fetch, fetch_many
from paradeiro.flow.means import Means
from paradeiro.sdk.contract import Answer, Connector

# Longer than any batch can take; a worker that dies gives its shipments back after this.
_LEASE = timedelta(minutes=3)
# Recording sets the real instant; this one only stands if the worker dies in between.
_UNTIL_RECORDED = timedelta(minutes=10)
# From so many due at once on, a question for many is worth the minute that its answer may take. Four ordinary batches
# are answered in less than the first look at a receipt.
MANY = 200
# A minute for the answer, and then, at worst, all of them in the ordinary way.
_LONG_LEASE = timedelta(minutes=5)
# Replies that one job records in one transaction.
_PER_RECORDING = 50
_WHOLE_BATCH = ""
# Whether an account in trouble answers again is tried with one shipment, each time with another: it may be that one's
# fault. Stand-ins ask about the others meanwhile.
_PROBE = 1
# An aggregator that hears of a package for the first time has to go and look itself; it has seen it by then.
_AFTER_INTRODUCTION = timedelta(minutes=10)
# Errors in a row about one package until a person hears of it.
_ERRORS_BEFORE_TELLING = 4
_NO_ANSWER = frozenset({Outcome.RETRY, Outcome.AUTH_FAILED})


@dataclass(slots=True)
class _Batch:
    """What one batch of answers leads to, gathered before anything is written."""

    asked: list[Asked] = field(default_factory=list)
    changed: list[Answer] = field(default_factory=list)
    notices: list[NoticeDraft] = field(default_factory=list)


async def collect(means: Means, account_id: int) -> int:
    """Ask for what is due at one account, for one turn; what is left has another. Returns for how many it asked."""
    done, turn, whole = 0, _Turn(), turns.Turn()
    while True:
        claimed = await _claim(means, account_id, turn)
        asked = await _ask(means, claimed, turn) if claimed is not None else 0
        done += asked
        if not asked or claimed is None:
            return done
        if whole.over():
            # Who comes next knows nothing of when the carrier was asked last: the pause is kept here.
            await turn.wait(claimed.connector.requests_per_second)
            await turns.go_on(means, jobs.COLLECT, account_id)
            return done


@dataclass(slots=True)
class _Turn:
    """What one job does at an account: when it asked last, and whether the way for many is worth trying.

    No more questions a second than the carrier allows; the work between two of them is part of the pause.
    """

    asked_at: float = float("-inf")
    many: bool = True

    async def wait(self, per_second: float) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(self.asked_at + 1 / per_second - loop.time(), 0))
        self.asked_at = loop.time()


@dataclass(frozen=True, slots=True)
class _Claimed:
    """Shipments that are ours to ask one account for. `borrowed`: they have another home. `many`: so many that the way
    for many is tried first.
    """

    account: Account
    connector: Connector
    due: Sequence[Kept]
    borrowed: bool
    many: bool


async def _claim(means: Means, account_id: int, turn: _Turn) -> _Claimed | None:
    """What is due, if the account may be asked: the account's own shipments, else those it stands in for."""
    now = means.now()
    async with transaction(means.pool) as connection:
        account = await aside.open_account(means, connection, account_id, now=now)
        if account is None:
            return None
        connector, probe = means.connectors[account.connector], account.state != "ok"
        many = turn.many and not probe and connector.large_batch_size >= MANY
        many = many and await shipments.count_due(connection, account_id, now=now, most=MANY) == MANY
        limit = _PROBE if probe else connector.large_batch_size if many else connector.batch_size
        lease = means.lease(_LONG_LEASE if many else _LEASE)
        found = await shipments.claim_due(connection, account.id, now=now, lease=lease, limit=limit, probe=probe)
        borrowed = not (found.kept or found.spoilt)
        if borrowed:
            found = await stand_ins.claim(
                connection, account.id, now=now, patience=PATIENCE, lease=lease, limit=min(limit, connector.batch_size)
            )
        await aside.leave(connection, found.spoilt, now=now)
        due = found.kept
    return _Claimed(account, connector, due, borrowed, many and not borrowed) if due else None


async def _ask(means: Means, claimed: _Claimed, turn: _Turn) -> int:
    """Ask for what was claimed. Returns for how many; 0 when the account cannot be asked further now."""
    due = await _ask_for_many(means, claimed, turn) if claimed.many else claimed.due
    size = claimed.connector.batch_size
    for start in range(0, len(due), size):
        if not await _ask_batch(means, claimed, due[start : start + size], turn):
            async with transaction(means.pool) as connection:
                await shipments.release(connection, [kept.shipment.id for kept in due[start + size :]])
            return 0
    return len(claimed.due)


async def _ask_for_many(means: Means, claimed: _Claimed, turn: _Turn) -> Sequence[Kept]:
    """Ask for all at once in the way that takes its time. Returns those that it gave no answer about."""
    await turn.wait(claimed.connector.requests_per_second)
    session = await means.sessions.of(claimed.account)
    answers = await bounded(partial(fetch_many, session, claimed.due), MANY_SECONDS, _none)
    turn.many = bool(answers)
    answered = [kept for kept in claimed.due if kept.shipment.tracking_code in answers]
    if answered:
        # How long it took says nothing about how fast the carrier answers questions.
        asking = _Asking(claimed.account, means.connectors, borrowed=False, seconds=None, now=means.now())
        async with transaction(means.pool) as connection:
            await _settle_apart(connection, asking, answered, answers)
    return [kept for kept in claimed.due if kept.shipment.tracking_code not in answers]


async def _ask_batch(means: Means, claimed: _Claimed, due: Sequence[Kept], turn: _Turn) -> bool:
    """Ask for one ordinary batch. False when the account cannot be asked further now."""
    await turn.wait(claimed.connector.requests_per_second)
    session = await means.sessions.of(claimed.account)
    asked_at = asyncio.get_running_loop().time()
    asking_all = partial(fetch, session, due, partial(turn.wait, claimed.connector.requests_per_second))
    found = await bounded(asking_all, BATCH_SECONDS, partial(_unanswered, codes_of(due)))
    seconds = asyncio.get_running_loop().time() - asked_at
    asking = _Asking(claimed.account, means.connectors, claimed.borrowed, seconds, means.now(), found.stumbled)
    async with transaction(means.pool) as connection:
        await aside.leave(connection, found.spoilt, now=means.now())
        answered = [kept for kept in due if kept.shipment.tracking_code in found.answers]
        return await _settle_apart(connection, asking, answered, found.answers)


def _none(_: str) -> Answers:
    return {}


def _unanswered(codes: Sequence[str], why: str) -> Fetched:
    return Fetched({code: Answer(code, Outcome.RETRY, message=why) for code in codes})


@dataclass(frozen=True, slots=True)
class _Asking:
    """Who was asked, and as what: `borrowed` shipments have another home. `seconds`: how long the answer took, or None
    if that says nothing. `stumbled`: it answered errors at first, about nothing in particular.
    """

    account: Account
    connectors: Mapping[str, Connector]
    borrowed: bool
    seconds: float | None
    now: datetime
    stumbled: bool = False


async def _settle_apart(
    connection: Connection, asking: _Asking, due: Sequence[Kept], answers: Mapping[str, Answer]
) -> bool:
    """Write what the batch gave; if that fails, package by package, and the one with which it fails is set aside."""

    async def settle(some: Sequence[Kept]) -> list[bool]:
        mine = {code: answers[code] for code in codes_of(some)}
        return [await _settle(connection, asking, some, mine)]

    async def spoil(kept: Kept, error: Exception) -> None:
        await aside.leave(connection, [aside.package(kept, error)], now=asking.now)

    done: list[bool] = await apart(connection, due, settle, spoil)
    return all(done)


async def _settle(connection: Connection, asking: _Asking, due: Sequence[Kept], answers: dict[str, Answer]) -> bool:
    """Write what the batch gave. False when the account cannot be asked further now."""
    account, now = asking.account, asking.now
    reached = await _state(connection, account, list(answers.values()), now=now)
    batch = _Batch()
    spoilt = []
    for kept in due:
        try:
            _sort(batch, asking, kept, answers[kept.shipment.tracking_code], reached=reached)
        except Exception as error:  # noqa: BLE001 - nothing was written: this one is told, and the others go on
            spoilt.append(aside.package(kept, error))
    await aside.leave(connection, spoilt, now=now)
    # Replies before shipments: recording locks them in that order too.
    ids = await _keep_changed(connection, account, batch.changed, now=now)
    if asking.borrowed:
        await stand_ins.settle(connection, account.id, batch.asked, now=now)
    else:
        await shipments.settle(connection, batch.asked, now=now)
    if reached and account.trouble_since is not None:
        await stand_ins.bring_home(connection, account.id, since=account.trouble_since, now=now)
    ids |= await _keep_malformed(connection, account, answers.values(), now=now)
    await watch.answered(
        connection,
        account,
        asking.connectors[account.connector],
        # What another account had told of a package is not this one's to have forgotten.
        [] if asking.borrowed else due,
        answers,
        changed=batch.changed,
        kept=ids,
        seconds=None if asking.stumbled else asking.seconds,
        stumbled=asking.stumbled,
        now=now,
    )
    await notices.open_notices(connection, batch.notices, now=now)
    return reached


async def _state(connection: Connection, account: Account, answers: Sequence[Answer], *, now: datetime) -> bool:
    """How the account is by these answers. False when it cannot be asked further now."""
    erring = sum(1 for a in answers if answered_an_error(a))
    # An error about one package, while others are answered or nothing else was asked, is that package's own.
    own = erring < len(answers) or (len(answers) == 1 and account.state == "ok")
    down = next((a for a in answers if a.outcome in _NO_ANSWER and not (own and answered_an_error(a))), None)
    if down is not None:
        await trouble.unwell(connection, account, down.outcome, down.message, now=now, retry_after=down.retry_after)
        return False
    if all(a.outcome is Outcome.MALFORMED for a in answers):
        return not await trouble.garbled(connection, account, answers[0].message, now=now)
    await trouble.well(connection, account, now=now)
    return True


def _sort(batch: _Batch, asking: _Asking, kept: Kept, answer: Answer, *, reached: bool) -> None:
    """Decide for one shipment: unchanged (only its schedule moves), changed (to be recorded), or no answer."""
    now, shipment = asking.now, kept.shipment
    failed = answer.outcome in _NO_ANSWER or answer.outcome is Outcome.MALFORMED
    failures = kept.failures + 1 if failed else 0
    digest = replies.digest(answer.body) if answer.outcome is Outcome.FOUND else None
    if digest is not None and digest != kept.digest:
        batch.asked.append(Asked(shipment.id, answer.outcome, now + _UNTIL_RECORDED, 0, digest))
        batch.changed.append(answer)
        return
    # While its account cannot answer a shipment stays due: all go on together when that ends, or others are asked.
    waits = failed and not reached
    due = next_check(
        shipment.snapshot,
        now=now,
        registered_at=shipment.registered_at,
        zone=ZoneInfo(asking.connectors[shipment.carrier].time_zone),
        tracking_code=shipment.tracking_code,
        # A no of somebody else is none of the carrier: it must not keep the package from its home for a day.
        outcome=Outcome.NOT_FOUND if asking.borrowed and answer.outcome is Outcome.REFUSED else answer.outcome,
        failures=kept.failures,
    )
    # A code that had events is no wrong code: if many such are refused, the account's watch says so, once.
    wrong = answer.outcome is Outcome.REFUSED and not asking.borrowed and shipment.snapshot.news_at is None
    if wrong and answer.in_vain:
        due = None
    if asking.borrowed and not kept.outcome and answer.outcome is Outcome.NOT_FOUND and due is not None:
        due = min(due, now + _AFTER_INTRODUCTION)
    batch.asked.append(Asked(shipment.id, answer.outcome, due, failures, waits=waits))
    if wrong:
        batch.notices.append(_refused(asking.account, kept, answer))
    if answered_an_error(answer) and failures == _ERRORS_BEFORE_TELLING and not waits:
        batch.notices.append(_erring(asking.account, kept, answer))


def _refused(account: Account, kept: Kept, answer: Answer) -> NoticeDraft:
    code = kept.shipment.tracking_code
    return NoticeDraft(
        account.store_id,
        NoticeKind.WRONG_CODE,
        f"shipment {kept.shipment.id}",
        f"{account.name} will not tell us about {code} of order {kept.order.number}: {answer.message}. "
        "Check the code on the label and register the right one.",
        account_id=account.id,
        shipment_id=kept.shipment.id,
        facts={"account": account.name, "code": code, "order": kept.order.number, "why": answer.message},
    )


def _erring(account: Account, kept: Kept, answer: Answer) -> NoticeDraft:
    code = kept.shipment.tracking_code
    return NoticeDraft(
        account.store_id,
        NoticeKind.WRONG_CODE,
        f"shipment {kept.shipment.id}",
        f"{account.name} answers an error whenever it is asked about {code} of order {kept.order.number}: "
        f"{answer.message}. Others are answered. We keep asking; check the code, or ask the carrier.",
        account_id=account.id,
        shipment_id=kept.shipment.id,
        facts={
            "variant": "errors",
            "account": account.name,
            "code": code,
            "order": kept.order.number,
            "why": answer.message,
        },
    )


async def _keep_changed(
    connection: Connection, account: Account, changed: Sequence[Answer], *, now: datetime
) -> dict[str, int]:
    """Store each new answer once and enqueue its recording, in the same transaction. Ids by tracking code."""
    bodies = {answer.tracking_code: answer.body for answer in changed}
    ids = await replies.keep_all(
        connection, account.store_id, account.id, bodies, outcome=Outcome.FOUND, now=now, to_record=True
    )
    numbers = [str(reply_id) for reply_id in ids.values()]
    parts = (numbers[at : at + _PER_RECORDING] for at in range(0, len(numbers), _PER_RECORDING))
    await jobs.enqueue(connection, [Job(jobs.RECORD, ",".join(part)) for part in parts])
    return ids


async def _keep_malformed(
    connection: Connection, account: Account, answers: Iterable[Answer], *, now: datetime
) -> dict[str, int]:
    """Keep the bytes of what was not understood, once for a whole batch. Ids by tracking code."""
    by_body: dict[bytes, list[Answer]] = defaultdict(list)
    for answer in answers:
        if answer.outcome is Outcome.MALFORMED:
            by_body[answer.body].append(answer)
    ids: dict[str, int] = {}
    for body, spoilt in by_body.items():
        reply_id = await replies.keep(
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
