"""In: what a shipment is known by; out: the one text under which its carrier is asked about it. Pure.

Most carriers know a package by their own code. In Brazil many are asked by the sender's invoice instead: by its key
(NF-e, 44 characters), or by tax number, series and number; a few by the shop's order number or a number of their own.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.orders.invoice_keys import valid_key

_KEY = re.compile(r"[0-9]{6}[0-9A-Z]{12}[0-9]{26}", re.ASCII)
_INVOICE = re.compile(r"([0-9A-Z]{11,14})/([0-9A-Z]{0,3})/([0-9]{1,9})", re.ASCII)
_NOT_ALPHANUMERIC = re.compile(r"[^0-9A-Z]+")
# OCOREN 3.x holds eight digits of an invoice number; NF-e numbers have nine.
_TAIL = 8


class IdentifierKind(StrEnum):
    """What a shipment is known by."""

    TRACKING_CODE = "tracking_code"  # the carrier's code on the label
    INVOICE_KEY = "invoice_key"  # NF-e, 44 characters
    INVOICE = "invoice"  # "tax number/series/number" of the sender's invoice
    INVOICE_TAIL = "invoice_tail"  # the same, with the last eight digits of the number only
    ORDER = "order"  # the order's number at the shop
    CARRIER_NUMBER = "carrier_number"  # a number of the carrier's or the platform's own, not on the label


_PREFIXES = {
    IdentifierKind.INVOICE_TAIL: "tail:",
    IdentifierKind.ORDER: "order:",
    IdentifierKind.CARRIER_NUMBER: "number:",
}


@dataclass(frozen=True, slots=True)
class Identifier:
    """One of the things that a shipment is known by. `value` is normalised: see the functions that make them."""

    kind: IdentifierKind
    value: str

    @property
    def text(self) -> str:
        """The text that sessions are asked with and that is stored as `shipment.tracking_code`; it names its kind."""
        return _PREFIXES.get(self.kind, "") + self.value

    @property
    def shown(self) -> str:
        """The value as people write it: of an invoice its number alone."""
        by_invoice = self.kind in {IdentifierKind.INVOICE, IdentifierKind.INVOICE_TAIL}
        return self.value.rsplit("/", 1)[-1] if by_invoice else self.value


def identifier_of(text: str) -> Identifier:
    """The identifier that `Identifier.text` gave."""
    for kind, prefix in _PREFIXES.items():
        if text.startswith(prefix):
            return Identifier(kind, text.removeprefix(prefix))
    if _KEY.fullmatch(text):
        return Identifier(IdentifierKind.INVOICE_KEY, text)
    if _INVOICE.fullmatch(text):
        return Identifier(IdentifierKind.INVOICE, text)
    return Identifier(IdentifierKind.TRACKING_CODE, text)


def tracking_code(text: str) -> Identifier | None:
    """A carrier's code; None for an empty text."""
    code = tidy_code(text)
    return Identifier(IdentifierKind.TRACKING_CODE, code) if code else None


def invoice_key(text: str) -> Identifier | None:
    """A key of an NF-e; None if it is none."""
    key = valid_key(text)
    return Identifier(IdentifierKind.INVOICE_KEY, key) if key else None


def invoice(tax_number: str, series: str, number: str) -> Identifier | None:
    """An invoice by its sender's tax number (CNPJ or CPF, letters allowed), series and number; None if one is wrong.
    Leading zeros of series and number do not count; an empty series is series 0.
    """
    sender = _NOT_ALPHANUMERIC.sub("", tax_number.upper())
    row = _NOT_ALPHANUMERIC.sub("", series.upper()).lstrip("0") or "0"
    digits = number.strip().lstrip("0")
    value = f"{sender}/{row}/{digits}"
    return Identifier(IdentifierKind.INVOICE, value) if _INVOICE.fullmatch(value) else None


def invoice_tail(tax_number: str, series: str, number: str) -> Identifier | None:
    """An invoice by the last eight digits of its number; None if something in it is wrong."""
    whole = invoice(tax_number, series, number)
    if whole is None:
        return None
    sender, row, digits = whole.value.split("/")
    return Identifier(IdentifierKind.INVOICE_TAIL, f"{sender}/{row}/{digits[-_TAIL:].lstrip('0') or '0'}")


def order_number(text: str) -> Identifier | None:
    """An order's number, as the shop writes it; None for an empty text."""
    return Identifier(IdentifierKind.ORDER, text.strip()) if text.strip() else None


def carrier_number(text: str) -> Identifier | None:
    """A number of the carrier's own, as it writes it (label id, CT-e); None for an empty text."""
    return Identifier(IdentifierKind.CARRIER_NUMBER, text.strip()) if text.strip() else None


def of_invoice_key(key: str) -> tuple[Identifier, ...]:
    """All that a key says: itself, and the invoice that it contains. Empty for a wrong key."""
    whole = invoice_key(key)
    if whole is None:
        return ()
    parts = (whole.value[6:20], whole.value[22:25], whole.value[25:34])
    return tuple(found for found in (whole, invoice(*parts), invoice_tail(*parts)) if found is not None)


def preferred(kinds: Sequence[IdentifierKind], known: Iterable[Identifier]) -> Identifier | None:
    """Of what is known of a shipment, what its carrier would rather be asked by; None if it cannot be asked."""
    by_kind: dict[IdentifierKind, Identifier] = {}
    for each in known:
        by_kind.setdefault(each.kind, each)
    return next((by_kind[kind] for kind in kinds if kind in by_kind), None)
