"""In: which mails a customer wants about an order, and where; out: kept. Another address first says yes."""

import re

from paradeiro.db import addresses, effects, notices, orders, shipments
from paradeiro.db.addresses import Asked
from paradeiro.db.pool import transaction
from paradeiro.db.shipments import Kept
from paradeiro.domain.bounces import same_address
from paradeiro.domain.records import EffectDraft
from paradeiro.domain.words import EffectKind, MailChoice, Mailer, NoticeKind, PartyKind
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.means import Means
from paradeiro.flow.record import call_relay, rows_of, surround

# Whoever has the link could otherwise have us write to all the world.
MOST_ADDRESSES = 5
_LONGEST_ADDRESS = 254
_AN_ADDRESS = re.compile(r"[^@\s\x00-\x1f<>(),;:\"\\[\]]+@[^@\s\x00-\x1f<>(),;:\"\\[\]]+\.[^@\s.]{2,}")


async def choose_mails(means: Means, store_id: int, order_id: int, choice: MailChoice) -> None:
    """From now on this customer gets these mails about this order."""
    async with transaction(means.pool) as connection:
        await orders.choose_mails(connection, store_id, order_id, choice)


async def may_change_address(means: Means, kept: Kept) -> bool:
    """Whether the mails about this order are ours, so that another address can be had."""
    async with means.pool.connection() as connection:
        around = await surround(means, connection, [kept.shipment.store_id])
    policy = around.stores[kept.shipment.store_id].policy
    ours = policy.mailer is Mailer.PARADEIRO and policy.mail_customers
    return ours and around.sinks(kept).mail and not kept.order.customer.erased


async def ask_for_address(means: Means, kept: Kept, address: str) -> None:
    """Ask whoever reads there whether the mails about this order shall come; until they say so nothing changes. Raises
    `InvalidError` for what is no address, `ConflictError` if it was asked too often or is so already.
    """
    plain = address.strip()
    if len(plain) > _LONGEST_ADDRESS or not _AN_ADDRESS.fullmatch(plain):
        raise InvalidError("address", "This is no e-mail address.")
    if same_address(plain) == same_address(kept.order.customer.email or ""):
        raise ConflictError("same_address", "The mails go there already.")
    if not await may_change_address(means, kept):
        raise ConflictError("not_ours", "The store sends these mails itself; ask there.")
    now = means.now()
    async with transaction(means.pool) as connection:
        locked = await shipments.lock(connection, [kept.shipment.id])
        code = means.new_token()
        times = await addresses.ask(connection, kept.order_id, address=plain, code=code, most=MOST_ADDRESSES)
        if not locked or not times:
            raise ConflictError("too_many", "Another address was asked for too often; ask the store.")
        around = await surround(means, connection, [kept.shipment.store_id])
        draft = EffectDraft(EffectKind.CUSTOMER_ADDRESS, PartyKind.MAIL, f"address {times}")
        rows = rows_of(around, locked[0], [draft])
        await effects.add(connection, rows, now=now)
        await call_relay(connection, rows)


async def asked_behind(means: Means, code: str) -> Asked:
    """What the code in a mail is about. Raises `MissingError`."""
    async with means.pool.connection() as connection:
        found = await addresses.behind(connection, code) if code and "\0" not in code else None
    if found is None:
        raise MissingError("no_such_code", "Nothing waits for a yes here: it was said, or asked anew.")
    return found


async def confirm_address(means: Means, code: str) -> Asked:
    """The mails go there from now on. Raises `MissingError`."""
    found = await asked_behind(means, code)
    async with transaction(means.pool) as connection:
        if not await addresses.confirm(connection, code):
            raise MissingError("no_such_code", "Nothing waits for a yes here: it was said, or asked anew.")
        # What a person was asked to correct, the customer has.
        kinds = [NoticeKind.MAIL_BOUNCED, NoticeKind.NO_ADDRESS]
        subject = f"order {found.number}"
        await notices.resolve_subject(connection, found.store_id, kinds, subject, now=means.now())
    return found


async def go_back(means: Means, kept: Kept) -> None:
    """The mails go to the order's own address again."""
    async with transaction(means.pool) as connection:
        await addresses.go_back(connection, kept.order_id)


async def goes_elsewhere(means: Means, kept: Kept) -> bool:
    """Whether the mails go to another address than the order's."""
    async with means.pool.connection() as connection:
        return await addresses.another(connection, kept.order_id)
