"""In: an account's answers, as they come; out: one notice once they are not what its connector expects of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from paradeiro.db import events, holds, notices, replies, shipments, stores, watches
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection
from paradeiro.db.replies import Reply
from paradeiro.db.shipments import Kept
from paradeiro.db.stores import Account
from paradeiro.db.watches import Example, Watch
from paradeiro.domain import drift
from paradeiro.domain.drift import Habit, Look, Oddity, Shape
from paradeiro.domain.records import Parsed
from paradeiro.domain.words import Drift, NoticeKind, Outcome
from paradeiro.sdk.contract import Answer, Connector
from paradeiro.sdk.shape import masked, shape_of
from paradeiro.sdk.speech.drift import clauses

# What was not heard of for longer may have left the carrier's books.
_HEARD_LATELY = timedelta(days=30)
# An open notice is brought up to date this often: its counts cost a look at the shipments.
_TELL_EVERY = timedelta(minutes=5)
# The share of unreadable answers, lately, below which the party is said to be itself again.
_READS_AGAIN = 0.1
# When to ask again about a package whose answer could not be read.
_UNREAD_PAUSE = timedelta(minutes=30)
_DAY = timedelta(days=1)
# Codes that a person decided to leave alone are not named for ever.
_NEW_CODES_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Strange:
    """An answer that could not be read, or that shows what has changed: an example for the notice."""

    tracking_code: str
    body: bytes = field(repr=False)
    reply_id: int | None = None


async def answered(
    connection: Connection,
    account: Account,
    connector: Connector,
    due: Sequence[Kept],
    answers: Mapping[str, Answer],
    *,
    changed: Sequence[Answer],
    kept: Mapping[str, int],
    seconds: float | None,
    stumbled: bool = False,
    now: datetime,
) -> None:
    """One question was answered. `changed`: what is new; `kept`: ids of kept answers, by tracking code; `stumbled`: it
    was answered only after errors that were about no package.
    """
    read = sum(1 for a in answers.values() if a.outcome in {Outcome.FOUND, Outcome.NOT_FOUND})
    if read:
        await watches.count(connection, account.store_id, account.id, now=now, answers=read)
    unread = [a for a in answers.values() if a.outcome is Outcome.MALFORMED]
    known = {k.shipment.tracking_code for k in due if _heard_lately(k, now)}
    about = [a.outcome for a in answers.values() if a.tracking_code in known]
    look = Look(
        shapes=_shapes(connector, changed),
        readable=read,
        unreadable=tuple(a.message for a in unread),
        eventful=about.count(Outcome.FOUND),
        eventless=about.count(Outcome.NOT_FOUND) + about.count(Outcome.REFUSED),
        seconds=seconds if read else None,
        failed=stumbled or any(a.outcome is Outcome.RETRY for a in answers.values()),
        recovered=bool(read) and (stumbled or account.failures > 0),
    )
    strange = [Strange(a.tracking_code, a.body, kept.get(a.tracking_code)) for a in (*unread, *changed)]
    hold = [kept[a.tracking_code] for a in unread]
    if not strange and look.eventless:
        strange = [Strange(a.tracking_code, a.body) for a in answers.values() if a.tracking_code in known]
    await _carry(connection, account, connector, look, strange, hold=hold, now=now)


def _heard_lately(kept: Kept, now: datetime) -> bool:
    heard = kept.shipment.snapshot.news_at
    return heard is not None and now - heard < _HEARD_LATELY


def _shapes(connector: Connector, changed: Sequence[Answer]) -> tuple[Shape, ...]:
    """The fields of new answers; none for a connector that declares no fields."""
    if not connector.fields:
        return ()
    return tuple(shape for answer in changed if (shape := shape_of(answer.body)) is not None)


@dataclass(slots=True)
class Said:
    """What replies that were recorded together said, beside their events."""

    unreadable: list[tuple[Strange, str]] = field(default_factory=list)
    unknown: dict[str, Reply] = field(default_factory=dict)
    with_unknown: list[int] = field(default_factory=list)

    def add(self, reply: Reply, parsed: Parsed) -> None:
        """One reply, and what it says about one code."""
        for code in parsed.unknown_codes:
            self.unknown.setdefault(code, reply)
            self.with_unknown.append(reply.id)
        if parsed.outcome is Outcome.MALFORMED:
            self.unreadable.append((Strange(parsed.tracking_code, reply.body, reply.id), parsed.message))


async def said(
    connection: Connection, account: Account, connector: Connector, what: Said, news: int, *, now: datetime
) -> None:
    """Replies of an account were recorded: `news` new events, codes nobody has mapped, answers that looked well and
    could not be read after all.
    """
    if what.unreadable:
        codes = [strange.tracking_code for strange, _ in what.unreadable]
        await shipments.mark_unread(connection, account.id, codes, next_check=now + _UNREAD_PAUSE)
    if news:
        await watches.count(connection, account.store_id, account.id, now=now, events=news)
    if what.unreadable:
        look = Look(unreadable=tuple(reason for _, reason in what.unreadable))
        strange = [each for each, _ in what.unreadable]
        hold = [each.reply_id for each in strange if each.reply_id is not None]
        await _carry(connection, account, connector, look, strange, hold=hold, now=now)
    if what.unknown:
        draft = await _new_codes(connection, account, what.unknown, now)
        await notices.open_notices(connection, [draft], now=now)
        await holds.hold(connection, account.store_id, draft.kind, draft.subject, what.with_unknown)


async def _new_codes(
    connection: Connection, account: Account, unknown: Mapping[str, Reply], now: datetime
) -> NoticeDraft:
    """One notice for all codes of an account that nobody has mapped."""
    seen = await events.unknown_codes(connection, account.store_id, account.id, since=now - _NEW_CODES_WITHIN)
    codes = ", ".join(sorted({*seen, *unknown}))
    shipment_count = max(sum(seen.values()), 1)
    first = next(iter(unknown.values()))
    words = (
        f"{account.name} sent codes that our table does not know: {codes} (on {shipment_count} packages, among them "
        f"{first.tracking_code}). The events are kept and shown; the packages' status did not move. Map the codes, "
        f"then run paradeiro replay {account.connector} --since {now - _NEW_CODES_WITHIN:%Y-%m-%d}."
    )
    facts = {
        "account": account.name,
        "event": codes,
        "code": first.tracking_code,
        "shipments": str(shipment_count),
        "command": f"paradeiro replay {account.connector} --since {now - _NEW_CODES_WITHIN:%Y-%m-%d}",
    }
    return NoticeDraft(
        account.store_id,
        NoticeKind.UNKNOWN_CODE,
        f"account {account.id}",
        words,
        account_id=account.id,
        reply_id=first.id,
        facts=facts,
    )


async def _carry(
    connection: Connection,
    account: Account,
    connector: Connector,
    look: Look,
    strange: Sequence[Strange],
    *,
    hold: Sequence[int],
    now: datetime,
) -> None:
    """Carry the account's habit on; open its notice, bring it up to date, or end it. Replies to `hold` are kept until
    the notice has ended.
    """
    watch = await _lock(connection, account, now=now)
    subject = f"account {account.id}"
    before = watch.habit
    if before.found and not await notices.is_open(connection, account.store_id, NoticeKind.CONTRACT_DRIFT, subject):
        watch = Watch(drift.accepted(before), Example(), None)
        before = watch.habit
    habit = drift.lasting(drift.carry_on(before, look, connector.fields, now))
    watch = replace(watch, habit=habit)
    if before.found and not habit.found:
        await notices.resolve_subject(connection, account.store_id, [NoticeKind.CONTRACT_DRIFT], subject, now=now)
        watch = Watch(habit, Example(), None)
    elif _to_tell(before, habit, watch.told_at, now):
        if not watch.example.after:
            watch = replace(watch, example=await _example(connection, account, connector, strange))
        draft = await _draft(connection, account, watch)
        await notices.open_notices(connection, [draft], now=now)
        watch = replace(watch, told_at=now)
    if hold:
        await holds.hold(connection, account.store_id, NoticeKind.CONTRACT_DRIFT, subject, hold)
    await watches.keep(connection, account.id, watch)


async def _lock(connection: Connection, account: Account, *, now: datetime) -> Watch:
    """The account's watch. One that cannot be read begins anew, which is told: following does not hang on it."""
    watch = await watches.lock(connection, account.store_id, account.id)
    if watch.lost:
        words = (
            f"What was learnt of {account.name}'s answers could not be read ({watch.lost}) and begins anew. Nothing "
            "else has changed; end this notice."
        )
        facts = {"variant": "watch", "names": account.name, "count": "1", "why": watch.lost}
        kind, subject = NoticeKind.SET_ASIDE, f"watch of account {account.id}"
        draft = NoticeDraft(account.store_id, kind, subject, words, account_id=account.id, facts=facts)
        await notices.open_notices(connection, [draft], now=now)
        watch = replace(watch, lost="")
        await watches.keep(connection, account.id, watch)
    return watch


async def refresh(connection: Connection, account: Account, *, now: datetime) -> None:
    """Bring an account's open notice up to date: how many packages it is about changes without new answers too."""
    watch = await _lock(connection, account, now=now)
    subject = f"account {account.id}"
    if watch.habit.found and await notices.is_open(connection, account.store_id, NoticeKind.CONTRACT_DRIFT, subject):
        await notices.open_notices(connection, [await _draft(connection, account, watch)], now=now)


def _to_tell(before: Habit, habit: Habit, told_at: datetime | None, now: datetime) -> bool:
    if not habit.found:
        return False
    return habit.found.keys() != before.found.keys() or told_at is None or now - told_at >= _TELL_EVERY


async def _example(
    connection: Connection, account: Account, connector: Connector, strange: Sequence[Strange]
) -> Example:
    """What an answer looks like now, and what the one before it about the same package looked like."""
    if not strange:
        return Example()
    one = strange[0]
    older = await replies.before(connection, account.id, [s.tracking_code for s in strange], besides=one.body)
    before = masked(older, connector.fields) if older is not None else ""
    return Example(before, masked(one.body, connector.fields), one.reply_id)


async def _draft(connection: Connection, account: Account, watch: Watch) -> NoticeDraft:
    told = drift.oddities(watch.habit)
    since = min(oddity.since for oddity in told)
    eventless = any(o.drift is Drift.EVENTS_GONE for o in told)
    affected = await watches.odd_shipments(connection, account.id, eventless=eventless)
    store = (await stores.stores(connection, [account.store_id]))[account.store_id]
    lines = "\n".join(f"{o.drift} {o.detail}".rstrip() for o in told)
    when = f"{since.astimezone(ZoneInfo(store.time_zone)):%d/%m/%Y %H:%M}"
    facts = {
        "variant": _variant(told, watch.habit, affected),
        "account": account.name,
        "oddities": lines,
        "since": when,
        "shipments": str(affected),
        "before": watch.example.before,
        "after": watch.example.after,
        "command": f"paradeiro replay {account.connector} --since {since - _DAY:%Y-%m-%d}",
    }
    words = f"{account.name} answers differently since {when}: {clauses(lines)}. Packages concerned: {affected}. "
    words += _EN_TO_DO[facts["variant"]].format(**facts)
    return NoticeDraft(
        account.store_id,
        NoticeKind.CONTRACT_DRIFT,
        f"account {account.id}",
        words,
        account_id=account.id,
        reply_id=watch.example.reply_id,
        facts=facts,
    )


_EN_TO_DO = {
    "": "Nothing was changed by such answers and all are kept: mend the connector, then run {command}.",
    "over": "Its answers can be read again. Nothing was changed by those that could not, and all are kept: look at one "
    "and end this notice.",
    "readable": "They can still be read. Look at the example: if nothing is missing on the packages, end this notice.",
    "heals": "Nothing is lost and we go on asking; this notice ends by itself.",
}


def _variant(told: Sequence[Oddity], habit: Habit, affected: int) -> str:
    """What is to be done: mend the connector, look, or wait."""
    kinds = {oddity.drift for oddity in told}
    if Drift.UNREADABLE in kinds:
        return "over" if affected == 0 and habit.unreadable.recent < _READS_AGAIN else ""
    return "heals" if all(kind.heals for kind in kinds) else "readable"
