"""In: couriers' names as orders write them, and what a person says of them; out: packages that wait, rules, notices."""

from dataclasses import dataclass
from datetime import datetime

from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.carriers import courier_rules
from paradeiro.db.carriers.courier_rules import CourierRule, UnassignedCourier
from paradeiro.db.operations import audit, notices
from paradeiro.db.operations.audit import Actor, AuditEntry
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.orders import orders
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.orders.couriers import courier_key
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import AuditAction, NoticeKind, PartyKind
from paradeiro.flow.carriers.carrier_recommendation import Recommendation, recommend
from paradeiro.flow.context import Context, log
from paradeiro.flow.errors import InvalidError, StatementError
from paradeiro.flow.following.recording_context import RecordingContext, load_recording_context
from paradeiro.flow.orders.package_registration import Registration, register_package

# Packages followed in one transaction once a courier has a rule, and couriers shown in a list.
_AT_ONCE = 100
_MOST_COURIERS = 500


@dataclass(frozen=True, slots=True)
class WaitingCourier:
    """A courier that waits for a rule, with the recommendation (None: no idea)."""

    courier: UnassignedCourier
    recommendation: Recommendation | None


async def wait_for_rule(
    context: Context, connection: Connection, store_id: int, order: Order, order_id: int, invoice: Invoice
) -> None:
    """Remember a package whose carrier nobody recognises, and open the one notice about its courier."""
    key, now = courier_key(invoice.courier), context.now()
    await courier_rules.put_unassigned(connection, store_id, order_id, key, invoice, now=now)
    count = await courier_rules.waiting_count(connection, store_id, key)
    draft = unknown_courier_notice(context, store_id, order, invoice, count)
    await notices.open_notices(connection, [draft], now=now)


def unknown_courier_notice(
    context: Context, store_id: int, order: Order, invoice: Invoice, waiting: int = 1
) -> NoticeDraft:
    """The notice about packages whose carrier no connector recognises: one per name."""
    found = recommend(context.connectors, invoice.courier, invoice.tracking_code or "", invoice.tracking_url or "")
    guess = f" It looks like {found.title}: {found.reason}." if found else ""
    words = (
        f"'{invoice.courier}' is a courier that nobody here knows; {waiting} packages wait for it, the last one of "
        f"order {order.number} ({invoice.tracking_code or invoice.number}).{guess} Say which account follows them: "
        "Couriers, or `paradeiro courier set`."
    )
    facts = {
        "variant": "guessed" if found else "courier",
        "order": order.number,
        "courier": invoice.courier,
        "code": invoice.tracking_code or invoice.number,
        "count": str(waiting),
        "guess": found.title if found else "",
    }
    return NoticeDraft(store_id, NoticeKind.NO_ACCOUNT, _subject(invoice.courier), words, facts=facts)


def _subject(courier: str) -> str:
    return f"courier {courier_key(courier)}"


async def waiting_couriers(context: Context, store_id: int) -> list[WaitingCourier]:
    """The couriers without a rule, those of most packages first."""
    async with context.pool.connection() as connection:
        found = await courier_rules.unassigned_couriers(connection, store_id, limit=_MOST_COURIERS)
    return [
        WaitingCourier(each, recommend(context.connectors, each.written, each.tracking_code, each.tracking_url))
        for each in found
    ]


async def set_rule(context: Context, store_id: int, courier: str, account_id: int | None, by: Actor) -> int:
    """Let an account follow a courier's packages, those that wait and all later ones; None: nobody follows them.
    Returns how many that waited are followed now. Raises `StatementError`s.
    """
    key, now = courier_key(courier), context.now()
    if not key:
        raise InvalidError("no_courier", "Give the courier's name, as orders write it.")
    async with transaction(context.pool) as connection:
        account = await _carrier_account(context, connection, store_id, account_id)
        await courier_rules.put_rule(
            connection, CourierRule(store_id, key, account_id, courier.strip(), by.actor), now=now
        )
        said = f"{courier.strip()} → {account.name if account else 'nobody'}"
        await audit.add_entries(connection, store_id, by, [AuditEntry(AuditAction.SET_COURIER, "", said=said)], now=now)
        await notices.resolve_subject(connection, store_id, [NoticeKind.NO_ACCOUNT], _subject(courier), now=now)
    return await _follow_waiting(context, store_id, key, account)


async def remove_rule(context: Context, store_id: int, courier: str, by: Actor) -> bool:
    """Forget a rule: later packages go where the name is recognised. False if there is none."""
    async with transaction(context.pool) as connection:
        done = await courier_rules.remove_rule(connection, store_id, courier_key(courier))
        if done:
            entry = AuditEntry(AuditAction.SET_COURIER, "", said=f"{courier} → no rule")
            await audit.add_entries(connection, store_id, by, [entry], now=context.now())
    return done


async def _carrier_account(
    context: Context, connection: Connection, store_id: int, account_id: int | None
) -> Account | None:
    if account_id is None:
        return None
    found = await stores.accounts(connection, context.secret_key, ids=[account_id])
    if not found or found[0].store_id != store_id or found[0].kind is not PartyKind.CARRIER:
        raise InvalidError("unknown_account", f"The store has no carrier's account {account_id}.")
    return found[0]


async def _follow_waiting(context: Context, store_id: int, key: str, account: Account | None) -> int:
    """Register the packages that waited for this courier's rule; one that is refused opens its own notice."""
    followed = 0
    while True:
        async with transaction(context.pool) as connection:
            waiting = await courier_rules.unassigned_packages(connection, store_id, key, limit=_AT_ONCE)
            recording = await load_recording_context(context, connection, [store_id])
            for each in waiting:
                await courier_rules.forget_unassigned(connection, each.order_id, [each.invoice.number])
                if account is not None:
                    order = await orders.order_by_number(connection, store_id, each.order_number)
                    assert order is not None, "it has a package that waits"
                    followed += await _follow(context, connection, recording, account, order[0], order[1], each.invoice)
        if len(waiting) < _AT_ONCE:
            return followed


async def _follow(
    context: Context,
    connection: Connection,
    recording: RecordingContext,
    account: Account,
    order_id: int,
    order: Order,
    invoice: Invoice,
) -> int:
    stated = Registration(order, account.connector, invoice.tracking_code or "", invoice, account_id=account.id)
    try:
        async with connection.transaction():
            await register_package(context, connection, recording, account.store_id, order_id, stated)
    except StatementError as error:
        log.info("a package that waited for its courier is refused", order=order.number, why=error.message)
        await notices.open_notices(connection, [_refused(account, order, invoice, error.message)], now=context.now())
        return 0
    return 1


def _refused(account: Account, order: Order, invoice: Invoice, message: str) -> NoticeDraft:
    words = f"Order {order.number}, invoice {invoice.number}: {message} The package is not followed until then."
    facts = {
        "variant": "refused",
        "order": order.number,
        "invoice": invoice.number,
        "code": invoice.tracking_code or "",
    }
    subject = f"order {order.number} {invoice.number}"
    return NoticeDraft(account.store_id, NoticeKind.WRONG_CODE, subject, words, facts=facts)


async def forget_waiting(
    connection: Connection, store_id: int, order_id: int, numbers: list[str], *, now: datetime
) -> None:
    """These invoices of an order are followed: they wait no more, and a notice that has no other package ends."""
    for key in await courier_rules.forget_unassigned(connection, order_id, numbers):
        if await courier_rules.waiting_count(connection, store_id, key) == 0:
            subject = f"courier {key}"
            await notices.resolve_subject(connection, store_id, [NoticeKind.NO_ACCOUNT], subject, now=now)
