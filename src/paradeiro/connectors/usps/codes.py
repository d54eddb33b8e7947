"""In: an event's code and words; out: its status and reason.

`codes.csv`: USPS's two-character codes as two public programs have them (a Perl module for its web tools, a tracking
plugin), and those of recorded answers; the list itself is Appendix G of Publication 199. Words decide one thing only: a
delivery "to original sender", which has the code of every delivery, is the end of a return.
"""

from paradeiro.domain.words import Status
from paradeiro.sdk.tables.codes import NOTHING, UNKNOWN, Meaning, read_codes

NO_CODE = "none"
# Compared whole, in lower case.
_TO_THE_SENDER = "delivered, to original sender"


TABLE = read_codes(__package__)


def meaning_of(code: str, words: str) -> tuple[str, Meaning]:
    """The stored code and meaning."""
    code = code.strip().upper()
    if not code:
        return NO_CODE, NOTHING
    found = TABLE.get(code, UNKNOWN)
    if found[0] is Status.DELIVERED and " ".join(words.casefold().split()) == _TO_THE_SENDER:
        return code, (Status.RETURNED, None)
    return code, found
