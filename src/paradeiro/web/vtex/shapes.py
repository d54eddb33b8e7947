"""In: nothing; out: the JSON that VTEX's callers send, with limits. Fields that we do not know are ignored."""

import re
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from paradeiro.domain.bounds import MOST_CENTS, bounded_amount, is_never, text_problem
from paradeiro.domain.invoice_keys import right_key
from paradeiro.domain.records import Invoice, Item
from paradeiro.flow.stated_history import History, Line, moment

LONGEST_EVENT = 5000  # VTEX's own limit


def sayable(text: str, most: int | None = None, *, lines: bool = True) -> str:
    """A text that can be kept; raises ValueError in words."""
    if problem := text_problem(text, most, lines=lines):
        raise ValueError(problem)
    return text.strip()


def _or_nothing(value: object) -> object:
    return "" if value is None else value


def _titled(value: object) -> object:
    return value.strip().title() if isinstance(value, str) else value


def _cents(value: object) -> object:
    """Cents as a whole number; VTEX's schema wants a text, its examples have a number."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,14}", value.strip()):
        return int(value)
    return value


def _text(most: int, *, lines: bool = True) -> AfterValidator:
    return AfterValidator(lambda text: sayable(text, most, lines=lines))


Word = Annotated[str, BeforeValidator(_or_nothing), _text(200)]
Address = Annotated[str, BeforeValidator(_or_nothing), _text(2000)]
Sentence = Annotated[str, BeforeValidator(_or_nothing), _text(LONGEST_EVENT)]
Named = Annotated[str, _text(100, lines=False), StringConstraints(min_length=1)]
Cents = Annotated[int, BeforeValidator(_cents), Field(strict=True, ge=0, le=MOST_CENTS)]
Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


def in_path(most: int) -> AfterValidator:
    """A text as one segment of a path."""
    return _text(most, lines=False)


class Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)


class ItemIn(Shape):
    id: Named
    price: Cents
    quantity: Count
    description: Word = ""


class InvoiceIn(Shape):
    """Body of POST …/invoice."""

    type: Literal["Output", "Input"]
    issuance_date: Word
    invoice_number: Named
    invoice_value: Annotated[Cents, Field(gt=0)]
    items: Annotated[list[ItemIn], Field(max_length=1000)]
    invoice_key: Word = ""
    invoice_url: Address = ""
    courier: Word = ""
    tracking_number: Word = ""
    tracking_url: Address = ""

    def invoice(self) -> Invoice:
        """The same as the flow takes it."""
        return self.stated(self.invoice_value, instant(self.issuance_date, "issuanceDate"))

    def stated(self, value: int, issued_at: datetime | None) -> Invoice:
        return Invoice(
            number=self.invoice_number,
            value=value,
            issued_at=issued_at,
            # VTEX checks no key. A spoilt one refuses no invoice, and is told to nobody.
            key=right_key(self.invoice_key),
            url=self.invoice_url or None,
            courier=self.courier,
            tracking_code=self.tracking_number or None,
            tracking_url=self.tracking_url or None,
            items=tuple(Item(i.id, i.quantity, i.price, i.description) for i in self.items),
        )


class SoldIn(InvoiceIn):
    """The same as an external seller sends it: date and value may be missing, and a type is a text."""

    type: Annotated[Literal["Output", "Input"], BeforeValidator(_titled)]
    issuance_date: Word = ""
    invoice_value: Annotated[Cents, BeforeValidator(lambda v: 0 if v is None else v)] = 0

    def invoice(self) -> Invoice:
        """The same as the flow takes it; what it is worth, if nobody says, its items say."""
        value = self.invoice_value or bounded_amount(sum(i.price * i.quantity for i in self.items))
        none = not self.issuance_date or is_never(self.issuance_date)
        return self.stated(value, None if none else instant(self.issuance_date, "issuanceDate"))


class TrackingNumberIn(Shape):
    """Body of PATCH …/invoice/{invoiceNumber}."""

    tracking_number: Annotated[str, _text(200, lines=False), StringConstraints(min_length=1)]
    courier: Word = ""
    tracking_url: Address = ""
    dispatched_date: Word = ""

    def invoice(self, number: str) -> Invoice:
        """What it adds to the invoice of this number."""
        if self.dispatched_date and not is_never(self.dispatched_date):
            instant(self.dispatched_date, "dispatchedDate")
        return Invoice(
            number=number,
            courier=self.courier,
            tracking_code=self.tracking_number,
            tracking_url=self.tracking_url or None,
        )


class EventIn(Shape):
    date: Word
    city: Word = ""
    state: Word = ""
    description: Sentence = ""


class TrackingStatusIn(Shape):
    """Body of PUT …/tracking. Real callers leave out what they have not, whatever the schema requires."""

    is_delivered: Annotated[bool, Field(strict=True)]
    delivered_date: Word = ""
    events: Annotated[list[EventIn], Field(max_length=1000), BeforeValidator(lambda v: [] if v is None else v)] = []

    def history(self) -> History:
        """The same as the flow takes it."""
        lines = tuple(Line(e.date, e.city, e.state, e.description) for e in self.events)
        return History(lines, self.is_delivered, self.delivered_date)


class Receipt(Shape):
    """What VTEX answers to whatever it took."""

    date: datetime
    order_id: str
    receipt: str


def instant(text: str, name: str) -> datetime:
    """An instant as VTEX's callers write it; UTC unless it says otherwise."""
    return moment(text, ZoneInfo("UTC"), name, "ISO 8601, for example 2026-11-23T14:05:00-03:00")[0]
