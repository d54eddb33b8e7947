"""In: pending effects of one sink account; out: each sent once, in sequence per order, with its receipt."""

import asyncio
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec

from paradeiro.db import jobs
from paradeiro.db.accounts.stores import Account
from paradeiro.db.customers import personal_data
from paradeiro.db.following import shipments
from paradeiro.db.following.shipments import ReadRows, ShipmentRow
from paradeiro.db.operations import notices
from paradeiro.db.operations.set_aside import NOT_THE_ROWS, error_text, work_apart
from paradeiro.db.outbox import deadlines, effects
from paradeiro.db.outbox.effects import ClaimedEffect, EffectResult
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.redaction import redact, redact_receipt
from paradeiro.domain.tally import Metric
from paradeiro.domain.words import BounceKind, Outcome, PartyKind
from paradeiro.flow.context import Context, log
from paradeiro.flow.customers import bounces
from paradeiro.flow.operations import job_turns, unusable_rows
from paradeiro.flow.operations.time_limit import SEND_SECONDS, with_time_limit
from paradeiro.flow.outbox import carrier_tables, channel_rules, endpoints, mail_policy, refusals
from paradeiro.flow.outbox.messages import build_messages, packages_by_row
from paradeiro.flow.outbox.refusals import RefusedEffect
from paradeiro.flow.outbox.relay_account import GATEWAY, OK, TOO_MANY_REQUESTS, pause_after, update_account_health
from paradeiro.sdk.contract import Request, Sent
from paradeiro.sdk.public_history import sent_status

_LEASE = timedelta(minutes=2)
_BATCH = 10
_SHARE = 6  # batches per minute: a batch takes ten seconds of an account's pace
_NOTICE_AFTER_ATTEMPTS = 12
# An order answered with errors while others are accepted gets a notice earlier.
_NOTICE_AFTER_ERRORS = 4
# Tries of a message accepted but not written, within about an hour; then a notice.
_MAX_UNWRITTEN = 8


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """A claimed effect with its rendered request; `doubtful` if an earlier try may have been accepted."""

    claimed: ClaimedEffect
    request: Request
    number: str  # of its order
    doubtful: bool


async def relay(context: Context, account_id: int, job: str = jobs.RELAY) -> int:
    """Send what is due at one account, for one job turn; the rest gets another job. Returns how many were accepted."""
    return await job_turns.run_batches(context, job, account_id, partial(_relay_batch, context, account_id))


async def _relay_batch(context: Context, account_id: int) -> tuple[int, bool]:
    """How many were accepted, and whether there may be more."""
    now = context.now()
    async with transaction(context.pool) as connection:
        account = await unusable_rows.open_account(context, connection, account_id, now=now)
        if account is None:
            return 0, False
        claimed, items = await _claim(context, connection, account, now=now)
    if not items:
        return 0, claimed > 0
    session = await context.sessions.of(account)
    sent = await asyncio.gather(
        *(with_time_limit(partial(_send, session, item), SEND_SECONDS, _timed_out) for item in items)
    )
    async with transaction(context.pool) as connection:
        pauses = context.connectors[account.connector].pauses
        await _write_results(connection, account, pauses, items, sent, began=now, now=context.now())
    context.tally.add_each(Metric.EFFECTS, account.store_id, account.id, [result.outcome for result in sent])
    accepted = sum(result.outcome is Outcome.FOUND for result in sent)
    stopped = any(result.outcome is Outcome.AUTH_FAILED for result in sent)
    return accepted, not stopped


async def _claim(
    context: Context, connection: Connection, account: Account, *, now: datetime
) -> tuple[int, list[_Outgoing]]:
    """Claim the first pending effect of each of this account's orders and render it with the current facts. Returns how
    many were claimed, and those to send.

    The shipments are share-locked first, so that an effect never includes what a concurrent recording is adding.
    """
    pace = context.connectors[account.connector].pace
    # With a slow pace few enough that all are sent long before the lease ends.
    limit = _BATCH if pace is None else int(max(min(_BATCH, pace(account.settings) / _SHARE), 1))
    heads = await effects.next_heads(connection, account.id, now=now, limit=limit)
    found = await shipments.lock_orders_shared(connection, [h[1] for h in heads])
    row = packages_by_row(found.rows)
    spoilt = await _set_heads_aside(connection, found, {h[1] for h in heads} - row.keys(), now=now)
    ready = [effect_id for effect_id, shipment_id in heads if shipment_id in row]
    claimed = await effects.claim_effects(connection, ready, now=now, lease=context.lease(_LEASE))

    async def render_some(some: Sequence[ClaimedEffect]) -> list[_Outgoing]:
        return await _render_claimed(context, connection, account, some, row, found.unread, now=now)

    async def set_aside(each: ClaimedEffect, error: Exception) -> None:
        number = row[each.shipment_id].order.number
        await unusable_rows.set_effect_aside(connection, account, each, number, error, now=now)

    # Rows set aside count as claimed too: there may be more.
    return len(claimed) + spoilt, await work_apart(connection, claimed, render_some, set_aside)


async def _set_heads_aside(connection: Connection, found: ReadRows, heads: AbstractSet[int], *, now: datetime) -> int:
    """Set aside unreadable packages of these heads (or of their further invoices). Returns how many."""
    spoilt = [each for each in found.unusable if each.row_id in heads]
    whole = "the package of this invoice cannot be read"
    spoilt += [unusable_rows.unusable_shipment(k, ValueError(whole)) for k in found.rows if k.shipment.id in heads]
    await unusable_rows.set_row_aside(connection, spoilt, now=now)
    return len(spoilt)


async def _render_claimed(
    context: Context,
    connection: Connection,
    account: Account,
    claimed: Sequence[ClaimedEffect],
    row: Mapping[int, ShipmentRow],
    unread: AbstractSet[tuple[int, str]],
    *,
    now: datetime,
) -> list[_Outgoing]:
    """Render claimed effects; returns those that may be sent now."""
    messages = await build_messages(context, connection, account, claimed, row, unread, now=now)
    items = []
    for each in claimed:
        number = row[each.shipment_id].order.number
        if each.request is not None:
            items.append(_Outgoing(each, msgspec.json.decode(each.request, type=Request), number, doubtful=True))
            continue
        outgoing = messages[each.id]
        wait = channel_rules.postponement(outgoing, now=now)
        if wait is not None:
            await channel_rules.postpone_effect(connection, account, each, outgoing, wait, now=now)
            continue
        if account.kind is PartyKind.MAIL and not await mail_policy.may_send(connection, each, outgoing, now=now):
            continue
        await channel_rules.resolve_postponement(connection, each, outgoing, now=now)
        render = context.connectors[account.connector].render
        assert render is not None, f"{account.connector} is no sink"
        request = render(outgoing, account.settings)
        await mail_policy.open_template_notice(connection, account, request.remark, now=now)
        await carrier_tables.open_notice(connection, account, outgoing, now=now)
        told = sent_status(outgoing)
        to = mail_policy.recipient(outgoing) if account.kind is PartyKind.MAIL else None
        await effects.put_request(connection, each.id, request=msgspec.json.encode(request), told=told, to=to)
        items.append(_Outgoing(each, request, number, doubtful=False))
    return items


def _timed_out(why: str) -> Sent:
    return Sent(Outcome.RETRY, message=why, in_doubt=True)


async def _send(session: Any, item: _Outgoing) -> Sent:
    """Send once; an exception concerns this message only, the others of the batch are sent."""
    try:
        sent = await _send_once(session, item)
    except NOT_THE_ROWS:
        raise
    except Exception as error:  # noqa: BLE001 - it counts as a doubtful try: logged and tried again
        log.error("sending one message failed", effect=item.claimed.id, exc_info=error)
        return Sent(Outcome.RETRY, message=error_text(error), in_doubt=True, about_one=True)
    return replace(sent, message=sent.message.replace("\0", ""), receipt=sent.receipt.replace("\0", ""))


async def _send_once(session: Any, item: _Outgoing) -> Sent:
    """Send; after a doubtful try, first check whether the party has the message already."""
    key = item.claimed.key
    if item.request.unfit:
        return Sent(Outcome.REFUSED, message=item.request.unfit)
    done = await session.already_done(item.request, key) if item.doubtful else False
    if done is None:
        return Sent(
            Outcome.RETRY, message="whether it was told already cannot be read now", in_doubt=True, about_one=True
        )
    if done:
        return Sent(Outcome.FOUND, receipt="found by reading back")
    sent: Sent = await session.send(item.request, key)
    return sent


async def _write_results(
    connection: Connection,
    account: Account,
    pauses: Sequence[timedelta],
    items: Sequence[_Outgoing],
    sent: Sequence[Sent],
    *,
    began: datetime,
    now: datetime,
) -> None:
    """Write the result of each try and the account's health."""
    sent = [
        _refuse_unwritten(p, s)
        for p, s in zip(items, await _without_personal_data(connection, items, sent), strict=True)
    ]
    # Lock order: the account's row first, then the effects by id.
    answered = [s for p, s in zip(items, sent, strict=True) if not p.request.unfit]
    await update_account_health(connection, account, answered, pauses, now=now)
    last_failure = next((s for p, s in zip(items, sent, strict=True) if _ends_endpoint(p, s, pauses)), None)
    if last_failure is not None:
        await endpoints.disable_failing_account(connection, account, last_failure, now=now)
    drafts = []
    refused = []
    for item, result in zip(items, sent, strict=True):
        await effects.write_result(connection, _effect_result(item, result, pauses, began=began, now=now), now=now)
        # A hard bounce or sender fault has a notice of its own.
        if pauses or result.bounced is BounceKind.HARD or bounces.fault_of(account, result) is not None:
            continue
        if result.outcome in {Outcome.REFUSED, Outcome.MALFORMED}:
            refused.append(RefusedEffect(item.claimed, item.number, result))
        elif result.outcome is Outcome.RETRY and item.claimed.attempts == _tries_before_notice(result):
            drafts.append(refusals.waiting_notice(account, RefusedEffect(item.claimed, item.number, result)))
    drafts += await refusals.refusal_notices(connection, account, refused)
    done = [p.claimed.id for p, r in zip(items, sent, strict=True) if r.outcome is Outcome.FOUND]
    await deadlines.clear_taken(connection, done)
    drafts += await bounces.record_refusals(
        connection, account, [(p.claimed.key, r) for p, r in zip(items, sent, strict=True)], now=now
    )
    await notices.open_notices(connection, drafts, now=now)


async def _without_personal_data(
    connection: Connection, items: Sequence[_Outgoing], sent: Sequence[Sent]
) -> list[Sent]:
    """The answers without personal data, since they are logged, stored and shown."""
    customers = await personal_data.customers_of_orders(connection, [p.claimed.order_id for p in items])
    cleaned = []
    for item, result in zip(items, sent, strict=True):
        customer = customers.get(item.claimed.order_id)
        message, receipt = redact(result.message, customer), redact_receipt(result.receipt, customer)
        cleaned.append(replace(result, message=message, receipt=receipt))
    return cleaned


def _refuse_unwritten(item: _Outgoing, result: Sent) -> Sent:
    """Refuse a message that was accepted `_MAX_UNWRITTEN` times and never written."""
    tries = item.claimed.attempts
    if result.outcome is not Outcome.NOT_WRITTEN or tries < _MAX_UNWRITTEN:
        return result
    words = (
        f"it said yes {tries} times and shows nothing of it: {result.message}. Look there, and tell it there by hand"
    )
    return replace(result, outcome=Outcome.REFUSED, message=words)


def _ends_endpoint(item: _Outgoing, result: Sent, pauses: Sequence[timedelta]) -> bool:
    """Whether the endpoint must be disabled: it is gone (410), or a message used up its tries."""
    used_up = bool(pauses) and item.claimed.attempts > len(pauses)
    return result.outcome is Outcome.RETRY and (result.gone or used_up)


def _effect_result(
    item: _Outgoing, result: Sent, pauses: Sequence[timedelta], *, began: datetime, now: datetime
) -> EffectResult:
    claimed = item.claimed
    match result.outcome:
        case Outcome.FOUND | Outcome.NOT_FOUND:
            state, pause = "done", timedelta(0)
        case Outcome.REFUSED | Outcome.MALFORMED:
            state, pause = "refused", timedelta(0)
        case Outcome.RETRY:
            state = "sending" if result.in_doubt else "pending"
            pause = max(pause_after(claimed.attempts, pauses), timedelta(seconds=result.retry_after or 0))
        case Outcome.NOT_WRITTEN:
            # Read back before the next try: it may be shown late.
            state, pause = "sending", pause_after(claimed.attempts, pauses)
        case Outcome.AUTH_FAILED:
            state, pause = "pending", timedelta(0)  # the pause of the account delays it
        case Outcome.ENDED:
            state, pause = "pending", pause_after(1, pauses)  # the account pauses too, unless it accepts others
    return EffectResult(
        id=claimed.id,
        store_id=claimed.store_id,
        state=state,
        outcome=result.outcome,
        began_at=began,
        not_before=now + pause,
        receipt=result.receipt,
        message=result.message,
        http_status=result.http_status,
    )


def _tries_before_notice(result: Sent) -> int:
    """After how many failed tries of one message a notice opens. Greylisting recipients need a while."""
    answered = result.http_status is not None and result.http_status not in {OK, TOO_MANY_REQUESTS, *GATEWAY}
    return _NOTICE_AFTER_ERRORS if answered else _NOTICE_AFTER_ATTEMPTS
