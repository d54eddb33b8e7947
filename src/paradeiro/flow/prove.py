"""In: deliveries of one account whose proofs are wanted; out: pictures kept, once each, or when to ask again."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from paradeiro.db import jobs, notices, proofs, shipments
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.proofs import Found, Search, Tried
from paradeiro.db.stores import Account
from paradeiro.domain.proofs import content_type, next_try
from paradeiro.domain.redaction import unnamed
from paradeiro.domain.words import NoticeKind, Outcome, ProofState
from paradeiro.flow import aside, turns
from paradeiro.flow.bounded import BATCH_SECONDS, bounded
from paradeiro.flow.means import Means
from paradeiro.sdk.contract import ProofAnswer, ProofAsked

# Longer than the questions about one batch can take.
_LEASE = timedelta(minutes=5)
# Pictures can wait: the carrier's questions a second are for where packages are.
_PAUSE_SECONDS = 0.1
# What is not just "not yet": the interface may have changed, or is not ours.
_STRANGE = frozenset({Outcome.MALFORMED, Outcome.REFUSED, Outcome.AUTH_FAILED})
# One odd answer is none; the second about the same delivery, an hour later, is told.
_TRIES_BEFORE_TELLING = 2


async def prove(means: Means, account_id: int) -> int:
    """Ask for the proofs that are due at one account, for one turn. Returns for how many it asked."""
    done, turn = 0, turns.Turn()
    while True:
        asked = await _one_batch(means, account_id)
        done += asked
        if not asked:
            return done
        await asyncio.sleep(_PAUSE_SECONDS)
        if turn.over():
            await turns.go_on(means, jobs.PROVE, account_id)
            return done


async def _one_batch(means: Means, account_id: int) -> int:
    now = means.now()
    async with transaction(means.pool) as connection:
        account = await aside.open_account(means, connection, account_id, now=now)
        if account is None:
            return 0
        connector = means.connectors[account.connector]
        for kind in sorted(connector.proofs):
            due = await proofs.claim(
                connection, account_id, kind, now=now, lease=means.lease(_LEASE), limit=connector.proof_batch_size
            )
            if due:
                break
        else:
            return 0
    session = await means.sessions.of(account)
    tickets = {search.tracking_code: search.ticket for search in due}
    asked = [ProofAsked(code, ticket) for code, ticket in tickets.items()]
    given = await bounded(lambda: session.fetch_proofs(kind, asked), BATCH_SECONDS, partial(_unanswered, asked))
    answers = {answer.tracking_code: answer for answer in given}
    async with transaction(means.pool) as connection:
        await _settle(connection, account, due, answers, now=means.now())
    return len(due)


def _unanswered(asked: Sequence[ProofAsked], why: str) -> list[ProofAnswer]:
    return [ProofAnswer(each.tracking_code, Outcome.RETRY, message=why) for each in asked]


async def _settle(
    connection: Connection,
    account: Account,
    due: Sequence[Search],
    answers: Mapping[str, ProofAnswer],
    *,
    now: datetime,
) -> None:
    """Write what a batch gave. Shipments first: recording, which may take a delivery back, locks them first too."""
    standing = await shipments.delivered(connection, [search.shipment_id for search in due])
    told = [(search, answers[search.tracking_code]) for search in due]
    strange = [(s, a) for s, a in told if a.outcome in _STRANGE and s.tries + 1 >= _TRIES_BEFORE_TELLING]
    if strange:
        await notices.open_notices(connection, [_notice(account, strange[0][1].message)], now=now)
    elif any(answer.outcome is Outcome.FOUND for _, answer in told):
        kinds, subject = [NoticeKind.PROOF_UNREADABLE], f"account {account.id}"
        await notices.resolve_subject(connection, account.store_id, kinds, subject, now=now)
    found = [
        Found(
            search.store_id,
            search.shipment_id,
            search.kind,
            content_type(picture.content),
            picture.content,
            picture.comment,
            picture.taken_at,
            None if search.shipment_id in standing else now,
        )
        for search, answer in told
        for picture in answer.pictures
    ]
    await proofs.keep(connection, found, now=now)
    await proofs.tried(connection, [_tried(search, answer, now) for search, answer in told], now=now)


def _tried(search: Search, answer: ProofAnswer, now: datetime) -> Tried:
    """What one try leads to: all is there, or another try, or none."""
    if answer.outcome is Outcome.FOUND:
        return Tried(search.shipment_id, search.kind, ProofState.KEPT, search.tries, None, "", "")
    tries = search.tries + 1
    again = next_try(tries, now)
    state = ProofState.GIVEN_UP if again is None else ProofState.WANTED
    ticket = answer.ticket or search.ticket
    return Tried(search.shipment_id, search.kind, state, tries, again, ticket, unnamed(answer.message))


def _notice(account: Account, why: str) -> NoticeDraft:
    words = (
        f"{account.name} answers oddly when asked for proofs of deliveries ({why}). Packages are followed as ever; "
        "their pictures are asked for a few times more, then given up. If it goes on, the interface may have changed."
    )
    subject = f"account {account.id}"
    facts = {"account": account.name, "why": why}
    return NoticeDraft(
        account.store_id, NoticeKind.PROOF_UNREADABLE, subject, words, account_id=account.id, facts=facts
    )
