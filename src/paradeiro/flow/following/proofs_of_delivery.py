"""In: deliveries of one account whose proofs are requested; out: stored pictures, once each, or the next try."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from paradeiro.db import jobs
from paradeiro.db.accounts.stores import Account
from paradeiro.db.following import proofs, shipments
from paradeiro.db.following.proofs import ClaimedSearch, NewProof, SearchResult
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.following.proofs import content_type, next_try
from paradeiro.domain.redaction import redact
from paradeiro.domain.words import NoticeKind, Outcome, ProofState
from paradeiro.flow.context import Context
from paradeiro.flow.operations import job_turns, unusable_rows
from paradeiro.flow.operations.time_limit import BATCH_SECONDS, with_time_limit
from paradeiro.sdk.contract import ProofAnswer, ProofAsked

# Longer than the requests of one batch take.
_LEASE = timedelta(minutes=5)
# Pictures can wait: the carrier's rate limit is for tracking.
_PAUSE_SECONDS = 0.1
# Not just "not yet": the interface may have changed, or is not included in the contract.
_UNEXPECTED = frozenset({Outcome.MALFORMED, Outcome.REFUSED, Outcome.AUTH_FAILED})
# A second unexpected answer about one delivery, an hour later, opens a notice.
_TRIES_BEFORE_NOTICE = 2


async def fetch_proofs(context: Context, account_id: int) -> int:
    """Fetch the proofs due at one account, for one job turn. Returns how many were requested."""
    batch = partial(_fetch_batch, context, account_id)
    return await job_turns.run_batches(context, jobs.PROVE, account_id, batch, pause=_PAUSE_SECONDS)


async def _fetch_batch(context: Context, account_id: int) -> tuple[int, bool]:
    """How many were requested, and whether there may be more."""
    now = context.now()
    async with transaction(context.pool) as connection:
        account = await unusable_rows.open_account(context, connection, account_id, now=now)
        if account is None:
            return 0, False
        connector = context.connectors[account.connector]
        for kind in sorted(connector.proofs):
            due = await proofs.claim_searches(
                connection, account_id, kind, now=now, lease=context.lease(_LEASE), limit=connector.proof_batch_size
            )
            if due:
                break
        else:
            return 0, False
    session = await context.sessions.of(account)
    tickets = {search.tracking_code: search.ticket for search in due}
    asked = [ProofAsked(code, ticket) for code, ticket in tickets.items()]
    proof_answers = await with_time_limit(
        lambda: session.fetch_proofs(kind, asked), BATCH_SECONDS, partial(_unanswered, asked)
    )
    answers = {answer.tracking_code: answer for answer in proof_answers}
    async with transaction(context.pool) as connection:
        await _write_answers(connection, account, due, answers, key=context.secret_key, now=context.now())
    return len(due), True


def _unanswered(asked: Sequence[ProofAsked], why: str) -> list[ProofAnswer]:
    return [ProofAnswer(each.tracking_code, Outcome.RETRY, message=why) for each in asked]


async def _write_answers(
    connection: Connection,
    account: Account,
    due: Sequence[ClaimedSearch],
    answers: Mapping[str, ProofAnswer],
    *,
    key: str,
    now: datetime,
) -> None:
    """Write the answers of a batch. Shipments are locked first, as recording does, which may withdraw a delivery."""
    standing = await shipments.lock_delivered(connection, [search.shipment_id for search in due])
    answered = [(search, answers[search.tracking_code]) for search in due]
    unexpected = [(s, a) for s, a in answered if a.outcome in _UNEXPECTED and s.tries + 1 >= _TRIES_BEFORE_NOTICE]
    if unexpected:
        await notices.open_notices(connection, [_notice(account, unexpected[0][1].message)], now=now)
    elif any(answer.outcome is Outcome.FOUND for _, answer in answered):
        kinds, subject = [NoticeKind.PROOF_UNREADABLE], f"account {account.id}"
        await notices.resolve_subject(connection, account.store_id, kinds, subject, now=now)
    found = [
        NewProof(
            search.store_id,
            search.shipment_id,
            search.kind,
            content_type(picture.content),
            picture.content,
            picture.comment,
            picture.taken_at,
            None if search.shipment_id in standing else now,
        )
        for search, answer in answered
        for picture in answer.pictures
    ]
    await proofs.put_proofs(connection, found, key=key, now=now)
    await proofs.record_tries(connection, [_search_result(search, answer, now) for search, answer in answered], now=now)


def _search_result(search: ClaimedSearch, answer: ProofAnswer, now: datetime) -> SearchResult:
    """The result of one try: kept, another try, or given up."""
    if answer.outcome is Outcome.FOUND:
        return SearchResult(search.shipment_id, search.kind, ProofState.KEPT, search.tries, None, "", "")
    tries = search.tries + 1
    again = next_try(tries, now)
    state = ProofState.GIVEN_UP if again is None else ProofState.WANTED
    ticket = answer.ticket or search.ticket
    return SearchResult(search.shipment_id, search.kind, state, tries, again, ticket, redact(answer.message))


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
