"""In: nothing; out: the JSON that VTEX's callers send, with limits. Fields that we do not know are ignored.

Which field is required, and what is done with it: docs/connectors/vtex-caller.md. VTEX reads JSON as .NET does: a name
in any case, a number where a text is meant and the other way round, null as if nothing was there.
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

from paradeiro.domain.bounds import MOST_CENTS, bounded_amount, is_never, text_problem
from paradeiro.domain.records import Invoice, Item
from paradeiro.flow.stated_history import History, Line, moment

LONGEST_EVENT = 5000  # VTEX's own limit
_SALE = "Output"
_TRUTHS = {"true": True, "false": False, "": False}


def sayable(text: str, most: int | None = None, *, lines: bool = True) -> str:
    """A text that can be kept; raises ValueError in words."""
    if problem := text_problem(text, most, lines=lines):
        raise ValueError(problem)
    return text.strip()


def _named(value: object) -> object:
    """A number as the text that it stands for: callers write an invoice's number, or a SKU's, as either."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _or_nothing(value: object) -> object:
    return "" if value is None else _named(value)


def or_none(value: object) -> object:
    """A list that may be null."""
    return [] if value is None else value


def _kind(value: object) -> object:
    """Output unless it is said; VTEX's own pages write `input` as well as `Input`."""
    if value is None:
        return _SALE
    return (value.strip().title() or _SALE) if isinstance(value, str) else value


def _whole(value: object) -> object:
    """A whole number; VTEX's schema wants a text, its examples have a number, .NET writes 3095.0. A text with a point
    or a comma may mean reais: it is refused.
    """
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,14}", value.strip()):
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() and 0 <= value <= MOST_CENTS else value


def _truth(value: object) -> object:
    """Whether; not delivered where nobody says so."""
    if value is None:
        return False
    if isinstance(value, str):
        return _TRUTHS.get(value.strip().casefold(), value)
    return bool(value) if value in (0, 1) else value


def _text(most: int, *, lines: bool = True) -> AfterValidator:
    return AfterValidator(lambda text: sayable(text, most, lines=lines))


Word = Annotated[str, BeforeValidator(_or_nothing), _text(200)]
Address = Annotated[str, BeforeValidator(_or_nothing), _text(2000)]
Sentence = Annotated[str, BeforeValidator(_or_nothing), _text(LONGEST_EVENT)]
Named = Annotated[str, BeforeValidator(_named), _text(100, lines=False), StringConstraints(min_length=1)]
Cents = Annotated[int, BeforeValidator(_whole), Field(strict=True, ge=0, le=MOST_CENTS)]
Count = Annotated[int, BeforeValidator(_whole), Field(strict=True, ge=1, le=1_000_000)]


def in_path(most: int) -> AfterValidator:
    """A text as one segment of a path."""
    return _text(most, lines=False)


class Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def _in_any_case(cls, said: Any) -> Any:
        """Names in any case; the one that is spelt right counts."""
        if not isinstance(said, dict):
            return said
        names = {str(field.alias).casefold(): str(field.alias) for field in cls.model_fields.values()}
        known = {names.get(str(name).casefold(), name): value for name, value in said.items()}
        return known | said


class ItemIn(Shape):
    id: Named
    price: Cents
    quantity: Count
    description: Word = ""


class InvoiceIn(Shape):
    """Body of POST …/invoice."""

    type: Annotated[Literal["Output", "Input"], BeforeValidator(_kind)] = "Output"
    issuance_date: Word
    invoice_number: Named
    invoice_value: Annotated[Cents, Field(gt=0)]
    # VTEX infers the items where a caller leaves them out (facts/vtex, known issue 1163668).
    items: Annotated[list[ItemIn], Field(max_length=1000), BeforeValidator(or_none)] = []
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
            key=self.invoice_key or None,
            url=self.invoice_url or None,
            courier=self.courier,
            tracking_code=self.tracking_number or None,
            tracking_url=self.tracking_url or None,
            items=tuple(Item(i.id, i.quantity, i.price, i.description) for i in self.items),
        )


class SoldIn(InvoiceIn):
    """The same as an external seller sends it: date and value may be missing."""

    issuance_date: Word = ""
    invoice_value: Annotated[Cents, BeforeValidator(lambda v: 0 if v is None else v)] = 0

    def invoice(self) -> Invoice:
        """The same as the flow takes it; what it is worth, if nobody says, its items say."""
        value = self.invoice_value or bounded_amount(sum(i.price * i.quantity for i in self.items))
        none = not self.issuance_date or is_never(self.issuance_date)
        return self.stated(value, None if none else instant(self.issuance_date, "issuanceDate"))


class TrackingNumberIn(Shape):
    """Body of PATCH …/invoice/{invoiceNumber}."""

    tracking_number: Annotated[str, BeforeValidator(_named), _text(200, lines=False), StringConstraints(min_length=1)]
    courier: Word = ""
    tracking_url: Address = ""

    def invoice(self, number: str) -> Invoice:
        """What it adds to the invoice of this number."""
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

    is_delivered: Annotated[bool, BeforeValidator(_truth), Field(strict=True)] = False
    delivered_date: Word = ""
    events: Annotated[Sequence[EventIn], Field(max_length=1000), BeforeValidator(or_none)] = []

    @model_validator(mode="after")
    def _says_something(self) -> "TrackingStatusIn":
        if not self.events and "is_delivered" not in self.model_fields_set:
            message = "say isDelivered, or events that happened; this says nothing"
            raise ValueError(message)
        return self

    def history(self) -> History:
        """The same as the flow takes it."""
        lines = tuple(Line(self.day_of(e), e.city, e.state, e.description) for e in self.events)
        return History(lines, self.is_delivered, "" if is_never(self.delivered_date) else self.delivered_date)

    @staticmethod
    def day_of(event: EventIn) -> str | None:
        """When it was, as the caller wrote it; None where nobody need say."""
        return event.date


class SoldEventIn(EventIn):
    """The same from an external seller: VTEX's description requires nothing of it."""

    date: Word = ""


class SoldTrackingIn(TrackingStatusIn):
    """Body of POST …/tracking, from an external seller."""

    events: Annotated[Sequence[SoldEventIn], Field(max_length=1000), BeforeValidator(or_none)] = []

    @staticmethod
    def day_of(event: EventIn) -> str | None:
        """None for one without a date, or with .NET's year 1 in its place."""
        return None if not event.date or is_never(event.date) else event.date


class Receipt(Shape):
    """What VTEX answers to whatever it took."""

    date: datetime
    order_id: str
    receipt: str


def instant(text: str, name: str) -> datetime:
    """An instant as VTEX's callers write it; UTC unless it says otherwise."""
    return moment(text, ZoneInfo("UTC"), name, "ISO 8601, for example 2026-11-23T14:05:00-03:00")[0]
