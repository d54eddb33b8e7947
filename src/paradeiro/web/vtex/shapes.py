"""In: nothing; out: the JSON that VTEX's callers send, with limits. Unknown fields are ignored.

Which field is required, and what is done with it: docs/connectors/vtex-caller.md. VTEX reads JSON as .NET does: names
in any case, numbers for texts and texts for numbers, null as if the field were missing.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic.alias_generators import to_camel

from paradeiro.domain.bounds import MOST_CENTS, bounded_amount, is_placeholder_date, text_problem
from paradeiro.domain.records import Invoice, Item
from paradeiro.flow.vtex_callers.stated_history import History, Line, moment

LONGEST_EVENT = 5000  # VTEX's own limit
_SALE = "Output"
_BOOLEANS = {"true": True, "false": False, "": False}


def checked_text(text: str, most: int | None = None, *, lines: bool = True) -> str:
    """The text, stripped, if it can be stored; raises ValueError with the reason."""
    if problem := text_problem(text, most, lines=lines):
        raise ValueError(problem)
    return text.strip()


def _number_as_text(value: object) -> object:
    """A JSON number as text: callers send invoice numbers and SKU ids as either."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _text_or_empty(value: object) -> object:
    return "" if value is None else _number_as_text(value)


def list_or_empty(value: object) -> object:
    """A list that may be null."""
    return [] if value is None else value


def _invoice_type(value: object) -> object:
    """`Output` by default; VTEX's own pages write `input` as well as `Input`."""
    if value is None:
        return _SALE
    return (value.strip().title() or _SALE) if isinstance(value, str) else value


def _whole_number(value: object) -> object:
    """A whole number: VTEX's schema has a text, its examples a number, .NET writes 3095.0. A text with a point or a
    comma may mean reais, not cents: it is refused.
    """
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,14}", value.strip()):
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() and 0 <= value <= MOST_CENTS else value


def _boolean(value: object) -> object:
    """A boolean in any of its forms; null is false."""
    if value is None:
        return False
    if isinstance(value, str):
        return _BOOLEANS.get(value.strip().casefold(), value)
    return bool(value) if value in (0, 1) else value


def _text(most: int, *, lines: bool = True) -> AfterValidator:
    return AfterValidator(lambda text: checked_text(text, most, lines=lines))


ShortText = Annotated[str, BeforeValidator(_text_or_empty), _text(200)]
UrlText = Annotated[str, BeforeValidator(_text_or_empty), _text(2000)]
LongText = Annotated[str, BeforeValidator(_text_or_empty), _text(LONGEST_EVENT)]
NumberText = Annotated[str, BeforeValidator(_number_as_text), _text(100, lines=False), StringConstraints(min_length=1)]
Cents = Annotated[int, BeforeValidator(_whole_number), Field(strict=True, ge=0, le=MOST_CENTS)]
Count = Annotated[int, BeforeValidator(_whole_number), Field(strict=True, ge=1, le=1_000_000)]


def in_path(most: int) -> AfterValidator:
    """A text as one segment of a path."""
    return _text(most, lines=False)


class Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def _match_names_in_any_case(cls, body: Any) -> Any:
        """Match field names in any case; of several the exact one counts."""
        if not isinstance(body, dict):
            return body
        names = {str(field.alias).casefold(): str(field.alias) for field in cls.model_fields.values()}
        known = {names.get(str(name).casefold(), name): value for name, value in body.items()}
        return known | body


class ItemIn(Shape):
    id: NumberText
    price: Cents
    quantity: Count
    description: ShortText = ""


class InvoiceIn(Shape):
    """Body of POST …/invoice."""

    type: Annotated[Literal["Output", "Input"], BeforeValidator(_invoice_type)] = "Output"
    issuance_date: ShortText
    invoice_number: NumberText
    invoice_value: Annotated[Cents, Field(gt=0)]
    # VTEX infers the items where a caller leaves them out (facts/vtex, known issue 1163668).
    items: Annotated[list[ItemIn], Field(max_length=1000), BeforeValidator(list_or_empty)] = []
    invoice_key: ShortText = ""
    invoice_url: UrlText = ""
    courier: ShortText = ""
    tracking_number: ShortText = ""
    tracking_url: UrlText = ""

    def invoice(self) -> Invoice:
        """The same as the flow takes it."""
        return self.stated(self.invoice_value, parse_time(self.issuance_date, "issuanceDate"))

    def stated(self, value: int, issued_at: datetime | None) -> Invoice:
        return Invoice(
            number=self.invoice_number,
            value=value,
            issued_at=issued_at,
            key=self.invoice_key or None,
            url=self.invoice_url or None,
            courier=self.courier,
            tracking_code=self.tracking_number or None,
            tracking_url=self.tracking_url or None,
            items=tuple(Item(i.id, i.quantity, i.price, i.description) for i in self.items),
        )


class SellerInvoiceIn(InvoiceIn):
    """The same as an external seller sends it: date and value may be missing."""

    issuance_date: ShortText = ""
    invoice_value: Annotated[Cents, BeforeValidator(lambda v: 0 if v is None else v)] = 0

    def invoice(self) -> Invoice:
        """The same as the flow takes it. Without a value: the sum of its items."""
        value = self.invoice_value or bounded_amount(sum(i.price * i.quantity for i in self.items))
        none = not self.issuance_date or is_placeholder_date(self.issuance_date)
        return self.stated(value, None if none else parse_time(self.issuance_date, "issuanceDate"))


class TrackingNumberIn(Shape):
    """Body of PATCH …/invoice/{invoiceNumber}."""

    tracking_number: Annotated[
        str, BeforeValidator(_number_as_text), _text(200, lines=False), StringConstraints(min_length=1)
    ]
    courier: ShortText = ""
    tracking_url: UrlText = ""

    def invoice(self, number: str) -> Invoice:
        """The invoice of this number with what is added to it."""
        return Invoice(
            number=number,
            courier=self.courier,
            tracking_code=self.tracking_number,
            tracking_url=self.tracking_url or None,
        )


class EventIn(Shape):
    date: ShortText
    city: ShortText = ""
    state: ShortText = ""
    description: LongText = ""


class TrackingStatusIn(Shape):
    """Body of PUT …/tracking. Real callers omit fields that the schema requires."""

    is_delivered: Annotated[bool, BeforeValidator(_boolean), Field(strict=True)] = False
    delivered_date: ShortText = ""
    events: Annotated[Sequence[EventIn], Field(max_length=1000), BeforeValidator(list_or_empty)] = []

    @model_validator(mode="after")
    def _require_content(self) -> "TrackingStatusIn":
        if not self.events and "is_delivered" not in self.model_fields_set:
            message = "say isDelivered, or events that happened; this says nothing"
            raise ValueError(message)
        return self

    def history(self) -> History:
        """The same as the flow takes it."""
        lines = tuple(Line(self.date_of(e), e.city, e.state, e.description) for e in self.events)
        return History(
            lines, self.is_delivered, "" if is_placeholder_date(self.delivered_date) else self.delivered_date
        )

    @staticmethod
    def date_of(event: EventIn) -> str | None:
        """The event's date as the caller wrote it; None where it may be missing."""
        return event.date


class SellerEventIn(EventIn):
    """An event from an external seller: VTEX's description requires no field."""

    date: ShortText = ""


class SellerTrackingIn(TrackingStatusIn):
    """Body of POST …/tracking, from an external seller."""

    events: Annotated[Sequence[SellerEventIn], Field(max_length=1000), BeforeValidator(list_or_empty)] = []

    @staticmethod
    def date_of(event: EventIn) -> str | None:
        """The date; None if there is none, or .NET's year 1."""
        return None if not event.date or is_placeholder_date(event.date) else event.date


class Receipt(Shape):
    """VTEX's answer to each statement that was taken."""

    date: datetime
    order_id: str
    receipt: str


def parse_time(text: str, name: str) -> datetime:
    """A time as VTEX's callers write it; UTC unless it has an offset. Raises `InvalidError`."""
    return moment(text, ZoneInfo("UTC"), name, "ISO 8601, for example 2026-11-23T14:05:00-03:00")[0]
