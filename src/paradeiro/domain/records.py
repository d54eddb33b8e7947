"""In: nothing; out: the frozen values that every room passes on. No I/O, no clock, no ids made here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from paradeiro.domain.brand import Brand
from paradeiro.domain.carriers import ToldCarrier
from paradeiro.domain.channels import ANY, ChannelRules
from paradeiro.domain.mailing import Mailed, MailPolicy, OwnTemplates
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
        """The part of a place that identifies an event: who moved it must not matter, how it was spelt neither."""
        return "|".join((part or "").strip().upper() for part in (self.city, self.state, self.country)).strip("|")


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class TrackingEvent:
    """One normalised thing that happened. `occurred_at` is aware. `status` is None for an event that says
    nothing of the position (a reversal, a technical note), `Status.UNKNOWN` for a code nobody has mapped.
    `reported_by` names the connector that stood in for the carrier; empty for the carrier itself, and for people.
    `day_only`: nobody said more than its day, the hour is ours (noon).
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

    @property
    def identity(self) -> tuple[datetime, str, str]:
        return (self.occurred_at, self.code, self.place.key)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one answer says about one tracking code. With another outcome than FOUND there are no events."""

    tracking_code: str
    outcome: Outcome
    events: tuple[TrackingEvent, ...] = ()
    estimate: datetime | None = None
    message: str = ""
    unknown_codes: tuple[str, ...] = ()
    proofs: frozenset[ProofKind] = frozenset()  # what the service that was bought proves a delivery with


@dataclass(frozen=True, slots=True)
class Doubt:
    """A statement that did not count, in words for a person. `until`: the instant from which it counts although nobody
    says anything new; None if time mends nothing.
    """

    kind: str
    message: str
    event: TrackingEvent
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a timeline says now. `since` is when the status began, `news_at` the newest event that counts."""

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
        """When the same events say something else; None if they never will."""
        return min((doubt.until for doubt in self.doubts if doubt.until is not None), default=None)


@dataclass(frozen=True, slots=True)
class Change:
    """The difference between two snapshots of one shipment."""

    old: Snapshot
    new: Snapshot
    new_events: tuple[TrackingEvent, ...]
    moved: bool  # status, reason or place say something else
    delivered: bool  # it became delivered
    delivery_withdrawn: bool  # it was delivered and is no longer
    newest: datetime | None  # the newest new event, to tell news from history
    restated: str = ""  # events that were known mean something else now: which mean what, as a digest


@dataclass(frozen=True, slots=True)
class Customer:
    """Who bought. `erased`: who that was is not known any more, and is not to be."""

    name: str = ""
    email: str | None = None
    locale: str = "pt-BR"
    erased: bool = False
    mails: MailChoice = MailChoice.ALL
    postal_code: str | None = None  # where the order goes to; with it, or the address, its customer finds it


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an order or an invoice, or as much of it as a package carries. `price` is in cents of the store's
    currency, per unit; `line` is the id that the order's line has where it was sold, empty if none is known.
    """

    id: str
    quantity: int
    price: int
    name: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice of an order. `value` in cents. `tracking_code_known` says whether the order system has the code."""

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
    fetched: bool = False  # at the store, by the customer: no carrier, so no code will come


@dataclass(frozen=True, slots=True)
class Order:
    """What the customer bought, named as the order system names it. `channel` names the marketplace that sold it."""

    number: str
    customer: Customer = field(default_factory=Customer)
    channel: str | None = None
    marketplace_number: str | None = None
    ordered_at: datetime | None = None
    promised_at: datetime | None = None
    invoices: tuple[Invoice, ...] = ()
    shipped_by: str = ""  # who ships it if it is not the store: 'seller …' or 'channel …'; not ours to follow
    items: tuple[Item, ...] = ()  # what was bought, line by line


@dataclass(frozen=True, slots=True)
class Further:
    """A further invoice whose goods are in the same box. `id`: where what is told of this invoice hangs."""

    id: int
    invoice: Invoice


@dataclass(frozen=True, slots=True)
class Shipment:
    """What one carrier carries under one tracking code: a package. `invoice` is its first one, `further` are others.
    `replaced_by`: the shipment whose label took the place of this one's.
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
    further: tuple[Further, ...] = ()
    replaced_by: int | None = None

    @property
    def items(self) -> tuple[Item, ...]:
        """What is in the box, of all its invoices."""
        return self.invoice.items + tuple(item for each in self.further for item in each.invoice.items)


@dataclass(frozen=True, slots=True)
class EffectDraft:
    """An effect that plan wants. `cause` names the change: the same cause twice makes one effect."""

    kind: EffectKind
    sink: PartyKind
    cause: str


@dataclass(frozen=True, slots=True)
class AskedAddress:
    """Where a customer wants the mails to go, once whoever reads there has opened `link` and said so."""

    address: str = field(repr=False)
    link: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another package of the same order."""

    tracking_code: str
    status: Status


@dataclass(frozen=True, slots=True)
class Carried:
    """A package of the invoice that is told. `counts`: the invoice is not delivered before it is; not so of one whose
    label was replaced, and of one that came to an invoice that had been told delivered.
    """

    shipment: Shipment
    timeline: Timeline
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Telling:
    """All that render needs to tell one effect: the facts as they were when the effect was claimed. `packages`: all of
    the invoice, this one too, where a party is told by invoice; empty where it is told of this package alone.
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
    rules: ChannelRules = ANY
    others: tuple[Sibling, ...] = ()  # known where a marketplace is told
    carrier: ToldCarrier | None = None  # as the party that is told knows it; None: as the shipment names it
    mailed: Mailed | None = None  # known where a customer is mailed, as the next two
    mail: MailPolicy = field(default_factory=MailPolicy)
    templates: OwnTemplates = field(default_factory=OwnTemplates)
    asked: AskedAddress | None = None  # known where that is what is asked
    packages: tuple[Carried, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """Which changes cause which effects, per store."""

    mail_customers: bool = True
    tell_order_system: bool = True
    tell_marketplace: bool = True
    mailer: Mailer = Mailer.PARADEIRO
    channels: Mapping[str, ChannelRules] = field(default_factory=dict)
    proofs_shown: frozenset[ProofKind] = frozenset({ProofKind.IMAGE})  # what of a delivery its customer's page shows
    customer_days: int = 730  # after the last that happened, who bought is erased; 0: never
    mail: MailPolicy = field(default_factory=MailPolicy)

    def rules_of(self, order: Order) -> ChannelRules:
        """How the channel that sold this order wants to be told."""
        return self.channels.get(order.channel or "", ANY)

    @property
    def mails(self) -> bool:
        """Whether we mail the customers."""
        return self.mail_customers and self.mailer is Mailer.PARADEIRO
