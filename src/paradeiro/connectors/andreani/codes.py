"""In: a state as Andreani writes it, its number and reason; out: the code that is stored, its status and reason.

The whole list of numbers is published nowhere: four are known. So the words are the code, compared whole, without case
and accents (`codes.csv`); a number that is known must agree with them.
"""

from paradeiro.domain.following.phrases import normal_sentence
from paradeiro.domain.words import Status
from paradeiro.sdk.tables.codes import UNKNOWN, Meaning, read_codes

TABLE = read_codes(__package__)
_NUMBERS = {
    "1": "PENDIENTE DE INGRESO",
    "5": "INGRESO AL CIRCUITO OPERATIVO",
    "6": "EN DISTRIBUCION",
    "11": "VISITA",
}
_VISIT = "VISITA"
_OUTWARD = "distribution"
_LONGEST = 80


def meaning_of(words: str, number: str, reason: str, cycle: str) -> tuple[str, Meaning]:
    """A visit is what its reason's number says. A delivery counts on the way out only, not on a return's."""
    code = normal_sentence(words).upper()[:_LONGEST] or "NONE"
    if _NUMBERS.get(number, code) != code:
        return f"{code}/CONTRADICTED", UNKNOWN
    if code == _VISIT:
        code = f"{code}/{reason or 'NONE'}"
    meaning = TABLE.get(code, UNKNOWN)
    if meaning[0] is Status.DELIVERED and cycle.strip().casefold() not in {"", _OUTWARD}:
        return f"{code}/{cycle.strip().upper()}"[:_LONGEST], UNKNOWN
    return code, meaning
