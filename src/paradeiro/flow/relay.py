"""In: effects that may go at one sink account; out: each told once, strictly in order per order, with its receipt."""

import asyncio
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec

from paradeiro.db import deadlines, effects, jobs, notices, persons, shipments
from paradeiro.db.effects import Claimed, Ended
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.set_aside import NOT_THE_ROWS, apart, why_of
from paradeiro.db.shipments import Kept, Readable
from paradeiro.db.stores import Account
from paradeiro.domain.redaction import unnamed, unnamed_receipt
from paradeiro.domain.words import BounceKind, Outcome, PartyKind
from paradeiro.flow import aside, bounces, carriers, channels, endpoint, mailing, refusals, turns
from paradeiro.flow.bounded import SEND_SECONDS, bounded
from paradeiro.flow.means import Means, log
from paradeiro.flow.refusals import Refused
from paradeiro.flow.relay_account import GATEWAY, OK, TOO_MANY_REQUESTS, account_state, pause_after
from paradeiro.flow.tellings import packages_by_row, tellings
from paradeiro.sdk.contract import Request, Sent
from paradeiro.sdk.history import told_status

_LEASE = timedelta(minutes=2)
_BATCH = 10
_SHARE = 6  # of a minute: a batch takes ten seconds of an account's pace
_NOTICE_AFTER_ATTEMPTS = 12
# An order that is answered an error while others go is told earlier: within a few minutes.
_NOTICE_AFTER_ERRORS = 4
# What is accepted and not written is told again so often, within about an hour; then somebody has to look.
_MOST_UNWRITTEN = 8


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A claimed effect with its rendered request; `doubtful` if an earlier try may have been accepted."""

    claimed: Claimed
    request: Request
    number: str  # of its order
    doubtful: bool


async def relay(means: Means, account_id: int, job: str = jobs.RELAY) -> int:
    """Tell what may be told at one account now, for one turn; the rest has another. How many were sent and accepted."""
    told, turn = 0, turns.Turn()
    while True:
        claimed, accepted = await _one_batch(means, account_id)
        told += accepted
        if not claimed:
            return told
        if turn.over():
            await turns.go_on(means, job, account_id)
            return told


async def _one_batch(means: Means, account_id: int) -> tuple[int, int]:
    now = means.now()
    async with transaction(means.pool) as connection:
        account = await aside.open_account(means, connection, account_id, now=now)
        if account is None:
            return 0, 0
        claimed, parcels = await _claim(means, connection, account, now=now)
    if not parcels:
        return claimed, 0
    session = await means.sessions.of(account)
    sent = await asyncio.gather(*(bounded(partial(_send, session, parcel), SEND_SECONDS, _hung) for parcel in parcels))
    async with transaction(means.pool) as connection:
        pauses = means.connectors[account.connector].pauses
        await _settle(connection, account, pauses, parcels, sent, began=now, now=means.now())
    accepted = sum(result.outcome is Outcome.FOUND for result in sent)
    stopped = any(result.outcome is Outcome.AUTH_FAILED for result in sent)
    return (0 if stopped else len(parcels)), accepted


async def _claim(means: Means, connection: Connection, account: Account, *, now: datetime) -> tuple[int, list[_Parcel]]:
    """Claim the heads of this account's orders and render them, with the facts as they are at this moment: how many
    were claimed, and those that may go.

    The shipments are locked for reading first: an effect never tells what a recording under way is about to add,
    so that the effect which that recording plans has something new to say.
    """
    pace = means.connectors[account.connector].pace
    # Of an account with a slow pace so few that all have had their turn long before the lease ends.
    limit = _BATCH if pace is None else int(max(min(_BATCH, pace(account.settings) / _SHARE), 1))
    heads = await effects.next_heads(connection, account.id, now=now, limit=limit)
    found = await shipments.lock_for_reading(connection, [h[1] for h in heads])
    kept = packages_by_row(found.kept)
    spoilt = await _leave_heads(connection, found, {h[1] for h in heads} - kept.keys(), now=now)
    ready = [effect_id for effect_id, shipment_id in heads if shipment_id in kept]
    claimed = await effects.claim(connection, ready, now=now, lease=means.lease(_LEASE))

    async def make(some: Sequence[Claimed]) -> list[_Parcel]:
        return await _make(means, connection, account, some, kept, found.unread, now=now)

    async def spoil(each: Claimed, error: Exception) -> None:
        number = kept[each.shipment_id].order.number
        await aside.message(connection, account, each, number, error, now=now)

    # What was read apart counts as claimed too: there is more to look at.
    return len(claimed) + spoilt, await apart(connection, claimed, make, spoil)


async def _leave_heads(connection: Connection, found: Readable, heads: AbstractSet[int], *, now: datetime) -> int:
    """Set aside what is to be told about and cannot be read: a package, or a further invoice of one; how many."""
    spoilt = [each for each in found.spoilt if each.row_id in heads]
    whole = "the package of this invoice cannot be read"
    spoilt += [aside.package(k, ValueError(whole)) for k in found.kept if k.shipment.id in heads]
    await aside.leave(connection, spoilt, now=now)
    return len(spoilt)


async def _make(
    means: Means,
    connection: Connection,
    account: Account,
    claimed: Sequence[Claimed],
    kept: Mapping[int, Kept],
    unread: AbstractSet[tuple[int, str]],
    *,
    now: datetime,
) -> list[_Parcel]:
    """Render claimed effects: those of them that may go."""
    told_now = await tellings(means, connection, account, claimed, kept, unread, now=now)
    parcels = []
    for each in claimed:
        number = kept[each.shipment_id].order.number
        if each.request is not None:
            parcels.append(_Parcel(each, msgspec.json.decode(each.request, type=Request), number, doubtful=True))
            continue
        telling = told_now[each.id]
        wait = channels.waits(telling, now=now)
        if wait is not None:
            await channels.put_off(connection, account, each, telling, wait, now=now)
            continue
        if account.kind is PartyKind.MAIL and not await mailing.may_go(connection, each, telling, now=now):
            continue
        await channels.may_go(connection, each, telling, now=now)
        render = means.connectors[account.connector].render
        assert render is not None, f"{account.connector} is no sink"
        request = render(telling, account.settings)
        await mailing.complain(connection, account, request.remark, now=now)
        await carriers.complain(connection, account, telling, now=now)
        told = told_status(telling)
        to = mailing.told_to(telling) if account.kind is PartyKind.MAIL else None
        await effects.keep_request(connection, each.id, request=msgspec.json.encode(request), told=told, to=to)
        parcels.append(_Parcel(each, request, number, doubtful=False))
    return parcels


def _hung(why: str) -> Sent:
    return Sent(Outcome.RETRY, message=why, in_doubt=True)


async def _send(session: Any, parcel: _Parcel) -> Sent:
    """Send once; a fault of ours with one message is that message's, and the others of its batch go."""
    try:
        sent = await _send_once(session, parcel)
    except NOT_THE_ROWS:
        raise
    except Exception as error:  # noqa: BLE001 - it counts as a try in doubt: it is logged, tried again, and told
        log.error("sending one message failed", effect=parcel.claimed.id, exc_info=error)
        return Sent(Outcome.RETRY, message=why_of(error), in_doubt=True, about_one=True)
    return replace(sent, message=sent.message.replace("\0", ""), receipt=sent.receipt.replace("\0", ""))


async def _send_once(session: Any, parcel: _Parcel) -> Sent:
    """After a doubt, look first whether the other side has it already."""
    key = parcel.claimed.key
    if parcel.request.unfit:
        return Sent(Outcome.REFUSED, message=parcel.request.unfit)
    done = await session.already_done(parcel.request, key) if parcel.doubtful else False
    if done is None:
        return Sent(
            Outcome.RETRY, message="whether it was told already cannot be read now", in_doubt=True, about_one=True
        )
    if done:
        return Sent(Outcome.FOUND, receipt="found by reading back")
    sent: Sent = await session.send(parcel.request, key)
    return sent


async def _settle(
    connection: Connection,
    account: Account,
    pauses: Sequence[timedelta],
    parcels: Sequence[_Parcel],
    sent: Sequence[Sent],
    *,
    began: datetime,
    now: datetime,
) -> None:
    """Write how each try ended, and how the account is."""
    sent = [_given_up(p, s) for p, s in zip(parcels, await _unnamed(connection, parcels, sent), strict=True)]
    # The account's row first, as everywhere, then the effects in the order of their ids.
    answered = [s for p, s in zip(parcels, sent, strict=True) if not p.request.unfit]
    await account_state(connection, account, answered, pauses, now=now)
    vain = next((s for p, s in zip(parcels, sent, strict=True) if _in_vain(p, s, pauses)), None)
    if vain is not None:
        await endpoint.give_up(connection, account, vain, now=now)
    drafts = []
    refused = []
    for parcel, result in zip(parcels, sent, strict=True):
        await effects.end(connection, _ended(parcel, result, pauses, began=began, now=now), now=now)
        # Of an address that is none a person hears in other words.
        if pauses or result.bounced is BounceKind.HARD or bounces.fault_of(account, result) is not None:
            continue
        if result.outcome in {Outcome.REFUSED, Outcome.MALFORMED}:
            refused.append(Refused(parcel.claimed, parcel.number, result))
        elif result.outcome is Outcome.RETRY and parcel.claimed.attempts == _tries_before_telling(result):
            drafts.append(refusals.slow(account, Refused(parcel.claimed, parcel.number, result)))
    drafts += await refusals.told(connection, account, refused)
    done = [p.claimed.id for p, r in zip(parcels, sent, strict=True) if r.outcome is Outcome.FOUND]
    await deadlines.taken(connection, done)
    drafts += await bounces.refused(
        connection, account, [(p.claimed.key, r) for p, r in zip(parcels, sent, strict=True)], now=now
    )
    await notices.open_notices(connection, drafts, now=now)


async def _unnamed(connection: Connection, parcels: Sequence[_Parcel], sent: Sequence[Sent]) -> list[Sent]:
    """What was answered, without anybody's name or address: from here on it is logged, kept and shown."""
    whose = await persons.customers(connection, [p.claimed.order_id for p in parcels])
    cleaned = []
    for parcel, result in zip(parcels, sent, strict=True):
        they = whose.get(parcel.claimed.order_id)
        message, receipt = unnamed(result.message, they), unnamed_receipt(result.receipt, they)
        cleaned.append(replace(result, message=message, receipt=receipt))
    return cleaned


def _given_up(parcel: _Parcel, result: Sent) -> Sent:
    """What was accepted often enough and never written counts as refused: never as done."""
    tries = parcel.claimed.attempts
    if result.outcome is not Outcome.NOT_WRITTEN or tries < _MOST_UNWRITTEN:
        return result
    words = (
        f"it said yes {tries} times and shows nothing of it: {result.message}. Look there, and tell it there by hand"
    )
    return replace(result, outcome=Outcome.REFUSED, message=words)


def _in_vain(parcel: _Parcel, result: Sent, pauses: Sequence[timedelta]) -> bool:
    """Whether this account is to be told no more: nobody is there, or a telling was tried as often as it may be."""
    used_up = bool(pauses) and parcel.claimed.attempts > len(pauses)
    return result.outcome is Outcome.RETRY and (result.gone or used_up)


def _ended(parcel: _Parcel, result: Sent, pauses: Sequence[timedelta], *, began: datetime, now: datetime) -> Ended:
    claimed = parcel.claimed
    match result.outcome:
        case Outcome.FOUND | Outcome.NOT_FOUND:
            state, pause = "done", timedelta(0)
        case Outcome.REFUSED | Outcome.MALFORMED:
            state, pause = "refused", timedelta(0)
        case Outcome.RETRY:
            state = "sending" if result.in_doubt else "pending"
            pause = max(pause_after(claimed.attempts, pauses), timedelta(seconds=result.retry_after or 0))
        case Outcome.NOT_WRITTEN:
            # Read before it is told again: it may be shown late.
            state, pause = "sending", pause_after(claimed.attempts, pauses)
        case Outcome.AUTH_FAILED:
            state, pause = "pending", timedelta(0)  # the account's pause holds it back
        case Outcome.ENDED:
            state, pause = "pending", pause_after(1, pauses)  # and the account's, unless it takes others
    return Ended(
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


def _tries_before_telling(result: Sent) -> int:
    """After how many vain tries of one message a person hears of it. A greylisting recipient needs a while."""
    answered = result.http_status is not None and result.http_status not in {OK, TOO_MANY_REQUESTS, *GATEWAY}
    return _NOTICE_AFTER_ERRORS if answered else _NOTICE_AFTER_ATTEMPTS
