"""In: a label as they write it; out: what it is known by, and who carries it. Pure."""

from typing import Any

from paradeiro.domain.bounds import clean_text
from paradeiro.domain.orders import identifiers
from paradeiro.domain.orders.identifiers import Identifier

_LONGEST = 300
_LONGEST_CODE = 64
# Not the carrier's code: the platform's own for the label.
_OWN_CODES = ("melhorenvio_tracking", "self_tracking")


def text_of(value: object) -> str:
    """A text on one line; empty for any other type."""
    return " ".join(clean_text(value, _LONGEST).split()) if isinstance(value, str) else ""


def codes_of(told: dict[str, Any]) -> tuple[str, str]:
    """The carrier's tracking code, and the platform's own."""
    own = next((code for name in _OWN_CODES if (code := text_of(told.get(name)))), "")
    return text_of(told.get("tracking"))[:_LONGEST_CODE], own[:_LONGEST_CODE]


def names_of(told: dict[str, Any]) -> tuple[Identifier, ...]:
    """What the label is known by. Tags are free text, so an order in them is not believed."""
    tracking, own = codes_of(told)
    numbers = (identifiers.carrier_number(text_of(told.get(name))) for name in ("id", "protocol"))
    codes = (identifiers.tracking_code(code) for code in (tracking, own))
    return tuple(dict.fromkeys(each for each in (*numbers, *codes) if each is not None))


def courier_of(told: dict[str, Any]) -> str:
    """The carrier behind the label, where the answer names it."""
    service = told.get("service")
    inner = service if isinstance(service, dict) else {}
    company = inner.get("company") or told.get("company")
    name = company.get("name") if isinstance(company, dict) else told.get("carrier")
    return text_of(name)
