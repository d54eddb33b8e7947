"""In: the macro and the micro state of a volume; out: what they mean together. Never their prose.

The macro state decides the direction, the micro state what exactly happened. Alone the macro misleads: IN_TRANSIT is
also sent with returns, DELIVERED with goods that wait to be fetched (facts/carriers, sections 11 and 16).
"""

import csv
import io
from dataclasses import dataclass
from importlib import resources

from paradeiro.domain.following.phrases import normal_sentence
from paradeiro.domain.words import Reason, Status, Withdraws

_MICRO = "micro:"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a pair of states means. `status` None: it is known and moves nothing."""

    status: Status | None
    reason: Reason | None = None
    withdraws: Withdraws | None = None


UNKNOWN = Meaning(Status.UNKNOWN)
NOTHING = Meaning(None)
CORRECTION = Meaning(None, withdraws=Withdraws.PREVIOUS)


def _read_tables() -> tuple[dict[str, Meaning], dict[str, Meaning], dict[str, str]]:
    """The macro states, the micro states by normal name, the macro states' words."""
    text = resources.files(__package__).joinpath("codes.csv").read_text(encoding="utf-8")
    macros: dict[str, Meaning] = {}
    micros: dict[str, Meaning] = {}
    words: dict[str, str] = {}
    for row in csv.DictReader(io.StringIO(text)):
        # In the list `unknown` says that it is known and moves nothing.
        status = None if row["status"] == "unknown" else Status(row["status"])
        meaning = Meaning(status, Reason(row["reason"]) if row["reason"] else None)
        if row["code"].startswith(_MICRO):
            micros[normal_sentence(row["code"].removeprefix(_MICRO))] = meaning
        else:
            macros[row["code"]], words[row["code"]] = meaning, row["words"]
    return macros, micros | {"correcao informacao de evento": CORRECTION}, words


MACROS, MICROS, WORDS = _read_tables()
# It keeps the state that it stands beside, whichever macro state that is.
_KEEPS = "manter status anterior"
_FAILURES = frozenset({"CLARIFY_DELIVERY_FAIL", "DELIVERY_FAILED"})
_FORWARD = frozenset({Status.REGISTERED, Status.ACCEPTED, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY})
_CANCELS = frozenset({None, Status.REGISTERED, Status.EXCEPTION})


def meaning_of(macro: str, micro: str) -> Meaning:
    """What a macro state (as they write it) and the name of a micro state (empty: there is none) mean together."""
    whole = MACROS.get(macro)
    if whole is None:
        return UNKNOWN
    if not micro:
        return whole
    part = MICROS.get(normal_sentence(micro))
    if part is None:
        return UNKNOWN
    if normal_sentence(micro) == _KEEPS:
        return NOTHING
    if part.withdraws is not None or macro == "KEEP_PREVIOUS":
        return part if part.withdraws is not None else NOTHING
    return _together(macro, whole, part)


def _together(macro: str, whole: Meaning, part: Meaning) -> Meaning:
    """Both are known."""
    delivered = (whole.status is Status.DELIVERED, part.status is Status.DELIVERED)
    if delivered[1] or (delivered[0] and part.status is None):
        # A delivery needs both words.
        return part if all(delivered) else UNKNOWN
    if whole.status is Status.CANCELLED:
        return whole if part.status in _CANCELS else UNKNOWN
    if part.status is None:
        return NOTHING
    if macro in _FAILURES and part.status in _FORWARD:
        return whole
    if macro == "DELIVERY_FAILED" and part.status is Status.ATTEMPT_FAILED:
        return Meaning(Status.EXCEPTION, part.reason)  # the macro says that nothing more is tried
    return part
