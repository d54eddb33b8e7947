"""In: an event's status code and its words; out: the code that is stored, its status and reason.

Source: the five values of `statusCode` in DHL's description of the interface (Shipment Tracking - Unified, 1.4), and
recorded answers; `codes.csv` is the whole list. Words never decide, but one of the five standing as `status` or
`description` against the code makes the event unknown.
"""

from paradeiro.sdk.tables.codes import NOTHING, UNKNOWN, Meaning, read_codes

# An event without a status code: DHL Express often gives one to the shipment only.
NO_CODE = "none"
# How one of the codes is written as words, beside the code itself.
_AS_WORDS = {"in transit": "transit", "in-transit": "transit", "exception": "failure", "pretransit": "pre-transit"}


TABLE = read_codes(__package__)


def meaning_of(code: str, *words: str) -> tuple[str, Meaning]:
    """The code as it is stored, with its meaning; a contradiction is a code of its own."""
    if not code:
        return NO_CODE, NOTHING
    said = code.casefold()
    for each in words:
        word = each.casefold()
        other = _AS_WORDS.get(word, word)
        if other in TABLE and other != said:
            return f"{code}_but_{other}", UNKNOWN
    return (said, TABLE[said]) if said in TABLE else (code, UNKNOWN)
