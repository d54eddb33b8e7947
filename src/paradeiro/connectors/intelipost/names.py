"""In: a shipment as Intelipost writes it; out: all that it is known by, and its tracking code. Pure."""

from collections.abc import Iterator
from typing import Any

from paradeiro.domain.bounds import clean_text
from paradeiro.domain.orders import identifiers
from paradeiro.domain.orders.identifiers import Identifier

_LONGEST = 300
_LONGEST_CODE = 64


def text_of(value: object) -> str:
    """A text on one line, a whole number as a text; empty for any other type."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return " ".join(clean_text(str(value), _LONGEST).split())


def states_of(event: dict[str, Any]) -> tuple[str, str]:
    """An event's macro state, and its micro state by the first name that it has."""
    state = event.get("shipment_volume_micro_state")
    inner = state if isinstance(state, dict) else {}
    names = (text_of(inner.get(name)) for name in ("default_name", "name", "id"))
    return text_of(event.get("shipment_order_volume_state")).upper(), next((name for name in names if name), "")


def names_of(order: dict[str, Any]) -> tuple[tuple[Identifier, ...], str]:
    """What a shipment is known by, the surest first; the code, where all its volumes have the same."""
    found: list[Identifier | None] = []
    for key in sorted({text_of(invoice.get("invoice_key")) for invoice in _invoices(order)}):
        found += identifiers.of_invoice_key(key)
    found += [identifiers.order_number(text_of(order.get(name))) for name in ("order_number", "sales_order_number")]
    told = {text_of(each.get("tracking_code"))[:_LONGEST_CODE] for each in (order, *_volumes(order))}
    codes = sorted(told - {""})
    found += [identifiers.tracking_code(code) for code in codes]
    return tuple(dict.fromkeys(each for each in found if each is not None)), codes[0] if len(codes) == 1 else ""


def _volumes(order: dict[str, Any]) -> Iterator[dict[str, Any]]:
    told = order.get("shipment_order_volume_array")
    yield from (each for each in (told if isinstance(told, list) else ()) if isinstance(each, dict))


def _invoices(order: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The invoices of a push, or of an answer's volumes."""
    told = [order.get("invoice"), *(volume.get("shipment_order_volume_invoice") for volume in _volumes(order))]
    yield from (each for each in told if isinstance(each, dict))
