"""In: refusals of messages by a party; out: a group key by reason, and which newer messages supersede a refused one.

When a party changes its contract, or a rule of ours is wrong, every order is refused for one reason: one notice, not a
thousand. Pure.
"""

import re

from paradeiro.domain.outbox.plan import SUPERSEDING
from paradeiro.domain.words import EffectKind

_LONGEST = 160
# Identifiers of an order, package or time: words with a digit or an @.
_IDENTIFIERS = re.compile(r"\S*[\d@]\S*")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|“[^”]*”")


def reason_group(message: str, http_status: int | None) -> str:
    """The group key of a refusal: status and text without identifiers, addresses and quoted texts."""
    words = _IDENTIFIERS.sub("#", _QUOTED.sub("#", message.lower()))
    plain = re.sub(r"[#\s]*#[#\s]*", " # ", words)
    return f"{http_status or '-'} {' '.join(plain.split())}"[:_LONGEST].strip()


# An opening ("shipped") after an accepted history could revert a delivery, so it is needless. If the history was
# refused too, or waits, the opening must be sent before it.
_NEEDLESS_ONCE_SENT: dict[EffectKind, frozenset[EffectKind]] = {
    EffectKind.MARKETPLACE_OPENING: frozenset({EffectKind.MARKETPLACE_UPDATE}),
    EffectKind.ORDER_OPENING: frozenset({EffectKind.ORDER_UPDATE}),
    EffectKind.CUSTOMER_CORRECTION: frozenset({EffectKind.CUSTOMER_MAIL}),
}


def superseding_pairs() -> list[tuple[EffectKind, EffectKind, bool]]:
    """(older, newer, only_once_sent): a refused message of the older kind is needless if there is a newer one of the
    newer kind for the same package; with the flag, only if that one was or may have been sent.
    """
    plain = {(older, newer) for newer, olders in SUPERSEDING.items() for older in olders} | {(k, k) for k in EffectKind}
    once_sent = {(older, newer) for older, newers in _NEEDLESS_ONCE_SENT.items() for newer in newers} - plain
    return sorted([(*pair, False) for pair in plain] + [(*pair, True) for pair in once_sent])
