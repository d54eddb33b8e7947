"""In: a scan's event type, derived status and exception code; out: the code that is stored, its status and reason.

`codes.csv`: FedEx's status codes as at least two public programs copied them from its developer guide (one names the
page, "Tracking and Visibility Services" of 2015), with those that recorded answers have. Codes of one source only (AS,
DO, MD, PY, RT) are left out, so they are `unknown`. Descriptions decide nothing.
"""

from paradeiro.domain.words import Reason, Status
from paradeiro.sdk.tables.codes import NOTHING, UNKNOWN, Meaning, read_codes

NO_CODE = "none"
DELIVERED, EXCEPTION = "DL", "DE"
# Exception codes of a delivery exception that was an attempt. 08 is in two recorded answers, the others in one program.
_ATTEMPTS = {
    "03": (Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM),
    "07": (Status.ATTEMPT_FAILED, Reason.REFUSED),
    "08": (Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
}


TABLE = read_codes(__package__)


def meaning_of(event_type: str, derived: str, exception: str) -> tuple[str, Meaning]:
    """The stored code and meaning: those of the event type. A delivery that the derived status denies is none."""
    code, derived = event_type.strip().upper(), derived.strip().upper()
    if not code:
        return NO_CODE, NOTHING
    if code == DELIVERED and derived not in {"", DELIVERED}:
        return f"{code}_but_{derived}", UNKNOWN
    if code == EXCEPTION and exception.strip() in _ATTEMPTS:
        return code, _ATTEMPTS[exception.strip()]
    return code, TABLE.get(code, UNKNOWN)
