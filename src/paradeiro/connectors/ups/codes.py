"""In: an activity's type and codes; out: the code that is stored, its status and reason.

`codes.csv`: the types as UPS's own description of *Track Alert* lists them (P is observed), and the status codes as
four public programs have them, word for word, from UPS's appendix; three are observed in recorded answers. The type
decides what an event is, its status code says it more exactly. Words are translated by UPS and decide nothing.
"""

from paradeiro.domain.words import Status
from paradeiro.sdk.tables.codes import NOTHING, UNKNOWN, Meaning, read_codes

NO_CODE = "none"
DELIVERY = "D"
# The activity codes that stand beside status code 011 in recorded answers, where they stand alone.
_DELIVERED = frozenset({"FS", "F4"})


TABLE = read_codes(__package__)


def meaning_of(kind: str, status_code: str, code: str) -> tuple[str, Meaning]:
    """The stored code and meaning. Only type D may deliver, and only with a status code (else a code) of a delivery."""
    kind, status_code = kind.strip().upper(), status_code.strip()
    finer = TABLE.get(status_code, UNKNOWN)
    if not kind:
        return _without_type(status_code, finer)
    stored, meaning = _of_type(kind, status_code, code, finer)
    # Machines type several events of one type in one second: the finer code, if it is known, tells them apart.
    return f"{stored}:{status_code}" if stored == kind and status_code in TABLE else stored, meaning


def _of_type(kind: str, status_code: str, code: str, finer: Meaning) -> tuple[str, Meaning]:
    if f"type:{kind}" not in TABLE:
        return kind, UNKNOWN
    if kind == DELIVERY:
        if finer[0] is Status.DELIVERED or (not status_code and code.strip().upper() in _DELIVERED):
            return kind, (Status.DELIVERED, None)
        return f"{kind}_{status_code or code or NO_CODE}", finer
    if finer[0] is Status.DELIVERED:
        return f"{kind}_but_{status_code}", UNKNOWN
    of_type = TABLE[f"type:{kind}"]
    return kind, of_type if finer is UNKNOWN or of_type[0] is None else finer


def _without_type(status_code: str, finer: Meaning) -> tuple[str, Meaning]:
    """Without a type a status code is believed, except for a delivery."""
    if not status_code:
        return NO_CODE, NOTHING
    return f"{NO_CODE}_{status_code}", UNKNOWN if finer[0] is Status.DELIVERED else finer
