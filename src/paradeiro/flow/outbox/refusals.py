"""In: messages that an account refused; out: one notice per reason, and all sent again once it is fixed.

A changed contract, a wrong rule or a missing permission refuses every order for one reason. After the fix all are sent
again once, in sequence per order, except those superseded by a newer message.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from paradeiro.db import jobs
from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.jobs import Job
from paradeiro.db.operations import notices
from paradeiro.db.operations.audit import Actor
from paradeiro.db.operations.notices import Notice, NoticeDraft
from paradeiro.db.outbox import refusals
from paradeiro.db.outbox.effects import ClaimedEffect
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.outbox.refusals import reason_group
from paradeiro.domain.words import AuditAction, NoticeKind, PartyKind
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError, MissingError
from paradeiro.flow.operations import audit_log
from paradeiro.sdk.contract import Sent

# Messages per transaction, to hold locks briefly; messages per call, to answer soon.
_BATCH = 200
MOST_AT_ONCE = 10_000
_SINKS = frozenset({PartyKind.ORDER_SYSTEM, PartyKind.MARKETPLACE, PartyKind.MAIL})


@dataclass(frozen=True, slots=True)
class RefusedEffect:
    """A refused message with its order's number."""

    claimed: ClaimedEffect
    number: str
    sent: Sent


@dataclass(frozen=True, slots=True)
class Resent:
    """The result of a resend: `again` are sent, `left` are not, since newer messages supersede them. `after`: where the
    next call continues; None if that was all.
    """

    account: str
    again: int = 0
    left: int = 0
    orders: int = 0
    first_order: str = ""
    last_order: str = ""
    after: int | None = None


@dataclass(slots=True)
class _ResendCounts:
    again: int = 0
    left: int = 0
    orders: set[int] = field(default_factory=set)
    numbers: list[str] = field(default_factory=list)  # of the first and the last

    def add(self, decisions: Sequence[refusals.ResendDecision]) -> None:
        going = [each for each in decisions if not each.needless]
        self.again += len(going)
        self.left += len(decisions) - len(going)
        self.orders |= {each.order_id for each in going}
        if going:
            self.numbers = [*(self.numbers[:1] or [going[0].order_number]), going[-1].order_number]


async def refusal_notices(
    connection: Connection, account: Account, refused: Sequence[RefusedEffect]
) -> list[NoticeDraft]:
    """One notice per reason, for all messages that the account refused for it."""
    alike: dict[str, list[RefusedEffect]] = {}
    for each in refused:
        alike.setdefault(reason_group(each.sent.message, each.sent.http_status), []).append(each)
    drafts = []
    for kind, some in sorted(alike.items()):
        await refusals.mark_refusals(connection, [each.claimed.id for each in some], kind)
        drafts.append(_draft(account, kind, await refusals.refusal_group(connection, account.id, kind), some[-1]))
    return drafts


def _draft(account: Account, kind: str, wave: refusals.RefusalGroup, last: RefusedEffect) -> NoticeDraft:
    why, one = last.sent.message, wave.count == 1
    count = str(wave.count) if wave.count < refusals.MOST_COUNTED else f"{wave.count}+"
    what = f"'{last.claimed.kind}' of order {last.number} (effect {last.claimed.id})"
    if not one:
        what = f"{count} messages for the same reason, of order {wave.first_order} first and {wave.last_order} last"
    words = (
        f"{account.name} refused {what}: {why}. Mend what it names (the order, a right, the channel's rules, the "
        "connector), then send again here or with `paradeiro resend`. By itself nothing of it goes again; newer news "
        "does."
    )
    facts = {
        "variant": "" if one else "wave",
        "account": account.name,
        "effect": last.claimed.kind,
        "order": last.number,
        "why": why,
        "count": count,
        "first": wave.first_order,
        "last": wave.last_order,
        "refusal": kind,
    }
    shipment = last.claimed.shipment_id if one else None
    subject = f"account {account.id}: {kind}"
    return NoticeDraft(account.store_id, NoticeKind.EFFECT_REFUSED, subject, words, account.id, shipment, facts=facts)


def waiting_notice(account: Account, one: RefusedEffect) -> NoticeDraft:
    """The notice about a message that is not accepted after many tries."""
    claimed, result = one.claimed, one.sent
    said = f"'{claimed.kind}' of order {one.number} (effect {claimed.id})"
    words = f"{account.name} has not taken {said} in {claimed.attempts} tries: {result.message}. We keep trying."
    return NoticeDraft(
        account.store_id,
        NoticeKind.EFFECT_REFUSED,
        f"shipment {claimed.shipment_id} {claimed.kind}",
        words,
        account_id=account.id,
        shipment_id=claimed.shipment_id,
        facts={
            "variant": "slow",
            "account": account.name,
            "effect": claimed.kind,
            "order": one.number,
            "why": result.message,
            "tries": str(claimed.attempts),
        },
    )


async def unmark_refusals(connection: Connection, ended: Notice) -> None:
    """After a refusal notice was resolved by hand, do not count its messages in the next one."""
    kind = ended.facts.get("refusal")
    if ended.kind == NoticeKind.EFFECT_REFUSED and kind and ended.account_id is not None:
        await refusals.clear_refusals(connection, ended.account_id, kind)


async def resend(
    context: Context,
    store_id: int,
    account_id: int,
    *,
    kind: str | None = None,
    since: datetime | None = None,
    after: int = 0,
    dry_run: bool = False,
    by: Actor | None = None,
) -> Resent:
    """Send again what an account refused: for one reason (`kind`), since an instant, or all. Processes at most
    `MOST_AT_ONCE`; safe to repeat after a crash. Raises `StatementError`s.
    """
    account = await sink_account(context, store_id, account_id)
    counts, at = _ResendCounts(), after
    async with context.pool.connection() as connection:
        up_to = await refusals.newest_refused(connection, account.id)
    looked = 0
    while looked < MOST_AT_ONCE:
        async with transaction(context.pool) as connection:
            ids = await refusals.refused_ids(
                connection, account.id, kind=kind, since=since, after=at, up_to=up_to, limit=_BATCH
            )
            if ids:
                decisions = await refusals.decide_resend(connection, ids)
                counts.add(decisions)
                if not dry_run:
                    await _apply_decisions(context, connection, account, decisions)
        looked, at = looked + len(ids), ids[-1] if ids else at
        if len(ids) < _BATCH:
            break
    more = len(ids) == _BATCH
    if not dry_run:
        await _finish_resend(context, account, counts, by, kind=kind, since=since, whole=kind is None and not more)
    first, last = (counts.numbers[0], counts.numbers[-1]) if counts.numbers else ("", "")
    return Resent(account.name, counts.again, counts.left, len(counts.orders), first, last, at if more else None)


async def _apply_decisions(
    context: Context, connection: Connection, account: Account, decisions: Sequence[refusals.ResendDecision]
) -> None:
    await refusals.keep_refused(connection, [each.id for each in decisions if each.needless])
    await refusals.resend(connection, [each.id for each in decisions if not each.needless], now=context.now())
    await jobs.enqueue(connection, [Job(jobs.RELAY, str(account.id), once=True)])


async def _finish_resend(
    context: Context,
    account: Account,
    counts: _ResendCounts,
    by: Actor | None,
    *,
    kind: str | None,
    since: datetime | None,
    whole: bool,
) -> None:
    """Resolve the notices without remaining messages, make the account due now, and write the audit entry."""
    async with transaction(context.pool) as connection:
        if counts.again:
            await stores.make_account_due(connection, account.id, now=context.now())
        who = by.actor if by else "itself"
        await refusals.resolve_refusal_notices(
            connection, account.id, of_old=whole, since=since, by=who, now=context.now()
        )
        what = kind or (f"since {since:%Y-%m-%dT%H:%MZ}" if since else "all")
        said = f"{account.name}: {counts.again} again, {counts.left} left ({what})"
        await audit_log.write_entry(context, connection, account.store_id, by, AuditAction.RESEND, said)


async def resend_by_notice(
    context: Context, store_id: int, notice_id: int, *, dry_run: bool = False, by: Actor | None = None
) -> Resent:
    """Send again the messages of an open refusal notice. Raises `StatementError`s."""
    async with context.pool.connection() as connection:
        found = await notices.open_notice(connection, store_id, notice_id)
    if found is None:
        raise MissingError("no_such_notice", f"There is no open notice {notice_id} in this store.")
    kind = found.facts.get("refusal")
    if found.kind != NoticeKind.EFFECT_REFUSED or not kind or found.account_id is None:
        raise MissingError("nothing_refused", f"Notice {notice_id} is about nothing that was refused.")
    return await resend(context, store_id, found.account_id, kind=kind, dry_run=dry_run, by=by)


async def sink_account(context: Context, store_id: int, account_id: int) -> Account:
    """A sink account of the store (no endpoint). Raises `StatementError`s."""
    async with context.pool.connection() as connection:
        found = await stores.accounts(connection, context.secret_key, ids=[account_id], store_ids=[store_id])
    if not found:
        raise MissingError("no_such_account", f"This store has no account {account_id}.")
    if found[0].kind not in _SINKS:
        words = f"{found[0].name} is told nothing that it could refuse. Endpoints: `paradeiro webhook replay`."
        raise InvalidError("no_sink", words)
    return found[0]
