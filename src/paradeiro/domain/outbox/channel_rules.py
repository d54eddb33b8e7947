"""In: the rules of a sales channel, a package; out: which messages the channel gets, and when. Pure.

Sources about single marketplaces: facts/vtex, section 4d, and docs/connectors/marketplaces.md.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from paradeiro.domain.words import DeadlineStart, EffectKind, Status, Topic

_TOPIC_OF_KIND = {EffectKind.MARKETPLACE_INVOICE: Topic.INVOICE, EffectKind.MARKETPLACE_TRACKING_NUMBER: Topic.NUMBER}


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """The rules of one channel. `topics`: what it subscribes to. `shipped_first`: it accepts a delivery only after it
    was sent a shipped status. `delivered_after_dispatch`: it accepts a delivery only dated on a later day than the
    dispatch, and not in the future. `needs_invoice_key`: it accepts no tracking number without the invoice's key
    (NF-e). `mails`: its customers are mailed by us (some marketplaces forbid that). `number_hours`: the deadline of the
    tracking number after the order or the invoice (`number_after`); `delivery_hours`: the deadline of a delivery. 0: no
    deadline.
    """

    topics: frozenset[Topic] = frozenset(Topic)
    shipped_first: bool = False
    delivered_after_dispatch: bool = False
    needs_invoice_key: bool = False
    mails: bool = True
    number_hours: int = 0
    number_after: DeadlineStart = DeadlineStart.ORDERED
    delivery_hours: int = 0


DEFAULT_RULES = ChannelRules()

# Presets by name, for a person to choose from; never chosen automatically.
PRESETS = {
    "any": DEFAULT_RULES,
    # It tracks itself: sending it any position is an error (Mercado Envios 2).
    "mercado_livre_me2": ChannelRules(topics=frozenset()),
    # It reads the tracking number only and asks the carrier itself (known issue 1216327).
    "amazon": ChannelRules(topics=frozenset({Topic.INVOICE, Topic.NUMBER})),
    # Known issues 829762 and 856984.
    "magalu": ChannelRules(shipped_first=True, delivered_after_dispatch=True),
    # Cnova, Via: the tracking number cannot be entered without the key.
    "via": ChannelRules(needs_invoice_key=True, mails=False),  # its sellers must switch their own mails off
    # It gives no e-mail addresses of its customers.
    "shopee": ChannelRules(mails=False),
}


def subscribes(rules: ChannelRules, kind: EffectKind, *, delivery: bool = False) -> bool:
    """Whether the channel subscribes to this effect. `delivery`: it is a delivery, or the withdrawal of one."""
    topic = _TOPIC_OF_KIND.get(kind, Topic.DELIVERY if delivery else Topic.POSITION)
    return topic in rules.topics


def lacks_invoice_key(rules: ChannelRules, kind: EffectKind, key: str | None) -> bool:
    """Whether this effect must wait for the invoice's key."""
    return rules.needs_invoice_key and kind is EffectKind.MARKETPLACE_TRACKING_NUMBER and not key


def delivery_day(rules: ChannelRules, delivered: datetime, dispatched: datetime, zone: tzinfo) -> datetime:
    """The delivery date to send. For a channel with `delivered_after_dispatch`, at the earliest the start of the day
    after the dispatch; the message waits until then.
    """
    local, posted = delivered.astimezone(zone), dispatched.astimezone(zone)
    if not rules.delivered_after_dispatch or local.date() > posted.date():
        return local
    return (posted + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def states_delivery(kind: EffectKind, status: Status) -> bool:
    """Whether this effect sends a delivery with its date."""
    return status is Status.DELIVERED and kind in {EffectKind.ORDER_UPDATE, EffectKind.MARKETPLACE_UPDATE}
