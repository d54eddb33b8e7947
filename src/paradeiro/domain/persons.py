"""In: a customer; out: the words that name them, as a pattern of PostgreSQL's regular expressions. Pure.

Two sorts, since a carrier's text is a timeline that stays ("Santos" is a town, too) and a person's is only words.
"""

import re

from paradeiro.domain.records import Customer

# Shorter parts of a name (de, da) stand in every sentence.
_SHORTEST_PART = 3
# Always as many: how long a name is says something too.
_DOTS = "•••"
_WORD = re.compile(r"[^\W_][\w'’-]*")


def named_in_full(customer: Customer) -> str | None:
    """Matches the whole name and the address; None if neither is known."""
    return _pattern([customer.name, customer.email or ""])


def named_at_all(customer: Customer) -> str | None:
    """Matches also each part of the name."""
    parts = [part for part in re.split(r"[\s,.]+", customer.name) if len(part) >= _SHORTEST_PART]
    return _pattern([customer.name, customer.email or "", *parts])


def masked(text: str) -> str:
    """A name or an address, so that whoever it is knows it again and nobody else learns it: "A••• S•••"."""
    return _masked_address(text) if "@" in text else _WORD.sub(lambda found: found[0][0] + _DOTS, text)


def _masked_address(address: str) -> str:
    local, _, domain = address.rpartition("@")
    host, dot, ending = domain.rpartition(".")
    return f"{local[:1]}{_DOTS}@{host[:1]}{_DOTS}{dot}{ending}"


def _pattern(words: list[str]) -> str | None:
    # The longest first: alternatives are tried in order, and half a replaced name is still half a name.
    found = sorted({re.escape(w.strip()) for w in words if w.strip()}, key=lambda w: (-len(w), w))
    return rf"(?<!\w)(?:{'|'.join(found)})(?!\w)" if found else None
