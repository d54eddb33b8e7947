"""In: what a channel that sold an order is like, and a package of it; out: what it is told, in which steps, and when.

What is known of single marketplaces: facts/vtex, section 4d, and docs/connectors/marketplaces.md.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from paradeiro.domain.words import Counted, EffectKind, Status, Wish

_WISHED = {EffectKind.MARKETPLACE_INVOICE: Wish.INVOICE, EffectKind.MARKETPLACE_TRACKING_NUMBER: Wish.NUMBER}


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """How one channel wants to be told. `hears`: of what at all. `shipped_first`: it takes a delivery only of what it
    knows to be shipped. `delivered_after_dispatch`: it takes a delivery dated on a later day than the dispatch only,
    and not in the future. `needs_invoice_key`: it takes no tracking number without the invoice's key (NF-e). `mails`:
    its customers are mailed; some marketplaces forbid that, and mail them themselves.
    `number_hours`: so long after the order, or the invoice (`number_after`), it must have the tracking number;
    `delivery_hours`: so long after a delivery it must have that. 0: whenever.
    """

    hears: frozenset[Wish] = frozenset(Wish)
    shipped_first: bool = False
    delivered_after_dispatch: bool = False
    needs_invoice_key: bool = False
    mails: bool = True
    number_hours: int = 0
    number_after: Counted = Counted.ORDERED
    delivery_hours: int = 0


ANY = ChannelRules()

# Starting points by name, for a person to choose from; a channel is never recognised by guessing.
KNOWN = {
    "any": ANY,
    # It sets its own positions: telling it any is an error (Mercado Envios 2).
    "mercado_livre_me2": ChannelRules(hears=frozenset()),
    # It reads the tracking number only and asks the carrier itself (known issue 1216327).
    "amazon": ChannelRules(hears=frozenset({Wish.INVOICE, Wish.NUMBER})),
    # Known issues 829762 and 856984.
    "magalu": ChannelRules(shipped_first=True, delivered_after_dispatch=True),
    # Cnova, Via: the tracking number cannot be entered without the key.
    "via": ChannelRules(needs_invoice_key=True, mails=False),  # its sellers must switch their own mails off
    # It gives no address of its customers.
    "shopee": ChannelRules(mails=False),
}


def wants(rules: ChannelRules, kind: EffectKind, *, delivery: bool = False) -> bool:
    """Whether the channel is told this. `delivery`: the news is a delivery, or that one was taken back."""
    about = _WISHED.get(kind, Wish.DELIVERY if delivery else Wish.POSITION)
    return about in rules.hears


def lacking(rules: ChannelRules, kind: EffectKind, key: str | None) -> bool:
    """Whether this must wait until the invoice's key is known."""
    return rules.needs_invoice_key and kind is EffectKind.MARKETPLACE_TRACKING_NUMBER and not key


def delivery_day(rules: ChannelRules, delivered: datetime, dispatched: datetime, zone: tzinfo) -> datetime:
    """When the delivery is said to have been. Where a channel takes no delivery of the day of the dispatch, that is the
    first moment of the day after; it is not said before then.
    """
    local, posted = delivered.astimezone(zone), dispatched.astimezone(zone)
    if not rules.delivered_after_dispatch or local.date() > posted.date():
        return local
    return (posted + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def says_delivery(kind: EffectKind, status: Status) -> bool:
    """Whether telling this now says that the package is delivered to whoever keeps dates."""
    return status is Status.DELIVERED and kind in {EffectKind.ORDER_UPDATE, EffectKind.MARKETPLACE_UPDATE}
