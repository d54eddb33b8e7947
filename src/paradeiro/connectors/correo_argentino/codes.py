"""In: an event and its outcome as Correo Argentino writes them; out: the code that is stored, its status and reason.

No list of numbers is published for this interface: the words are the code, compared whole, without case and accents
(`codes.csv`). A visit's event is always the same; what came of it stands beside it.
"""

from paradeiro.domain.following.phrases import normal_sentence
from paradeiro.sdk.tables.codes import UNKNOWN, Meaning, read_codes

TABLE = read_codes(__package__)
_LONGEST = 80


def meaning_of(event: str, outcome: str) -> tuple[str, Meaning]:
    """The code is the event, with a slash and its outcome if it has one."""
    words = [normal_sentence(each).upper() for each in (event, outcome)]
    code = "/".join(each for each in words if each)[:_LONGEST] or "NONE"
    return code, TABLE.get(code, UNKNOWN)
