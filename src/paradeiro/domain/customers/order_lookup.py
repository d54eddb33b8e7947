"""In: a proof typed to look up an order, the order's customer; out: whether the proof matches. Pure."""

import hmac
import re

from paradeiro.domain.customers.bounces import normal_address
from paradeiro.domain.records import Customer

_SHORTEST_POSTAL_CODE = 4  # shorter postal codes are too easy to guess
_SEPARATORS = re.compile(r"[^0-9A-Z]+")
_LONGEST = 320


def plain_code(text: str) -> str:
    """A postal code in the form in which they are compared: "01001-000" and "01001 000" are the same, "SW1A 1AA" and
    "sw1a1aa" too.
    """
    return _SEPARATORS.sub("", text[:_LONGEST].upper())


def proves_identity(typed: str, customer: Customer, *, addresses: tuple[str, ...] = ()) -> bool:
    """Whether `typed` is the order's e-mail address (or one of `addresses`) or its postal code. Constant-time
    comparison.
    """
    email, code = normal_address(typed[:_LONGEST]), plain_code(typed)
    matches = False
    for address in (customer.email or "", *addresses):
        matches |= bool(address) and _equal_in_constant_time(email, normal_address(address))
    postal = plain_code(customer.postal_code or "")
    # An address has letters that a postal code has not: "ana@…" is never taken for one.
    matches |= len(postal) >= _SHORTEST_POSTAL_CODE and "@" not in typed and _equal_in_constant_time(code, postal)
    return matches


def plain_number(text: str) -> str:
    """An order number as typed, without blanks around it and a leading hash."""
    return text.strip().removeprefix("#").strip()


def _equal_in_constant_time(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
