"""In: which mails a customer wants about an order, and where; out: stored. A new address must confirm first."""

import re

from paradeiro.db.customers import mail_addresses
from paradeiro.db.customers.mail_addresses import AddressRequest
from paradeiro.db.following import shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations import notices
from paradeiro.db.orders import orders
from paradeiro.db.outbox import effects
from paradeiro.db.pool import transaction
from paradeiro.domain.customers.bounces import normal_address
from paradeiro.domain.records import EffectDraft
from paradeiro.domain.words import EffectKind, MailChoice, Mailer, NoticeKind, PartyKind
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.following.recording_context import load_recording_context
from paradeiro.flow.outbox.effect_rows import rows_of
from paradeiro.flow.outbox.planning import enqueue_relay

# Limits how many addresses the holder of a link can have us write to.
MOST_ADDRESSES = 5
_LONGEST_ADDRESS = 254
_ADDRESS_FORM = re.compile(r"[^@\s\x00-\x1f<>(),;:\"\\[\]]+@[^@\s\x00-\x1f<>(),;:\"\\[\]]+\.[^@\s.]{2,}")


async def choose_mails(context: Context, store_id: int, order_id: int, choice: MailChoice) -> None:
    """Store which mails this customer gets about this order."""
    async with transaction(context.pool) as connection:
        await orders.set_mail_choice(connection, store_id, order_id, choice)


async def may_change_address(context: Context, row: ShipmentRow) -> bool:
    """Whether Paradeiro mails this customer, so that another address can be requested."""
    async with context.pool.connection() as connection:
        recording = await load_recording_context(context, connection, [row.shipment.store_id])
    policy = recording.stores[row.shipment.store_id].policy
    ours = policy.mailer is Mailer.PARADEIRO and policy.mail_customers
    return ours and recording.sinks(row).mail and not row.order.customer.erased


async def request_other_address(context: Context, row: ShipmentRow, address: str) -> None:
    """Send a confirmation mail to another address; nothing changes until it is confirmed. Raises `InvalidError` for an
    invalid address, `ConflictError` if too many were requested or it is in use already.
    """
    plain = address.strip()
    if len(plain) > _LONGEST_ADDRESS or not _ADDRESS_FORM.fullmatch(plain):
        raise InvalidError("address", "This is no e-mail address.")
    if normal_address(plain) == normal_address(row.order.customer.email or ""):
        raise ConflictError("same_address", "The mails go there already.")
    if not await may_change_address(context, row):
        raise ConflictError("not_ours", "The store sends these mails itself; ask there.")
    now = context.now()
    async with transaction(context.pool) as connection:
        locked = await shipments.lock_shipments(connection, [row.shipment.id])
        code = context.new_token()
        times = await mail_addresses.request_address(
            connection, row.order_id, address=plain, code=code, most=MOST_ADDRESSES
        )
        if not locked or not times:
            raise ConflictError("too_many", "Another address was asked for too often; ask the store.")
        recording = await load_recording_context(context, connection, [row.shipment.store_id])
        draft = EffectDraft(EffectKind.CUSTOMER_ADDRESS, PartyKind.MAIL, f"address {times}")
        rows = rows_of(recording, locked[0], [draft])
        await effects.add_effects(connection, rows, now=now)
        await enqueue_relay(connection, rows)


async def request_by_code(context: Context, code: str) -> AddressRequest:
    """The pending request of a confirmation code. Raises `MissingError`."""
    async with context.pool.connection() as connection:
        found = await mail_addresses.request_by_code(connection, code) if code and "\0" not in code else None
    if found is None:
        raise MissingError("no_such_code", "Nothing waits for a yes here: it was said, or asked anew.")
    return found


async def confirm_address(context: Context, code: str) -> AddressRequest:
    """Confirm the requested address and use it from now on. Raises `MissingError`."""
    found = await request_by_code(context, code)
    async with transaction(context.pool) as connection:
        if not await mail_addresses.confirm_address(connection, code):
            raise MissingError("no_such_code", "Nothing waits for a yes here: it was said, or asked anew.")
        # The customer has corrected what these notices asked for.
        kinds = [NoticeKind.MAIL_BOUNCED, NoticeKind.NO_ADDRESS]
        subject = f"order {found.number}"
        await notices.resolve_subject(connection, found.store_id, kinds, subject, now=context.now())
    return found


async def use_order_address(context: Context, row: ShipmentRow) -> None:
    """Send the mails to the order's own address again."""
    async with transaction(context.pool) as connection:
        await mail_addresses.use_order_address(connection, row.order_id)


async def has_other_address(context: Context, row: ShipmentRow) -> bool:
    """Whether the mails go to another address than the order's."""
    async with context.pool.connection() as connection:
        return await mail_addresses.uses_other_address(connection, row.order_id)
