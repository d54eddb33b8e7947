"""In: a change of a shipment, what is known of its order, the store's policy; out: the effects it must have outside."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from paradeiro.domain.channels import ChannelRules, wants
from paradeiro.domain.customer_addresses import no_customers_address
from paradeiro.domain.mailing import mail_kind, reminds, wanted
from paradeiro.domain.records import Change, Customer, EffectDraft, Order, Policy, Shipment
from paradeiro.domain.timeline import cause_of
from paradeiro.domain.words import EffectKind, Mailer, MailKind, PartyKind, Status, Wish

# A newer effect of the key makes unsent older ones of these kinds of the same shipment needless.
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

# These tell an order system, or a marketplace that keeps histories by invoice, where an invoice's packages are.
BY_INVOICE = frozenset({EffectKind.ORDER_UPDATE, EffectKind.MARKETPLACE_UPDATE})
# These begin what is told of an invoice, whichever of its packages comes first.
ONCE_AN_INVOICE = frozenset({EffectKind.ORDER_OPENING, EffectKind.MARKETPLACE_OPENING, EffectKind.MARKETPLACE_INVOICE})

# These tell one change, as things were when it came, however late they go; all others tell the newest facts.
AS_IT_WAS = frozenset({EffectKind.WEBHOOK_EVENT})

# A label that waits for its package is no news for the customer; an unknown code is no sentence at all.
_NOT_MAILED = frozenset({Status.REGISTERED, Status.UNKNOWN})

# An order system's alias of the customer's address. It dies when the order is invoiced (facts/vtex, section 5).
_ALIAS_ENDINGS = (".ct.vtex.com.br", "@ct.vtex.com.br")

INTRODUCTION = "introduction"
_INVOICE, _OPENING = EffectKind.MARKETPLACE_INVOICE, EffectKind.MARKETPLACE_OPENING


@dataclass(frozen=True, slots=True)
class Sinks:
    """Which sinks this shipment's store can tell. `needs_invoice`: the marketplace, only with the invoice's number."""

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
    nobodys = no_customers_address(address, sold_elsewhere=channel is not None)
    if nobodys is not None:
        return nobodys.why
    if not (local and at and "." in host) or any(c.isspace() for c in address):
        return "the customer's e-mail address is not one"
    return None


def introduce(order: Order, shipment: Shipment, sinks: Sinks, policy: Policy) -> tuple[EffectDraft, ...]:
    """What must be told once, before any news: the tracking number to whoever lacks it. Asking again gives the same."""
    drafts: list[EffectDraft] = []
    invoice = shipment.invoice
    if sinks.order_system and policy.tell_order_system and invoice.number and not invoice.tracking_code:
        drafts.append(EffectDraft(EffectKind.TRACKING_NUMBER, PartyKind.ORDER_SYSTEM, INTRODUCTION))
    if _tells_marketplace(order, shipment, sinks, policy):
        rules = policy.rules_of(order)
        kinds = (EffectKind.MARKETPLACE_INVOICE, EffectKind.MARKETPLACE_TRACKING_NUMBER)
        wanted_kinds = (k for k in kinds if wants(rules, k) and (invoice.number or k is not _INVOICE))
        drafts += [EffectDraft(k, PartyKind.MARKETPLACE, INTRODUCTION) for k in wanted_kinds]
    return tuple(drafts)


def catch_up(order: Order, shipment: Shipment, sinks: Sinks, policy: Policy) -> tuple[EffectDraft, ...]:
    """What could not be told of a package until its invoice came, which it has now: where it is."""
    snapshot = shipment.snapshot
    if snapshot.news_at is None or not shipment.invoice.number:
        return ()
    drafts: list[EffectDraft] = []
    cause = f"invoice {shipment.invoice.number}"
    if sinks.order_system and policy.tell_order_system:
        if policy.mailer is Mailer.ORDER_SYSTEM:
            drafts.append(EffectDraft(EffectKind.ORDER_OPENING, PartyKind.ORDER_SYSTEM, INTRODUCTION))
        drafts.append(EffectDraft(EffectKind.ORDER_UPDATE, PartyKind.ORDER_SYSTEM, cause))
    if sinks.needs_invoice and _tells_marketplace(order, shipment, sinks, policy):
        rules = policy.rules_of(order)
        kinds = _steps(rules, delivery=snapshot.delivered, opens=rules.shipped_first)
        drafts += [EffectDraft(k, PartyKind.MARKETPLACE, INTRODUCTION if k is _OPENING else cause) for k in kinds]
    return tuple(drafts)


def plan(
    change: Change, order: Order, shipment: Shipment, sinks: Sinks, policy: Policy, *, customer_was_told_delivered: bool
) -> tuple[EffectDraft, ...]:
    """The effects of one change. Orders, marketplaces and endpoints hear every change, the customer only news."""
    cause = cause_of(change)
    drafts: list[EffectDraft] = []
    if sinks.order_system and policy.tell_order_system and shipment.invoice.number:
        if policy.mailer is Mailer.ORDER_SYSTEM and change.old.news_at is None:
            # VTEX mails nothing at the first history that it is told (facts/vtex, section 5): this is that first one.
            drafts.append(EffectDraft(EffectKind.ORDER_OPENING, PartyKind.ORDER_SYSTEM, INTRODUCTION))
        drafts.append(EffectDraft(EffectKind.ORDER_UPDATE, PartyKind.ORDER_SYSTEM, cause))
    if _tells_marketplace(order, shipment, sinks, policy):
        kinds = _to_marketplace(change, policy.rules_of(order))
        drafts += [EffectDraft(k, PartyKind.MARKETPLACE, INTRODUCTION if k is _OPENING else cause) for k in kinds]
    if sinks.webhooks:
        drafts.append(EffectDraft(EffectKind.WEBHOOK_EVENT, PartyKind.WEBHOOK, cause))
    if change.delivery_withdrawn and customer_was_told_delivered:
        # Owed even when it is old news: the customer was told something that is not so.
        if _may_mail(order, sinks, policy, MailKind.CORRECTION):
            drafts.append(EffectDraft(EffectKind.CUSTOMER_CORRECTION, PartyKind.MAIL, cause))
    elif _mails(change, order, shipment, sinks, policy):
        drafts.append(EffectDraft(EffectKind.CUSTOMER_MAIL, PartyKind.MAIL, cause))
    return tuple(drafts)


def _to_marketplace(change: Change, rules: ChannelRules) -> Iterator[EffectKind]:
    """In which steps a channel is told of a change. The first of all, where it wants that, says no more than that the
    package is on its way, and a newer one never takes its place.
    """
    delivery = change.new.delivered or change.delivery_withdrawn
    return _steps(rules, delivery=delivery, opens=rules.shipped_first and change.old.news_at is None)


def _steps(rules: ChannelRules, *, delivery: bool, opens: bool) -> Iterator[EffectKind]:
    opens = opens and Wish.DELIVERY in rules.hears
    if opens:
        yield _OPENING
    if wants(rules, EffectKind.MARKETPLACE_UPDATE, delivery=delivery) and (delivery or not opens):
        yield EffectKind.MARKETPLACE_UPDATE


def is_news(change: Change, shipment: Shipment) -> bool:
    """Whether a change is worth a mail: the position moved, by something newer than the code's registration.

    An end that was told is not told again when a second source states it too, with another place or time. Where an
    event that was known got a meaning (a table was mended), the news is as old as that event.
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


def _mails(change: Change, order: Order, shipment: Shipment, sinks: Sinks, policy: Policy) -> bool:
    kind = mail_kind(EffectKind.CUSTOMER_MAIL, change.new.status, change.new.reason)
    return _may_mail(order, sinks, policy, kind) and is_news(change, shipment)


def _may_mail(order: Order, sinks: Sinks, policy: Policy, kind: MailKind) -> bool:
    allowed = sinks.mail and policy.mails and kind not in policy.mail.unsent
    allowed = allowed and policy.rules_of(order).mails
    return allowed and mail_refusal(order.customer, order.channel) is None and wanted(kind, order.customer.mails)


def remind(order: Order, shipment: Shipment, sinks: Sinks, policy: Policy, today: date) -> tuple[EffectDraft, ...]:
    """The reminder that a package waits, once per last day that a carrier names."""
    snapshot = shipment.snapshot
    due = reminds(snapshot.status, snapshot.pickup_deadline, today)
    if not due or not _may_mail(order, sinks, policy, MailKind.PICKUP_REMINDER):
        return ()
    cause = f"pickup until {snapshot.pickup_deadline}"
    return (EffectDraft(EffectKind.CUSTOMER_REMINDER, PartyKind.MAIL, cause),)


def _tells_marketplace(order: Order, shipment: Shipment, sinks: Sinks, policy: Policy) -> bool:
    return _sold(order, sinks, policy) and not lacks_invoice(order, shipment, sinks, policy)


def _sold(order: Order, sinks: Sinks, policy: Policy) -> bool:
    return bool(sinks.marketplace and policy.tell_marketplace and order.channel and order.marketplace_number)


def lacks_invoice(order: Order, shipment: Shipment, sinks: Sinks, policy: Policy) -> bool:
    """Whether a marketplace would be told of this package, if only it had its invoice."""
    hears = bool(policy.rules_of(order).hears)
    return hears and sinks.needs_invoice and not shipment.invoice.number and _sold(order, sinks, policy)
