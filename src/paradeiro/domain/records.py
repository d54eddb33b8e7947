"""In: nothing; out: the frozen records shared by all packages. No I/O, no clock, no id generation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from paradeiro.domain.customers.brand import Brand
from paradeiro.domain.orders.identifiers import Identifier, IdentifierKind, identifier_of
from paradeiro.domain.outbox.carrier_tables import MappedCarrier
from paradeiro.domain.outbox.channel_rules import DEFAULT_RULES, ChannelRules
from paradeiro.domain.outbox.mail_policy import MailPolicy, SentMail, StoreTemplates
from paradeiro.domain.words import (
    EffectKind,
    MailChoice,
    Mailer,
    Outcome,
    PartyKind,
    ProofKind,
    Reason,
    Source,
    Status,
    Withdraws,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something happened, as the party wrote it. `country` is ISO 3166-1 alpha-2, `state` the party's code."""

    city: str | None = None
    state: str | None = None
    country: str | None = None
    unit: str | None = None
    address: str | None = None

    @property
    def key(self) -> str:
        """The part of a place that identifies an event: city, state, country, upper case."""
        return "|".join((part or "").strip().upper() for part in (self.city, self.state, self.country)).strip("|")


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class TrackingEvent:
    """One normalised event. `occurred_at` is aware. `status` is None for an event without a position (a reversal, a
    technical note), `Status.UNKNOWN` for an unmapped code. `reported_by`: the fallback connector that reported it;
    empty for the carrier itself and for statements. `day_only`: only the day is known, the time is assumed (noon).
    """

    occurred_at: datetime
    code: str
    status: Status | None
    reason: Reason | None = None
    place: Place = NOWHERE
    description: str = ""
    detail: str = ""
    source: Source = Source.CARRIER
    withdraws: Withdraws | None = None
    destination: Place | None = None
    pickup_deadline: date | None = None
    pickup_address: str | None = None
    zone_assumed: bool = False
    reported_by: str = ""
    day_only: bool = False
    reference: str = ""  # its party's own id of this event, or of the one that it withdraws
    volume: str = ""  # which of the shipment's volumes it concerns; empty: all of them

    @property
    def place_key(self) -> str:
        """The part of an identity that is neither time nor code: place, and volume."""
        return f"{self.place.key}#{self.volume}" if self.volume else self.place.key

    @property
    def identity(self) -> tuple[datetime, str, str]:
        return (self.occurred_at, self.code, self.place_key)


@dataclass(frozen=True, slots=True)
class NamedLeg:
    """A further way of finding the same shipment that an answer names: another carrier (`courier`, its name as the
    party writes it) with its tracking code.
    """

    courier: str
    tracking_code: str


@dataclass(frozen=True, slots=True)
class ParsedAnswer:
    """What one answer says about one shipment. With another outcome than FOUND there are no events.

    `tracking_code`: the text asked with (`Identifier.text`); empty where the answer does not repeat it, or where
    nobody asked (feed, push, file). `identifiers`: what such an answer names the shipment by; any of them suffices.
    `carrier_code`: the carrier's own tracking number, where it was asked by something else. `legs`: who else carries
    it. `shipment`: where one number may carry several shipments (FedEx), which of them this is, sent on `sent_at`.
    """

    tracking_code: str
    outcome: Outcome
    events: tuple[TrackingEvent, ...] = ()
    estimate: datetime | None = None
    message: str = ""
    unknown_codes: tuple[str, ...] = ()
    proofs: frozenset[ProofKind] = frozenset()  # available proofs of delivery, by the service bought
    identifiers: tuple[Identifier, ...] = ()
    carrier_code: str = ""
    legs: tuple[NamedLeg, ...] = ()
    shipment: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """An event that does not count, with a message for people. `until`: the instant from which it counts without new
    events; None if never.
    """

    kind: str
    message: str
    event: TrackingEvent
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The current state of a timeline. `since`: when the status began; `news_at`: the newest counting event."""

    status: Status = Status.UNKNOWN
    reason: Reason | None = None
    since: datetime | None = None
    delivered_at: datetime | None = None
    news_at: datetime | None = None
    place: Place = NOWHERE
    description: str = ""
    detail: str = ""
    destination: Place | None = None
    estimate: datetime | None = None
    pickup_deadline: date | None = None
    pickup_address: str | None = None
    accepted_at: datetime | None = None
    events: int = 0

    @property
    def delivered(self) -> bool:
        return self.status is Status.DELIVERED


@dataclass(frozen=True, slots=True)
class Timeline:
    """The fold of events: the snapshot, the events in order, which of them (by identity) were withdrawn, and doubts."""

    snapshot: Snapshot
    events: tuple[TrackingEvent, ...]
    withdrawn: frozenset[tuple[datetime, str, str]] = frozenset()
    doubts: tuple[Doubt, ...] = ()

    @property
    def reassess_at(self) -> datetime | None:
        """When the same events fold to another timeline; None if never."""
        return min((doubt.until for doubt in self.doubts if doubt.until is not None), default=None)


@dataclass(frozen=True, slots=True)
class Change:
    """The difference between two snapshots of one shipment."""

    old: Snapshot
    new: Snapshot
    new_events: tuple[TrackingEvent, ...]
    moved: bool  # status, reason or place changed
    delivered: bool  # it became delivered
    delivery_withdrawn: bool  # it was delivered and is no longer
    newest: datetime | None  # the newest new event, to tell news from history
    restated: str = ""  # digest of the meanings, if known events changed theirs


@dataclass(frozen=True, slots=True)
class Customer:
    """The buyer. `erased`: their personal data was erased and must not be stored again."""

    name: str = ""
    email: str | None = None
    locale: str = "pt-BR"
    erased: bool = False
    mails: MailChoice = MailChoice.ALL
    postal_code: str | None = None  # of the delivery address; proves identity in the order lookup


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an order or an invoice, or the part of it in a package. `price`: cents of the store's currency, per
    unit; `line`: the id of the order's line at the sales channel, empty if unknown.
    """

    id: str
    quantity: int
    price: int
    name: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice of an order. `value` in cents. `tracking_code`: None if the order system has none."""

    number: str
    value: int = 0
    issued_at: datetime | None = None
    key: str | None = None
    url: str | None = None
    courier: str = ""
    tracking_code: str | None = None
    tracking_url: str | None = None
    items: tuple[Item, ...] = ()
    finished: bool = False
    fetched: bool = False  # picked up at the store: no carrier, no code


@dataclass(frozen=True, slots=True)
class Order:
    """An order. `number`: as in the order system; `channel`: the marketplace that sold it, None for the own store."""

    number: str
    customer: Customer = field(default_factory=Customer)
    channel: str | None = None
    marketplace_number: str | None = None
    ordered_at: datetime | None = None
    promised_at: datetime | None = None
    invoices: tuple[Invoice, ...] = ()
    shipped_by: str = ""  # who ships it if not the store: 'seller …' or 'channel …'; not tracked
    items: tuple[Item, ...] = ()  # what was bought, line by line


@dataclass(frozen=True, slots=True)
class FurtherInvoice:
    """A further invoice of the same package. `id`: the shipment row that the effects of this invoice refer to."""

    id: int
    invoice: Invoice


@dataclass(frozen=True, slots=True)
class Shipment:
    """A package that one carrier carries. `tracking_code`: what it is followed under, mostly the carrier's code, else
    another identifier's text (`Identifier.text`); then `carrier_code` is the carrier's own, once it named one.
    `invoice`: its first invoice; `further`: the others. `replaced_by`: id of the shipment whose label replaced this
    one's.
    """

    id: int
    store_id: int
    carrier: str
    tracking_code: str
    order_number: str
    invoice: Invoice
    registered_at: datetime
    tracking_token: str
    snapshot: Snapshot = field(default_factory=Snapshot)
    further: tuple[FurtherInvoice, ...] = ()
    replaced_by: int | None = None
    carrier_code: str = ""

    @property
    def number(self) -> str:
        """The carrier's own tracking code; empty if it named none yet."""
        known_by = identifier_of(self.tracking_code)
        return self.carrier_code or (known_by.value if known_by.kind is IdentifierKind.TRACKING_CODE else "")

    @property
    def shown_code(self) -> str:
        """What people find the package by: the carrier's code, else what it is followed under."""
        known_by = identifier_of(self.tracking_code)
        by_invoice = known_by.kind in {IdentifierKind.INVOICE, IdentifierKind.INVOICE_TAIL}
        return self.number or (self.invoice.key if by_invoice else None) or known_by.shown

    @property
    def items(self) -> tuple[Item, ...]:
        """The items in the package, of all its invoices."""
        return self.invoice.items + tuple(item for each in self.further for item in each.invoice.items)


@dataclass(frozen=True, slots=True)
class EffectDraft:
    """A planned effect. `cause` identifies the change: the same cause makes one effect."""

    kind: EffectKind
    sink: PartyKind
    cause: str


@dataclass(frozen=True, slots=True)
class AddressConfirmation:
    """A requested mail address, and the `link` that confirms it."""

    address: str = field(repr=False)
    link: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OtherPackage:
    """Another package of the same order."""

    tracking_code: str
    status: Status


@dataclass(frozen=True, slots=True)
class InvoicePackage:
    """A package of the invoice of a message. `counts`: the invoice is delivered only if this package is; False for a
    replaced label, and for a package added after the invoice was sent as delivered.
    """

    shipment: Shipment
    timeline: Timeline
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Message:
    """Something sent to a sink: all that `render` needs for one effect, with the facts as of its claim. `packages`: all
    packages of the invoice, for effects by invoice; empty for effects about this package alone.
    """

    effect_id: int
    effect_key: str  # UUID text: idempotency key, Message-ID
    kind: EffectKind
    order: Order
    shipment: Shipment
    timeline: Timeline
    store_name: str
    store_zone: str
    tracking_link: str
    mail_from: str = ""
    thread_key: str = ""
    now: datetime | None = None
    brand: Brand = field(default_factory=Brand)
    rules: ChannelRules = DEFAULT_RULES
    others: tuple[OtherPackage, ...] = ()  # set for marketplaces
    carrier: MappedCarrier | None = None  # as the party names it; None: as the shipment names it
    mailed: SentMail | None = None  # set for mails, as the next two
    mail: MailPolicy = field(default_factory=MailPolicy)
    templates: StoreTemplates = field(default_factory=StoreTemplates)
    asked: AddressConfirmation | None = None  # set for address confirmations
    packages: tuple[InvoicePackage, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """Which changes cause which effects, per store."""

    mail_customers: bool = True
    tell_order_system: bool = True
    tell_marketplace: bool = True
    mailer: Mailer = Mailer.PARADEIRO
    channels: Mapping[str, ChannelRules] = field(default_factory=dict)
    proofs_shown: frozenset[ProofKind] = frozenset({ProofKind.IMAGE})  # proofs shown on the tracking page
    customer_days: int = 730  # days after the last event until the customer is erased; 0: never
    mail: MailPolicy = field(default_factory=MailPolicy)

    def rules_of(self, order: Order) -> ChannelRules:
        """The rules of the channel that sold this order."""
        return self.channels.get(order.channel or "", DEFAULT_RULES)

    @property
    def mails(self) -> bool:
        """Whether Paradeiro mails the customers."""
        return self.mail_customers and self.mailer is Mailer.PARADEIRO
