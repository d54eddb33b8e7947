"""In: messages that an account refused; out: one notice for each reason, and all of them sent again once it is mended.

A contract that changed, a rule that was wrong, a right that was missing: every order is refused alike. That is one
thing to mend; then all go again, order by order in their order, once each, but for what a newer message says already.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from paradeiro.db import jobs, notices, refusals, stores
from paradeiro.db.audit import By
from paradeiro.db.effects import Claimed
from paradeiro.db.jobs import Job
from paradeiro.db.notices import Notice, NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.stores import Account
from paradeiro.domain.refusals import kind_of_why
from paradeiro.domain.words import DeedKind, NoticeKind, PartyKind
from paradeiro.flow import deeds
from paradeiro.flow.errors import InvalidError, MissingError
from paradeiro.flow.means import Means
from paradeiro.sdk.contract import Sent

# So many in one transaction, so that others never wait long; so many in one call, so that nobody waits for its answer.
_LOT = 200
MOST_AT_ONCE = 10_000
_SINKS = frozenset({PartyKind.ORDER_SYSTEM, PartyKind.MARKETPLACE, PartyKind.MAIL})


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that was just refused, with its order's number."""

    claimed: Claimed
    number: str
    sent: Sent


@dataclass(frozen=True, slots=True)
class Resent:
    """What sending again did, or would do: `again` go, `left` do not, since newer messages say it. `after`: where to go
    on, if there are more than one call takes; None if that was all.
    """

    account: str
    again: int = 0
    left: int = 0
    orders: int = 0
    first_order: str = ""
    last_order: str = ""
    after: int | None = None


@dataclass(slots=True)
class _Tally:
    again: int = 0
    left: int = 0
    orders: set[int] = field(default_factory=set)
    numbers: list[str] = field(default_factory=list)  # of the first and the last

    def add(self, judged: Sequence[refusals.Judged]) -> None:
        going = [each for each in judged if not each.needless]
        self.again += len(going)
        self.left += len(judged) - len(going)
        self.orders |= {each.order_id for each in going}
        if going:
            self.numbers = [*(self.numbers[:1] or [going[0].order_number]), going[-1].order_number]


async def told(connection: Connection, account: Account, refused: Sequence[Refused]) -> list[NoticeDraft]:
    """What a person must know of these: one notice for all that the account ever refused for the same reason."""
    alike: dict[str, list[Refused]] = {}
    for each in refused:
        alike.setdefault(kind_of_why(each.sent.message, each.sent.http_status), []).append(each)
    drafts = []
    for kind, some in sorted(alike.items()):
        await refusals.mark(connection, [each.claimed.id for each in some], kind)
        drafts.append(_draft(account, kind, await refusals.wave(connection, account.id, kind), some[-1]))
    return drafts


def _draft(account: Account, kind: str, wave: refusals.Wave, last: Refused) -> NoticeDraft:
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


def slow(account: Account, one: Refused) -> NoticeDraft:
    """What a person must know of one that is not taken, however often it is tried."""
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


async def forget(connection: Connection, ended: Notice) -> None:
    """A person ended a notice about refusals without sending again: these are not asked about again."""
    kind = ended.facts.get("refusal")
    if ended.kind == NoticeKind.EFFECT_REFUSED and kind and ended.account_id is not None:
        await refusals.unmark(connection, ended.account_id, kind)


async def resend(
    means: Means,
    store_id: int,
    account_id: int,
    *,
    kind: str | None = None,
    since: datetime | None = None,
    after: int = 0,
    dry_run: bool = False,
    by: By | None = None,
) -> Resent:
    """Send again what an account refused: of one kind of reason, since an instant, or all. At most `MOST_AT_ONCE` are
    looked at; a call that dies in between is repeated without harm. Raises `StatementError`s.
    """
    account = await sink(means, store_id, account_id)
    tally, at = _Tally(), after
    async with means.pool.connection() as connection:
        up_to = await refusals.newest(connection, account.id)
    looked = 0
    while looked < MOST_AT_ONCE:
        async with transaction(means.pool) as connection:
            ids = await refusals.refused(
                connection, account.id, kind=kind, since=since, after=at, up_to=up_to, limit=_LOT
            )
            if ids:
                judged = await refusals.judge(connection, ids)
                tally.add(judged)
                if not dry_run:
                    await _let_go(means, connection, account, judged)
        looked, at = looked + len(ids), ids[-1] if ids else at
        if len(ids) < _LOT:
            break
    more = len(ids) == _LOT
    if not dry_run:
        await _done(means, account, tally, by, kind=kind, since=since, whole=kind is None and not more)
    first, last = (tally.numbers[0], tally.numbers[-1]) if tally.numbers else ("", "")
    return Resent(account.name, tally.again, tally.left, len(tally.orders), first, last, at if more else None)


async def _let_go(means: Means, connection: Connection, account: Account, judged: Sequence[refusals.Judged]) -> None:
    await refusals.leave(connection, [each.id for each in judged if each.needless])
    await refusals.again(connection, [each.id for each in judged if not each.needless], now=means.now())
    await jobs.enqueue(connection, [Job(jobs.RELAY, str(account.id), once=True)])


async def _done(
    means: Means,
    account: Account,
    tally: _Tally,
    by: By | None,
    *,
    kind: str | None,
    since: datetime | None,
    whole: bool,
) -> None:
    """End the notices of which nothing is left, let the account be told at once, and write down who did it."""
    async with transaction(means.pool) as connection:
        if tally.again:
            await stores.visit_now(connection, account.id, now=means.now())
        who = by.author if by else "itself"
        await refusals.end_notices(connection, account.id, of_old=whole, since=since, by=who, now=means.now())
        what = kind or (f"since {since:%Y-%m-%dT%H:%MZ}" if since else "all")
        said = f"{account.name}: {tally.again} again, {tally.left} left ({what})"
        await deeds.note(means, connection, account.store_id, by, DeedKind.RESEND, said)


async def resend_of(
    means: Means, store_id: int, notice_id: int, *, dry_run: bool = False, by: By | None = None
) -> Resent:
    """Send again what an open notice is about. Raises `StatementError`s."""
    async with means.pool.connection() as connection:
        found = await notices.open_one(connection, store_id, notice_id)
    if found is None:
        raise MissingError("no_such_notice", f"There is no open notice {notice_id} in this store.")
    kind = found.facts.get("refusal")
    if found.kind != NoticeKind.EFFECT_REFUSED or not kind or found.account_id is None:
        raise MissingError("nothing_refused", f"Notice {notice_id} is about nothing that was refused.")
    return await resend(means, store_id, found.account_id, kind=kind, dry_run=dry_run, by=by)


async def sink(means: Means, store_id: int, account_id: int) -> Account:
    """An account of the store that is told things. Raises `StatementError`s."""
    async with means.pool.connection() as connection:
        found = await stores.accounts(connection, means.secret_key, ids=[account_id], store_ids=[store_id])
    if not found:
        raise MissingError("no_such_account", f"This store has no account {account_id}.")
    if found[0].kind not in _SINKS:
        words = f"{found[0].name} is told nothing that it could refuse. Endpoints: `paradeiro webhook replay`."
        raise InvalidError("no_sink", words)
    return found[0]
