"""In: nothing; out: the JSON shapes of the public API, with their limits. Instants are ISO 8601 with an offset."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from paradeiro.domain.bounds import valid_promise
from paradeiro.domain.customers.postal_codes import tidy_postal_code
from paradeiro.domain.records import Customer, Invoice, Item, Order, Place
from paradeiro.domain.words import ProofKind, ProofState, Reason, Status
from paradeiro.flow.orders.intake import StatedOrder
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.flow.orders.statements import LONGEST_TEXT, Statement
from paradeiro.web.api.former_names import former_name
from paradeiro.web.api.values import (
    Address,
    Carrier,
    Cents,
    Code,
    EventTime,
    InvoiceKey,
    Link,
    MultiLine,
    Name,
    Number,
    OptionalTime,
    SingleLine,
)


class Shape(BaseModel):
    """Unknown fields are refused: a misspelt one would be silently lost."""

    model_config = ConfigDict(extra="forbid")


class CustomerIn(Shape):
    """`postal_code`: where the order goes to; with it, or the address, its customer finds it on our pages."""

    name: Name = ""
    postal_code: Annotated[str, StringConstraints(strip_whitespace=True, max_length=20), SingleLine] | None = None
    email: Annotated[str, StringConstraints(strip_whitespace=True, max_length=254), SingleLine, Address] | None = None
    locale: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z]{2,3}([-_][a-zA-Z]{2,4})?$")] = "pt-BR"


class MarketplaceIn(Shape):
    """Who sold the order: `channel` is the marketplace account's channel, `order_number` the order's number there."""

    channel: Number
    order_number: Number


class ItemIn(Shape):
    """A line of an order or an invoice, or as much of it as a package carries. `line`: the id that the order's line has
    at the marketplace, if it has one.
    """

    id: Number
    quantity: int = Field(ge=1, le=100_000)
    price: Cents = Field(description="per unit, in cents")
    name: Name = ""
    line: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100), SingleLine] = ""

    def item(self) -> Item:
        """The same as the flow takes it."""
        return Item(self.id, self.quantity, self.price, self.name, self.line)


class InvoiceIn(Shape):
    number: Number
    value: Cents = Field(0, description="in cents")
    issued_at: OptionalTime = None
    key: InvoiceKey | None = Field(
        None, description="of the NF-e: 44 characters; blanks and a leading NFe are taken off"
    )
    url: Link | None = None
    items: Annotated[list[ItemIn], Field(max_length=1000)] = []


class OrderIn(Shape):
    number: Number = Field(description="as the order system names it")
    customer: CustomerIn | None = None
    marketplace: MarketplaceIn | None = None
    ordered_at: OptionalTime = None
    promised_at: OptionalTime = None
    items: Annotated[list[ItemIn], Field(max_length=1000, description="what was bought, line by line")] = []

    def order(self) -> Order:
        """The same as the flow takes it."""
        who = self.customer or CustomerIn()
        sold = self.marketplace
        return Order(
            number=self.number,
            customer=Customer(
                who.name, who.email, who.locale, postal_code=tidy_postal_code(who.postal_code or "") or None
            ),
            channel=sold.channel if sold else None,
            marketplace_number=sold.order_number if sold else None,
            ordered_at=self.ordered_at,
            promised_at=valid_promise(self.promised_at, self.ordered_at),
            items=tuple(item.item() for item in self.items),
        )


class ShipmentIn(Shape):
    """A package to follow. The same code of the same order again is the same shipment; with another invoice it contains
    that one too. Several codes in `tracking_code` (separated by commas) are several packages of the invoice.
    """

    carrier: Carrier
    tracking_code: Code = Field("", description="may be left out where the carrier finds it by the invoice's key")
    order: OrderIn
    invoice: InvoiceIn | None = None
    tracking_url: Link | None = None
    lenient: bool = Field(default=False, description="take a code whose check digit is wrong")
    replaces: Code | None = Field(None, description="the code of the order's label whose place this one takes")

    def registration(self) -> Registration:
        """The same as the flow takes it."""
        bill = self.invoice
        invoice = Invoice(
            number=bill.number if bill else "",
            value=bill.value if bill else 0,
            issued_at=bill.issued_at if bill else None,
            key=(bill.key or None) if bill else None,
            url=bill.url if bill else None,
            courier=self.carrier,
            tracking_url=self.tracking_url,
            items=tuple(item.item() for item in bill.items) if bill else (),
        )
        return Registration(
            self.order.order(),
            self.carrier,
            self.tracking_code,
            invoice,
            self.lenient,
            self.replaces or "",
        )


class PackageIn(Shape):
    """One package of an order: what one carrier carries under one tracking code, its invoice and what is in it."""

    carrier: Carrier
    tracking_code: Code = Field("", description="may be left out where the carrier finds it by the invoice's key")
    invoice: InvoiceIn | None = None
    tracking_url: Link | None = None
    lenient: bool = Field(default=False, description="take a code whose check digit is wrong")
    replaces: Code | None = Field(None, description="the code of the order's label whose place this one takes")


class FullOrderIn(OrderIn):
    """An order with its packages. Stated again it is completed: what a later statement lacks erases nothing."""

    packages: Annotated[list[PackageIn], Field(max_length=100)] = []

    def stated(self) -> StatedOrder:
        """The same as the flow takes it."""
        order = OrderIn(**{name: getattr(self, name) for name in OrderIn.model_fields})
        packages = tuple(
            ShipmentIn(order=order, **{name: getattr(each, name) for name in PackageIn.model_fields}).registration()
            for each in self.packages
        )
        return StatedOrder(order.order(), packages)


class EventIn(Shape):
    """An event stated by hand or by a program."""

    status: Status
    reason: Reason | None = None
    occurred_at: EventTime | None = Field(None, description="default: now")
    city: Name | None = None
    state: Name | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    description: Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_TEXT), MultiLine] = ""

    def statement(self) -> Statement:
        """The same as the flow takes it."""
        place = Place(city=self.city or None, state=self.state or None, country=self.country)
        return Statement(self.status, self.reason, self.occurred_at, place, self.description)


class DeliveryIn(Shape):
    delivered_at: EventTime | None = Field(None, description="default: now")
    description: Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_TEXT), MultiLine] = ""


class ReopenIn(Shape):
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT), MultiLine]


class EventOut(Shape):
    occurred_at: datetime
    code: str
    status: Status | None
    reason: Reason | None
    city: str | None
    state: str | None
    country: str | None
    unit: str | None
    description: str
    detail: str
    source: str
    actor: str
    withdrawn: bool
    zone_assumed: bool
    recorded_at: datetime
    reply: str | None = Field(description="where the raw answer can be read")
    author: ClassVar[Any] = former_name("actor", str)


class EffectOut(Shape):
    """A message that was sent, or is to be: to which account, and with which status, if it has one. `came_back`: why a
    mail bounced; empty if it did not.
    """

    id: int
    sink: str
    account: str
    sent_status: str | None
    invoice_number: str = Field(
        description="of the invoice that it is about, where the party is sent messages by invoice"
    )
    kind: str
    state: str
    attempts: int
    receipt: str
    message: str
    came_back: str
    created_at: datetime
    ended_at: datetime | None
    told_status: ClassVar[Any] = former_name("sent_status", str | None)


class ProofOut(Shape):
    """A picture that proves the delivery. `withdrawn`: the delivery was taken back."""

    id: int
    kind: ProofKind
    content_type: str = Field(description="by its bytes; only JPEG, PNG and GIF are shown, others are files to save")
    size: int = Field(description="in bytes")
    comment: str
    taken_at: datetime | None
    fetched_at: datetime
    withdrawn: bool
    link: str = Field(description="where the picture can be read, with a key that may read")


class ProofSearchOut(Shape):
    """The state of the search for a proof: `wanted` (next request at `next_try`), `kept`, `given_up`, `withdrawn`."""

    kind: ProofKind
    state: ProofState
    tries: int
    next_try: datetime | None
    message: str = Field(description="what the last try gave, if it was not the proof")


class ShipmentOut(Shape):
    id: int
    order_number: str
    invoice_number: str
    carrier: str
    tracking_code: str = Field(description="what the carrier is asked by: its code, or the key of the invoice …")
    carrier_code: str = Field(description="its own code, where it is asked by something else; empty if unknown")
    status: Status
    reason: Reason | None
    delivered_at: datetime | None
    news_at: datetime | None
    registered_at: datetime
    next_check: datetime | None
    waits_for: str | None = Field(description="the unhealthy account that keeps it from being followed")
    invoice_numbers: list[str] = Field(description="of all invoices in the box, `invoice_number` first")
    replaced_by: int | None = Field(description="the shipment whose label took its place: it is not followed any more")
    replaced_at: datetime | None


class ShipmentDetail(ShipmentOut):
    """A shipment with its timeline, oldest first, and the messages about it, newest first."""

    estimate: datetime | None
    pickup_deadline: str | None
    tracking_link: str
    events: list[EventOut]
    effects: list[EffectOut]
    proofs: list[ProofOut]
    proof_searches: list[ProofSearchOut]


class PackageTaken(Shape):
    """A package that was taken: its id, and whether it is new."""

    id: int
    created: bool


class Registered(Shape):
    """A package that was taken. `packages`: all that the tracking code named, if it named several."""

    id: int
    created: bool
    shipment: ShipmentDetail
    packages: list[PackageTaken]


class ShipmentPage(Shape):
    """`next` is the cursor of the next page; null at the end."""

    items: list[ShipmentOut]
    next: str | None


class OrderOut(Shape):
    number: str
    channel: str | None
    ordered_at: datetime | None
    promised_at: datetime | None
    delivered_at: datetime | None
    shipments: int
    delivered: int
    tracking_codes: list[str]


class OrderPage(Shape):
    items: list[OrderOut]
    next: str | None


class OrderDetail(Shape):
    """`mail_suppressed`: why its customer gets no more mail; null while they do. DELETE /suppressions/… lifts it."""

    number: str
    mail_suppressed: str | None
    channel: str | None
    delivered_at: datetime | None
    shipments: list[ShipmentDetail]


class OrderTaken(Shape):
    """`created`: the order is new; each package's id, and whether it is new, in the order stated."""

    created: bool
    packages: list["PackageTaken"]
    order: OrderDetail


class AuditOut(Shape):
    """Who did what, when, through which entry point (api, page, cli), from which network address. `actor` is the name
    of a person (`operator_id`), of an API key (`api_key_id`), or the user of the command line.
    """

    id: int
    done_at: datetime
    actor: str
    entry_point: str
    origin: str
    action: str
    order_number: str
    shipment_id: int | None
    said: str
    operator_id: int | None
    api_key_id: int | None
    author: ClassVar[Any] = former_name("actor", str)
    door: ClassVar[Any] = former_name("entry_point", str)
    deed: ClassVar[Any] = former_name("action", str)


class AuditPage(Shape):
    """`next` is the cursor of the next page; null at the end."""

    items: list[AuditOut]
    next: str | None


class RecordedOut(Shape):
    """How many events were new, and how many messages they cause."""

    events: int
    effects: int
    shipment: ShipmentDetail


class Problem(Shape):
    code: str
    message: str
    details: dict[str, Any] = {}


class ErrorOut(Shape):
    """Every error looks like this; the message says what to do."""

    error: Problem


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI responses of an operation for these error statuses."""
    return {status: {"model": ErrorOut} for status in statuses}
