"""In: an account's answers; out: one notice when they deviate from what its connector expects."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.following import contract_watches, events, replies, retention_holds, shipments
from paradeiro.db.following.contract_watches import ContractWatch, Example
from paradeiro.db.following.replies import Reply
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import Connection
from paradeiro.domain.following import contract_drift
from paradeiro.domain.following.contract_drift import AnswerSample, Baseline, Deviation, Shape
from paradeiro.domain.records import ParsedAnswer
from paradeiro.domain.words import Drift, NoticeKind, Outcome, Way
from paradeiro.flow.following.renamed_fields import renamed_in
from paradeiro.sdk.answer_shape import answer_shape, mask_answer
from paradeiro.sdk.contract import Answer, Connector
from paradeiro.sdk.wording.contract_drift import drift_clauses

# A package without news for longer may have been dropped by the carrier.
_RECENT = timedelta(days=30)
# An open notice is refreshed this often: its counts cost a query over shipments.
_REFRESH_EVERY = timedelta(minutes=5)
# Below this recent share of unreadable answers they count as readable again.
_READABLE_AGAIN_BELOW = 0.1
# The next check of a package whose answer could not be read.
_UNREAD_PAUSE = timedelta(minutes=30)
_EVENTLESS = frozenset({Outcome.NOT_FOUND, Outcome.REFUSED})
_DAY = timedelta(days=1)
# Unmapped codes older than this are not named again.
_NEW_CODES_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class UnexpectedAnswer:
    """An answer that is unreadable or has changed: an example for the notice."""

    tracking_code: str
    body: bytes = field(repr=False)
    reply_id: int | None = None


async def watch_answers(
    connection: Connection,
    account: Account,
    connector: Connector,
    due: Sequence[ShipmentRow],
    answers: Mapping[str, Answer],
    *,
    changed: Sequence[Answer],
    reply_ids: Mapping[str, int],
    seconds: float | None,
    had_transient_errors: bool = False,
    now: datetime,
) -> None:
    """Add the answers of one request to the watch. `changed`: the new answers; `reply_ids`: ids of stored replies, by
    tracking code; `had_transient_errors`: it first answered errors that no single package caused. Nothing if nothing
    was asked.
    """
    if not answers:
        return
    read = sum(1 for a in answers.values() if a.outcome in {Outcome.FOUND, Outcome.NOT_FOUND})
    if read:
        await contract_watches.count_hour(connection, account.store_id, account.id, now=now, answers=read)
    unread = [a for a in answers.values() if a.outcome is Outcome.MALFORMED]
    codes = {k.shipment.tracking_code for k in due if _has_recent_news(k, now)}
    known = [a for a in answers.values() if a.tracking_code in codes]
    # One that looks like "nothing yet", of a package that had events, may have them under another name.
    eventless = [a for a in known if a.outcome in _EVENTLESS]
    shapes = _shapes(connector, changed)
    compared = [*shapes, *_shapes(connector, eventless)]
    sample = AnswerSample(
        shapes=tuple(shape for _, shape in shapes),
        readable=read,
        unreadable=tuple(a.message for a in unread),
        eventful=sum(a.outcome is Outcome.FOUND for a in known),
        eventless=len(eventless),
        seconds=seconds if read else None,
        failed=had_transient_errors or any(a.outcome is Outcome.RETRY for a in answers.values()),
        recovered=bool(read) and (had_transient_errors or account.failures > 0),
        renamed=await renamed_in(connection, account.id, connector, compared, before=now),
    )
    odd = [*unread, *changed] or eventless
    unexpected = [UnexpectedAnswer(a.tracking_code, a.body, reply_ids.get(a.tracking_code)) for a in odd]
    hold = [reply_ids[a.tracking_code] for a in unread]
    await _update_watch(connection, account, connector, sample, unexpected, hold=hold, now=now)


def _has_recent_news(row: ShipmentRow, now: datetime) -> bool:
    news_at = row.shipment.snapshot.news_at
    return news_at is not None and now - news_at < _RECENT


def _shapes(connector: Connector, answers: Iterable[Answer | Reply]) -> list[tuple[str, Shape]]:
    """The fields of answers, each with its tracking code; none for a connector that declares no fields."""
    if not connector.fields:
        return []
    return [(a.tracking_code, shape) for a in answers if (shape := answer_shape(a.body)) is not None]


@dataclass(slots=True)
class ReplyCounts:
    """What the replies recorded together contain besides events."""

    unreadable: list[tuple[UnexpectedAnswer, str]] = field(default_factory=list)
    unknown: dict[str, Reply] = field(default_factory=dict)
    with_unknown: list[int] = field(default_factory=list)
    unasked: dict[int, Reply] = field(default_factory=dict)

    def add(self, reply: Reply, parsed: ParsedAnswer) -> None:
        """Add one reply and what it says about one code."""
        if not reply.tracking_code and parsed.outcome is not Outcome.MALFORMED:
            self.unasked[reply.id] = reply
        for code in parsed.unknown_codes:
            self.unknown.setdefault(code, reply)
            self.with_unknown.append(reply.id)
        if parsed.outcome is Outcome.MALFORMED:
            self.unreadable.append((UnexpectedAnswer(parsed.tracking_code, reply.body, reply.id), parsed.message))


async def watch_replies(
    connection: Connection, account: Account, connector: Connector, counts: ReplyCounts, news: int, *, now: datetime
) -> None:
    """Add recorded replies of an account to the watch: `news` new events, unmapped codes, answers that the connector
    accepted and the parser could not read.
    """
    if counts.unreadable:
        codes = [unexpected.tracking_code for unexpected, _ in counts.unreadable]
        await shipments.mark_unreadable(connection, account.id, codes, next_check=now + _UNREAD_PAUSE)
    if news:
        await contract_watches.count_hour(connection, account.store_id, account.id, now=now, events=news)
    sample = await _recorded_sample(connection, account, connector, counts)
    if sample != AnswerSample():
        unexpected = [each for each, _ in counts.unreadable]
        hold = [each.reply_id for each in unexpected if each.reply_id is not None]
        unexpected += [UnexpectedAnswer("", reply.body, reply.id) for reply in counts.unasked.values()]
        await _update_watch(connection, account, connector, sample, unexpected, hold=hold, now=now)
    if counts.unknown:
        draft = await _new_codes(connection, account, counts.unknown, now)
        await notices.open_notices(connection, [draft], now=now)
        await retention_holds.hold_replies(connection, account.store_id, draft.kind, draft.subject, counts.with_unknown)


async def _recorded_sample(
    connection: Connection, account: Account, connector: Connector, counts: ReplyCounts
) -> AnswerSample:
    """What recorded replies add to the watch beside what their requests did: which could not be read, and the pages of
    a feed, which no request was watched for.
    """
    unreadable = tuple(reason for _, reason in counts.unreadable)
    pages = list(counts.unasked.values()) if Way.FEED in connector.ways else []
    shapes = _shapes(connector, pages)
    if not shapes:
        return AnswerSample(unreadable=unreadable)
    first = min(page.received_at for page in pages)
    renamed = await renamed_in(connection, account.id, connector, shapes, before=first)
    return AnswerSample(tuple(shape for _, shape in shapes), unreadable=unreadable, renamed=renamed)


async def watch_recorded_replies(
    connection: Connection,
    accounts: Iterable[Account],
    connectors: Mapping[str, Connector],
    counts: Mapping[int, ReplyCounts],
    news: Mapping[int, int],
    *,
    now: datetime,
) -> None:
    """Watch the recorded replies of each account. `counts` and `news` (number of new events) are by account id."""
    for account in accounts:
        if account.id in counts:
            connector = connectors[account.connector]
            await watch_replies(connection, account, connector, counts[account.id], news.get(account.id, 0), now=now)


async def _new_codes(
    connection: Connection, account: Account, unknown: Mapping[str, Reply], now: datetime
) -> NoticeDraft:
    """One notice for all unmapped codes of an account."""
    seen = await events.unknown_codes(connection, account.store_id, account.id, since=now - _NEW_CODES_WITHIN)
    codes = ", ".join(sorted({*seen, *unknown}))
    shipment_count = max(sum(seen.values()), 1)
    first = next(iter(unknown.values()))
    # What was not asked for (a push, a file, a page of a feed) is not about one code.
    example = f", among them {first.tracking_code}" if first.tracking_code else ""
    words = (
        f"{account.name} sent codes that our table does not know: {codes} (on {shipment_count} packages{example}). "
        "The events are kept and shown; the packages' status did not move. Say what they "
        f"mean: `paradeiro code map {account.connector} CODE STATUS`. Or mend the table, then run "
        f"paradeiro replay {account.connector} --since {now - _NEW_CODES_WITHIN:%Y-%m-%d}."
    )
    facts = {
        "account": account.name,
        "event": codes,
        "code": first.tracking_code,
        "shipments": str(shipment_count),
        "command": f"paradeiro replay {account.connector} --since {now - _NEW_CODES_WITHIN:%Y-%m-%d}",
    }
    if not first.tracking_code:
        facts["variant"] = "unasked"
    return NoticeDraft(
        account.store_id,
        NoticeKind.UNKNOWN_CODE,
        f"account {account.id}",
        words,
        account_id=account.id,
        reply_id=first.id,
        facts=facts,
    )


async def _update_watch(
    connection: Connection,
    account: Account,
    connector: Connector,
    sample: AnswerSample,
    unexpected: Sequence[UnexpectedAnswer],
    *,
    hold: Sequence[int],
    now: datetime,
) -> None:
    """Update the account's baseline; open, refresh or resolve its notice. Replies in `hold` are kept until the notice
    is resolved.
    """
    watch = await _lock_watch(connection, account, now=now)
    subject = f"account {account.id}"
    before = watch.baseline
    if before.found and not await notices.is_open(connection, account.store_id, NoticeKind.CONTRACT_DRIFT, subject):
        watch = ContractWatch(contract_drift.accept_deviations(before), Example(), None)
        before = watch.baseline
    baseline = contract_drift.lasting_deviations(contract_drift.update_baseline(before, sample, connector.fields, now))
    watch = replace(watch, baseline=baseline)
    if before.found and not baseline.found:
        await notices.resolve_subject(connection, account.store_id, [NoticeKind.CONTRACT_DRIFT], subject, now=now)
        watch = ContractWatch(baseline, Example(), None)
    elif _notice_is_due(before, baseline, watch.notified_at, now):
        if not watch.example.after:
            watch = replace(watch, example=await _example_of(connection, account, connector, unexpected))
        draft = await _draft(connection, account, watch)
        await notices.open_notices(connection, [draft], now=now)
        watch = replace(watch, notified_at=now)
    if hold:
        await retention_holds.hold_replies(connection, account.store_id, NoticeKind.CONTRACT_DRIFT, subject, hold)
    await contract_watches.put_watch(connection, account.id, watch)


async def _lock_watch(connection: Connection, account: Account, *, now: datetime) -> ContractWatch:
    """Lock the account's watch. An unreadable one is reset with a notice: tracking does not depend on it."""
    watch = await contract_watches.lock_watch(connection, account.store_id, account.id)
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
        await contract_watches.put_watch(connection, account.id, watch)
    return watch


async def refresh(connection: Connection, account: Account, *, now: datetime) -> None:
    """Refresh an account's open notice: its package count changes without new answers too."""
    watch = await _lock_watch(connection, account, now=now)
    subject = f"account {account.id}"
    if watch.baseline.found and await notices.is_open(connection, account.store_id, NoticeKind.CONTRACT_DRIFT, subject):
        await notices.open_notices(connection, [await _draft(connection, account, watch)], now=now)


def _notice_is_due(before: Baseline, baseline: Baseline, notified_at: datetime | None, now: datetime) -> bool:
    if not baseline.found:
        return False
    return baseline.found.keys() != before.found.keys() or notified_at is None or now - notified_at >= _REFRESH_EVERY


async def _example_of(
    connection: Connection, account: Account, connector: Connector, unexpected: Sequence[UnexpectedAnswer]
) -> Example:
    """The masked answer now and the previous one about the same package."""
    if not unexpected:
        return Example()
    one = unexpected[0]
    older = await replies.earlier_body(connection, account.id, [s.tracking_code for s in unexpected], besides=one.body)
    before = mask_answer(older, connector.fields) if older is not None else ""
    return Example(before, mask_answer(one.body, connector.fields), one.reply_id)


async def _draft(connection: Connection, account: Account, watch: ContractWatch) -> NoticeDraft:
    found = contract_drift.deviations(watch.baseline)
    since = min(deviation.since for deviation in found)
    eventless = any(o.drift is Drift.EVENTS_GONE for o in found)
    affected = await contract_watches.count_unreadable(connection, account.id, eventless=eventless)
    store = (await stores.stores(connection, [account.store_id]))[account.store_id]
    lines = "\n".join(f"{o.drift} {o.detail}".rstrip() for o in found)
    when = f"{since.astimezone(ZoneInfo(store.time_zone)):%d/%m/%Y %H:%M}"
    facts = {
        "variant": _variant(found, watch.baseline, affected),
        "account": account.name,
        "oddities": lines,
        "since": when,
        "shipments": str(affected),
        "before": watch.example.before,
        "after": watch.example.after,
        "command": f"paradeiro replay {account.connector} --since {since - _DAY:%Y-%m-%d}",
    }
    words = f"{account.name} answers differently since {when}: {drift_clauses(lines)}. Packages concerned: {affected}. "
    words += _ADVICE[facts["variant"]].format(**facts)
    return NoticeDraft(
        account.store_id,
        NoticeKind.CONTRACT_DRIFT,
        f"account {account.id}",
        words,
        account_id=account.id,
        reply_id=watch.example.reply_id,
        facts=facts,
    )


_ADVICE = {
    "": "Nothing was changed by such answers and all are kept: mend the connector, then run {command}.",
    "over": "Its answers can be read again. Nothing was changed by those that could not, and all are kept: look at one "
    "and end this notice.",
    "readable": "They can still be read. Look at the example: if nothing is missing on the packages, end this notice; "
    "else mend the connector, then run {command}.",
    "heals": "Nothing is lost and we go on asking; this notice ends by itself.",
}


def _variant(found: Sequence[Deviation], baseline: Baseline, affected: int) -> str:
    """The notice variant by what to do: fix the connector (""), look ("over", "readable"), or wait ("heals")."""
    kinds = {deviation.drift for deviation in found}
    if Drift.UNREADABLE in kinds:
        return "over" if affected == 0 and baseline.unreadable.recent < _READABLE_AGAIN_BELOW else ""
    return "heals" if all(kind.heals for kind in kinds) else "readable"
