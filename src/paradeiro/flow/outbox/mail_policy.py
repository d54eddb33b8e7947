"""In: a store's mail settings; out: the stored policy, the appearance of its mails, and when each may be sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account, Store
from paradeiro.db.customers import bounces, brands, mail_addresses
from paradeiro.db.customers.mail_addresses import AddressRequest
from paradeiro.db.operations import notices
from paradeiro.db.operations.audit import Actor
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.outbox import effects, mail_state
from paradeiro.db.outbox.effects import ClaimedEffect
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.customers.bounces import normal_address
from paradeiro.domain.customers.brand import Brand
from paradeiro.domain.outbox.mail_policy import (
    ALWAYS_SENT,
    MailPolicy,
    SentMail,
    StoreTemplates,
    customer_wants,
    mail_kind,
    reminder_due,
    send_time,
)
from paradeiro.domain.records import AddressConfirmation, Message
from paradeiro.domain.words import AuditAction, EffectKind, Mailer, MailKind, NoticeKind, PartyKind
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.operations import audit_log
from paradeiro.sdk.contract import Connector
from paradeiro.sdk.hard_cases import hard_cases
from paradeiro.sdk.wording.times import zone_of

PARTS = ("html", "text")
_LANGUAGES = ("pt-BR", "en", "es")
_SUBJECT = "mail template"


async def set_mailer(context: Context, store_id: int, mailer: Mailer, by: Actor | None = None) -> None:
    """Set who mails the customers. For the order system, pending mails of Paradeiro are skipped."""
    async with transaction(context.pool) as connection:
        policy = await stores.lock_policy(connection, store_id)
        await stores.set_policy(connection, store_id, replace(policy, mailer=mailer))
        await audit_log.write_entry(context, connection, store_id, by, AuditAction.SET_MAILER, mailer)
        if mailer is not Mailer.PARADEIRO:
            for kind in (EffectKind.CUSTOMER_MAIL, EffectKind.CUSTOMER_REMINDER):
                await effects.skip_pending(connection, store_id, kind, now=context.now())


async def mailer_of(context: Context, store_id: int) -> Mailer:
    """Who mails this store's customers."""
    async with context.pool.connection() as connection:
        return (await stores.stores(connection, [store_id]))[store_id].policy.mailer


async def mail_policy(context: Context, store_id: int) -> MailPolicy:
    """The store's mail policy."""
    async with context.pool.connection() as connection:
        return (await stores.stores(connection, [store_id]))[store_id].policy.mail


async def set_mail_policy(context: Context, store_id: int, wanted: MailPolicy, by: Actor | None = None) -> None:
    """Store the mail policy; it applies to waiting mails too. Raises `InvalidError`."""
    owed = wanted.unsent & ALWAYS_SENT
    if owed:
        words = "A correction is always sent: whoever was told of a delivery that was none must hear it."
        raise InvalidError("owed", words)
    async with transaction(context.pool) as connection:
        policy = await stores.lock_policy(connection, store_id)
        await stores.set_policy(connection, store_id, replace(policy, mail=wanted))
        await audit_log.write_entry(context, connection, store_id, by, AuditAction.SET_MAILS, "policy")


@dataclass(frozen=True, slots=True)
class MailAppearance:
    """What the mails of one store need besides the facts. `mailed` and `asked` are by shipment id."""

    brand: Brand
    policy: MailPolicy
    templates: StoreTemplates
    mailed: Mapping[int, SentMail]
    asked: Mapping[int, AddressRequest]

    def add_to(self, outgoing: Message) -> Message:
        """The message with all that its mail needs."""
        last = self.mailed.get(outgoing.shipment.id)
        asked = self.asked.get(outgoing.shipment.id) if outgoing.kind is EffectKind.CUSTOMER_ADDRESS else None
        link = f"{outgoing.tracking_link.rpartition('/')[0]}/confirm/{asked.code}" if asked else ""
        return replace(
            outgoing,
            brand=self.brand,
            mail=self.policy,
            templates=self.templates,
            mailed=last,
            asked=AddressConfirmation(asked.address, link) if asked else None,
        )


async def mail_appearance(connection: Connection, store: Store, claimed: Sequence[ClaimedEffect]) -> MailAppearance:
    """Read it once for a batch."""
    asking = [c.order_id for c in claimed if c.kind == EffectKind.CUSTOMER_ADDRESS]
    asked = await mail_addresses.pending_request(connection, asking) if asking else {}
    return MailAppearance(
        await brands.brand_of(connection, store.id),
        store.policy.mail,
        await mail_state.mail_templates(connection, store.id),
        await mail_state.last_mails(connection, [c.shipment_id for c in claimed]),
        {c.shipment_id: asked[c.order_id] for c in claimed if c.order_id in asked},
    )


async def may_send(connection: Connection, claimed: ClaimedEffect, outgoing: Message, *, now: datetime) -> bool:
    """Whether this mail is sent now. If not, it is postponed, or abandoned since it is stale or unwanted."""
    snapshot, zone = outgoing.timeline.snapshot, zone_of(outgoing.store_zone)
    kind = mail_kind(outgoing.kind, snapshot.status, snapshot.reason)
    address = recipient(outgoing)
    dead = (await bounces.suppressed_addresses(connection, claimed.store_id, [address])).get(address)
    stale = kind is MailKind.PICKUP_REMINDER and not reminder_due(
        snapshot.status, snapshot.pickup_deadline, now.astimezone(zone).date()
    )
    # A mail that waited while its label was replaced is stale.
    stale = stale or (outgoing.shipment.replaced_by is not None and kind not in ALWAYS_SENT | {MailKind.ADDRESS})
    unwanted = not customer_wants(kind, outgoing.order.customer.mails)
    if kind is MailKind.ADDRESS and outgoing.asked is None:
        await effects.supersede_claimed(
            connection, claimed.id, message="the address was confirmed, or another asked for", now=now
        )
        return False
    if dead is not None:
        words = f"the address gets no more mail since {dead.since:%Y-%m-%d}: {dead.reason}"
        await effects.supersede_claimed(connection, claimed.id, message=words, now=now)
        return False
    if stale or unwanted or kind in outgoing.mail.unsent:
        whose = "customer's choice" if unwanted else "store's policy"
        why = "it is not so any more" if stale else f"mails of the kind {kind} are left out by the {whose}"
        await effects.supersede_claimed(connection, claimed.id, message=why, now=now)
        return False
    hour = send_time(kind, outgoing.mail, snapshot.status, outgoing.mailed, now=now, zone=zone)
    if hour > now:
        words = f"waits until {hour:%Y-%m-%d %H:%M} as the store's policy says"
        await effects.postpone(connection, claimed.id, until=hour, message=words, now=now)
    return hour <= now


def recipient(outgoing: Message) -> str:
    """The normalised address of the recipient."""
    return normal_address(outgoing.asked.address if outgoing.asked else outgoing.order.customer.email or "")


async def open_template_notice(connection: Connection, account: Account, remark: str, *, now: datetime) -> None:
    """Open a notice if the store's own layout failed."""
    if not remark:
        return
    words = f"The mails go in the built-in layout, since the store's own failed: {remark}. Correct it and set it again."
    facts = {"why": remark, "account": account.name}
    draft = NoticeDraft(
        account.store_id, NoticeKind.TEMPLATE_FAILED, _SUBJECT, words, account_id=account.id, facts=facts
    )
    await notices.open_notices(connection, [draft], now=now)


async def own_templates(context: Context, store_id: int) -> StoreTemplates:
    """The store's own layout."""
    async with context.pool.connection() as connection:
        return await mail_state.mail_templates(connection, store_id)


def template_problem(connectors: Mapping[str, Connector], part: str, source: str) -> str:
    """What is wrong with a layout, tried on every hard case in every language; empty if nothing is."""
    if part not in PARTS:
        return f"'{part}' is no part of a mail: html or text."
    own = StoreTemplates(**{part: source})
    for connector in connectors.values():
        if PartyKind.MAIL in connector.kinds and connector.render is not None:
            for name, outgoing in _template_cases(connector):
                remark = connector.render(replace(outgoing, templates=own), {}).remark
                if remark:
                    return f"{remark} (tried on: {name})"
    return ""


def _template_cases(connector: Connector) -> Sequence[tuple[str, Message]]:
    found = []
    for kind in sorted(connector.effects):
        for name, outgoing in hard_cases(kind):
            for language in _LANGUAGES:
                order = replace(outgoing.order, customer=replace(outgoing.order.customer, locale=language))
                found.append((f"{kind}, {name}, {language}", replace(outgoing, order=order)))
    return found


async def set_template(context: Context, store_id: int, part: str, source: str, by: Actor | None = None) -> None:
    """Store a part of the store's own layout; empty: the built-in one. Raises `InvalidError`."""
    problem = template_problem(context.connectors, part, source) if source else ""
    if problem:
        raise InvalidError("template", problem)
    async with transaction(context.pool) as connection:
        await mail_state.put_template(connection, store_id, part, source, now=context.now())
        await audit_log.write_entry(context, connection, store_id, by, AuditAction.SET_MAILS, f"layout, {part}")
        await notices.resolve_subject(connection, store_id, [NoticeKind.TEMPLATE_FAILED], _SUBJECT, now=context.now())
