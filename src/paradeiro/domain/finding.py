"""In: what somebody types to find an order, and what is known of it; out: whether they know enough to see it. Pure."""

import hmac
import re

from paradeiro.domain.bounces import same_address
from paradeiro.domain.records import Customer

_LEAST_CODE = 4  # shorter postal codes are known to everybody
_NO_CODE = re.compile(r"[^0-9A-Z]+")
_LONGEST = 320


def plain_code(text: str) -> str:
    """A postal code as it is compared: "01001-000" and "01001 000" are the same, "SW1A 1AA" and "sw1a1aa" too."""
    return _NO_CODE.sub("", text[:_LONGEST].upper())


def knows(typed: str, customer: Customer, *, addresses: tuple[str, ...] = ()) -> bool:
    """Whether what was typed is the order's e-mail address (or one of `addresses`) or its postal code. How long it
    takes says nothing of either.
    """
    email, code = same_address(typed[:_LONGEST]), plain_code(typed)
    right = False
    for address in (customer.email or "", *addresses):
        right |= bool(address) and _same(email, same_address(address))
    postal = plain_code(customer.postal_code or "")
    # An address has letters that a postal code has not: "ana@…" is never taken for one.
    right |= len(postal) >= _LEAST_CODE and "@" not in typed and _same(code, postal)
    return right


def plain_number(text: str) -> str:
    """An order's number as people type it: with blanks around it, or a hash before it."""
    return text.strip().removeprefix("#").strip()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
