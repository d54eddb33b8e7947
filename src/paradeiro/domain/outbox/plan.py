"""In: a change of a shipment, its order, the store's policy; out: the effects to send. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from paradeiro.domain.customers.customer_addresses import address_refusal
from paradeiro.domain.following.timeline import cause_of
from paradeiro.domain.outbox.channel_rules import ChannelRules, subscribes
from paradeiro.domain.outbox.mail_policy import customer_wants, mail_kind, reminder_due
from paradeiro.domain.records import Change, Customer, EffectDraft, Order, Policy, Shipment
from paradeiro.domain.words import EffectKind, Mailer, MailKind, PartyKind, Status, Topic

# A newer effect of the key supersedes unsent older ones of these kinds of the same shipment.
SUPERSEDING: dict[EffectKind, frozenset[EffectKind]] = {
    EffectKind.TRACKING_NUMBER: frozenset({EffectKind.TRACKING_NUMBER}),
    EffectKind.ORDER_UPDATE: frozenset({EffectKind.ORDER_UPDATE}),
    EffectKind.MARKETPLACE_UPDATE: frozenset({EffectKind.MARKETPLACE_UPDATE}),
    EffectKind.CUSTOMER_MAIL: frozenset({EffectKind.CUSTOMER_MAIL, EffectKind.CUSTOMER_REMINDER}),
    EffectKind.CUSTOMER_REMINDER: frozenset({EffectKind.CUSTOMER_MAIL, EffectKind.CUSTOMER_REMINDER}),
    EffectKind.CUSTOMER_CORRECTION: frozenset(
        {EffectKind.CUSTOMER_MAIL, EffectKind.CUSTOMER_REMINDER, EffectKind.CUSTOMER_CORRECTION}
    ),
    EffectKind.CUSTOMER_ADDRESS: frozenset({EffectKind.CUSTOMER_ADDRESS}),
}

# Sent per invoice to an order system, and to a marketplace with histories by invoice.
BY_INVOICE = frozenset({EffectKind.ORDER_UPDATE, EffectKind.MARKETPLACE_UPDATE})
# The first messages of an invoice, sent once for all its packages.
ONCE_PER_INVOICE = frozenset({EffectKind.ORDER_OPENING, EffectKind.MARKETPLACE_OPENING, EffectKind.MARKETPLACE_INVOICE})

# Sent with the facts as of the change, however late; all others with the newest facts.
AS_OF_CHANGE = frozenset({EffectKind.WEBHOOK_EVENT})

# A registered label is no news for the customer; an unknown code has no meaning.
_NOT_MAILED = frozenset({Status.REGISTERED, Status.UNKNOWN})

# An order system's alias of the customer's address. It expires when the order is invoiced (facts/vtex, section 5).
_ALIAS_ENDINGS = (".ct.vtex.com.br", "@ct.vtex.com.br")

INTRODUCTION = "introduction"
_INVOICE, _OPENING = EffectKind.MARKETPLACE_INVOICE, EffectKind.MARKETPLACE_OPENING


@dataclass(frozen=True, slots=True)
class Sinks:
    """The available sinks of a shipment. `needs_invoice`: the marketplace requires the invoice number."""

    order_system: bool
    marketplace: bool
    mail: bool
    webhooks: bool = False
    needs_invoice: bool = True


def is_alias(customer: Customer) -> bool:
    """Whether the address is only an order system's alias."""
    return (customer.email or "").strip().lower().endswith(_ALIAS_ENDINGS)


def mail_refusal(customer: Customer, channel: str | None = None) -> str | None:
    """Why this customer cannot be mailed; None if mail can go. `channel`: the marketplace that sold the order."""
    address = (customer.email or "").strip().lower()
    if customer.erased:
        return "the customer's data was erased"
    if not address:
        return "the order has no e-mail address of the customer"
    if is_alias(customer):
        return "the order only has the platform's alias of the customer's address, which stops working once invoiced"
    local, at, host = address.rpartition("@")
    refusal = address_refusal(address, sold_elsewhere=channel is not None)
    if refusal is not None:
        return refusal.why
    if not (local and at and "." in host) or any(c.isspace() for c in address):
        return "the customer's e-mail address is not one"
    return None


def plan_introduction(order: Order, shipment: Shipment, sinks: Sinks, policy: Policy) -> tuple[EffectDraft, ...]:
    """The effects before any news: invoice and tracking number to sinks that lack them. Idempotent by cause."""
    drafts: list[EffectDraft] = []
    invoice = shipment.invoice
    untold = invoice.number and shipment.number and not invoice.tracking_code
    if sinks.order_system and policy.tell_order_system and untold:
        drafts.append(EffectDraft(EffectKind.TRACKING_NUMBER, PartyKind.ORDER_SYSTEM, INTRODUCTION))
    if _notifies_marketplace(order, shipment, sinks, policy):
        rules = policy.rules_of(order)
        kinds = (EffectKind.MARKETPLACE_INVOICE, EffectKind.MARKETPLACE_TRACKING_NUMBER)
        wanted_kinds = (k for k in kinds if subscribes(rules, k) and _has_its_number(shipment, k))
        drafts += [EffectDraft(k, PartyKind.MARKETPLACE, INTRODUCTION) for k in wanted_kinds]
    return tuple(drafts)


def plan_number(order: Order, shipment: Shipment, sinks: Sinks, policy: Policy) -> tuple[EffectDraft, ...]:
    """The effects of a package's number, where it was not known from the beginning: the carrier's own code, or what
    the package is found by.
    """
    drafts: list[EffectDraft] = []
    cause = f"number {shipment.shown_code}"
    if sinks.order_system and policy.tell_order_system and shipment.invoice.number:
        drafts.append(EffectDraft(EffectKind.TRACKING_NUMBER, PartyKind.ORDER_SYSTEM, cause))
    kind = EffectKind.MARKETPLACE_TRACKING_NUMBER
    if _notifies_marketplace(order, shipment, sinks, policy) and subscribes(policy.rules_of(order), kind):
        drafts.append(EffectDraft(kind, PartyKind.MARKETPLACE, cause))
    return tuple(drafts)


def _has_its_number(shipment: Shipment, kind: EffectKind) -> bool:
    """Whether the package has the number that an effect of this kind tells."""
    return bool(shipment.invoice.number) if kind is _INVOICE else bool(shipment.number)


def plan_catch_up(order: Order, shipment: Shipment, sinks: Sinks, policy: Policy) -> tuple[EffectDraft, ...]:
    """The updates that had to wait for the package's invoice, which it has now."""
    snapshot = shipment.snapshot
    if snapshot.news_at is None or not shipment.invoice.number:
        return ()
    drafts: list[EffectDraft] = []
    cause = f"invoice {shipment.invoice.number}"
    if sinks.order_system and policy.tell_order_system:
        if policy.mailer is Mailer.ORDER_SYSTEM:
            drafts.append(EffectDraft(EffectKind.ORDER_OPENING, PartyKind.ORDER_SYSTEM, INTRODUCTION))
        drafts.append(EffectDraft(EffectKind.ORDER_UPDATE, PartyKind.ORDER_SYSTEM, cause))
    if sinks.needs_invoice and _notifies_marketplace(order, shipment, sinks, policy):
        rules = policy.rules_of(order)
        kinds = _marketplace_kinds(rules, delivery=snapshot.delivered, opens=rules.shipped_first)
        drafts += [EffectDraft(k, PartyKind.MARKETPLACE, INTRODUCTION if k is _OPENING else cause) for k in kinds]
    return tuple(drafts)


def plan_effects(
    change: Change, order: Order, shipment: Shipment, sinks: Sinks, policy: Policy, *, customer_knows_delivery: bool
) -> tuple[EffectDraft, ...]:
    """The effects of one change. Order system, marketplace and endpoints get every change, the customer only news."""
    cause = cause_of(change)
    drafts: list[EffectDraft] = []
    if sinks.order_system and policy.tell_order_system and shipment.invoice.number:
        if policy.mailer is Mailer.ORDER_SYSTEM and change.old.news_at is None:
            # VTEX mails nothing at the first history that it gets (facts/vtex, section 5): this is that first one.
            drafts.append(EffectDraft(EffectKind.ORDER_OPENING, PartyKind.ORDER_SYSTEM, INTRODUCTION))
        drafts.append(EffectDraft(EffectKind.ORDER_UPDATE, PartyKind.ORDER_SYSTEM, cause))
    if _notifies_marketplace(order, shipment, sinks, policy):
        kinds = _kinds_of_change(change, policy.rules_of(order))
        drafts += [EffectDraft(k, PartyKind.MARKETPLACE, INTRODUCTION if k is _OPENING else cause) for k in kinds]
    if sinks.webhooks:
        drafts.append(EffectDraft(EffectKind.WEBHOOK_EVENT, PartyKind.WEBHOOK, cause))
    if change.delivery_withdrawn and customer_knows_delivery:
        # Sent even for old news: the customer was mailed a wrong delivery.
        if _may_mail(order, sinks, policy, MailKind.CORRECTION):
            drafts.append(EffectDraft(EffectKind.CUSTOMER_CORRECTION, PartyKind.MAIL, cause))
    elif _mail_is_due(change, order, shipment, sinks, policy):
        drafts.append(EffectDraft(EffectKind.CUSTOMER_MAIL, PartyKind.MAIL, cause))
    return tuple(drafts)


def _kinds_of_change(change: Change, rules: ChannelRules) -> Iterator[EffectKind]:
    """The marketplace effects of a change. With `shipped_first` the first one is an opening ("shipped"), which is never
    superseded by an update.
    """
    delivery = change.new.delivered or change.delivery_withdrawn
    return _marketplace_kinds(rules, delivery=delivery, opens=rules.shipped_first and change.old.news_at is None)


def _marketplace_kinds(rules: ChannelRules, *, delivery: bool, opens: bool) -> Iterator[EffectKind]:
    opens = opens and Topic.DELIVERY in rules.topics
    if opens:
        yield _OPENING
    if subscribes(rules, EffectKind.MARKETPLACE_UPDATE, delivery=delivery) and (delivery or not opens):
        yield EffectKind.MARKETPLACE_UPDATE


def is_news(change: Change, shipment: Shipment) -> bool:
    """Whether a change is worth a mail: the position moved, by an event newer than the registration.

    A final status is not mailed again when a second source states it with another place or time. Where a known event
    got a meaning (a corrected code table), the news is as old as that event.
    """
    ended = change.new.status.final and change.old.status is change.new.status
    newest = change.newest or change.new.since
    return (
        change.moved
        and not ended
        and newest is not None
        and newest > shipment.registered_at
        and change.new.status not in _NOT_MAILED
    )


def _mail_is_due(change: Change, order: Order, shipment: Shipment, sinks: Sinks, policy: Policy) -> bool:
    kind = mail_kind(EffectKind.CUSTOMER_MAIL, change.new.status, change.new.reason)
    return _may_mail(order, sinks, policy, kind) and is_news(change, shipment)


def _may_mail(order: Order, sinks: Sinks, policy: Policy, kind: MailKind) -> bool:
    allowed = sinks.mail and policy.mails and kind not in policy.mail.unsent
    allowed = allowed and policy.rules_of(order).mails
    return (
        allowed and mail_refusal(order.customer, order.channel) is None and customer_wants(kind, order.customer.mails)
    )


def plan_reminder(
    order: Order, shipment: Shipment, sinks: Sinks, policy: Policy, today: date
) -> tuple[EffectDraft, ...]:
    """The pickup reminder, once per pickup deadline."""
    snapshot = shipment.snapshot
    due = reminder_due(snapshot.status, snapshot.pickup_deadline, today)
    if not due or not _may_mail(order, sinks, policy, MailKind.PICKUP_REMINDER):
        return ()
    cause = f"pickup until {snapshot.pickup_deadline}"
    return (EffectDraft(EffectKind.CUSTOMER_REMINDER, PartyKind.MAIL, cause),)


def _notifies_marketplace(order: Order, shipment: Shipment, sinks: Sinks, policy: Policy) -> bool:
    return _has_marketplace(order, sinks, policy) and not lacks_invoice(order, shipment, sinks, policy)


def _has_marketplace(order: Order, sinks: Sinks, policy: Policy) -> bool:
    return bool(sinks.marketplace and policy.tell_marketplace and order.channel and order.marketplace_number)


def lacks_invoice(order: Order, shipment: Shipment, sinks: Sinks, policy: Policy) -> bool:
    """Whether only the missing invoice number prevents marketplace effects."""
    topics = bool(policy.rules_of(order).topics)
    return topics and sinks.needs_invoice and not shipment.invoice.number and _has_marketplace(order, sinks, policy)
