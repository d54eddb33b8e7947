"""In: a customer; out: patterns that match their name and address (PostgreSQL regular expressions). Pure.

Two patterns: carriers' texts stay in timelines ("Santos" is a town too), so only full names are matched there.
"""

import re

from paradeiro.domain.records import Customer

# Shorter parts of a name (de, da) occur in any text.
_SHORTEST_PART = 3
# Always as many, to hide the length.
_DOTS = "•••"
_WORD = re.compile(r"[^\W_][\w'’-]*")


def full_name_pattern(customer: Customer) -> str | None:
    """Matches the full name and the address; None if neither is known."""
    return _pattern([customer.name, customer.email or ""])


def any_name_pattern(customer: Customer) -> str | None:
    """Matches the full name, the address and each part of the name."""
    parts = [part for part in re.split(r"[\s,.]+", customer.name) if len(part) >= _SHORTEST_PART]
    return _pattern([customer.name, customer.email or "", *parts])


def masked(text: str) -> str:
    """A name or an address reduced to first letters: "A••• S•••"."""
    return _masked_address(text) if "@" in text else _WORD.sub(lambda found: found[0][0] + _DOTS, text)


def _masked_address(address: str) -> str:
    local, _, domain = address.rpartition("@")
    host, dot, ending = domain.rpartition(".")
    return f"{local[:1]}{_DOTS}@{host[:1]}{_DOTS}{dot}{ending}"


def _pattern(words: list[str]) -> str | None:
    # The longest first: alternatives are tried in order, and no part of a name may remain.
    found = sorted({re.escape(w.strip()) for w in words if w.strip()}, key=lambda w: (-len(w), w))
    return rf"(?<!\w)(?:{'|'.join(found)})(?!\w)" if found else None
