"""In: why a party refused what it was told; out: the kind of why, and which newer messages make a refused one needless.

When a party changes its contract, or a rule of ours is wrong, every order is refused for the same reason: that is one
thing for a person to mend, not a thousand.
"""

import re

from paradeiro.domain.plan import SUPERSEDING
from paradeiro.domain.words import EffectKind

_LONGEST = 160
# What names one order, package or moment: anything with a digit in it, an address.
_OF_ONE = re.compile(r"\S*[\d@]\S*")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|“[^”]*”")


def kind_of_why(message: str, http_status: int | None) -> str:
    """What two refusals for the same reason have in common: the words but for numbers, addresses and quoted texts."""
    words = _OF_ONE.sub("#", _QUOTED.sub("#", message.lower()))
    plain = re.sub(r"[#\s]*#[#\s]*", " # ", words)
    return f"{http_status or '-'} {' '.join(plain.split())}"[:_LONGEST].strip()


# An opening says no more than that it is on its way: after the history that would take a delivery back. But a history
# that was refused too, or waits, does not make it needless: the opening must go before it.
_ONCE_TOLD: dict[EffectKind, frozenset[EffectKind]] = {
    EffectKind.MARKETPLACE_OPENING: frozenset({EffectKind.MARKETPLACE_UPDATE}),
    EffectKind.ORDER_OPENING: frozenset({EffectKind.ORDER_UPDATE}),
    EffectKind.CUSTOMER_CORRECTION: frozenset({EffectKind.CUSTOMER_MAIL}),
}


def needless_after() -> list[tuple[EffectKind, EffectKind, bool]]:
    """(older, newer, only once told): a refused message of the older kind is needless when there is a newer one of the
    other kind of the same package; with the mark only once that one is told, or may be.
    """
    plain = {(older, newer) for newer, olders in SUPERSEDING.items() for older in olders} | {(k, k) for k in EffectKind}
    told = {(older, newer) for older, newers in _ONCE_TOLD.items() for newer in newers} - plain
    return sorted([(*pair, False) for pair in plain] + [(*pair, True) for pair in told])
