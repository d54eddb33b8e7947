"""In: the status of an occurrence at a carrier on Brudam, with its words; out: its status and reason.

Each tenant keeps its own list; these are what one shop read at several tenants (`codes.csv`). What another tenant's
number means is stated in the account (`codes`), else it is unknown.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from paradeiro.domain.words import Status

# A status of None: known, and no position.
CODES: dict[str, Status | None] = {
    "1": Status.DELIVERED,  # ENTREGA REALIZADA
    # One shop read a return; in the list of OCOREN it is a return that was not authorised.
    "7": None,
    "25": Status.RETURNED,
    "99": Status.IN_TRANSIT,  # MANIFESTADO / EM TRANSFERENCIA
    "100": Status.REGISTERED,  # EMISSAO REALIZADA
    "103": Status.IN_TRANSIT,  # SAIDA EFETIVA
    "105": None,  # COMPROVANTE DE ENTREGA: the picture came, a day after the delivery
    "111": Status.IN_TRANSIT,  # HUB DA TRANSPORTADORA
    "123": Status.REGISTERED,  # EMISSAO REALIZADA
    "125": Status.REGISTERED,  # CTE AUTORIZADO
    "147": Status.ACCEPTED,  # COLETA REALIZADA
    "165": Status.IN_TRANSIT,  # MANIFESTADO / EM TRANSFERENCIA
    "199": Status.RETURNING,
}
NO_CODE = "none"
# Whole phrases of the list. They decide nothing, but a code that says something else about a delivery is not believed.
_PHRASES: dict[str, Status | None] = {
    "entrega realizada": Status.DELIVERED,
    "entrega realizada normalmente": Status.DELIVERED,
    "comprovante de entrega": None,
    "cte autorizado": Status.REGISTERED,
    "emissao realizada": Status.REGISTERED,
    "coleta realizada": Status.ACCEPTED,
    "coleta realizada normalmente": Status.ACCEPTED,
    "saida efetiva": Status.IN_TRANSIT,
    "hub da transportadora": Status.IN_TRANSIT,
    "manifestado": Status.IN_TRANSIT,
    "em transferencia": Status.IN_TRANSIT,
    "manifestado / em transferencia": Status.IN_TRANSIT,
}
_PAIR = re.compile(r"([0-9A-Z]{1,10})=(\d{1,3})", re.ASCII)
Table = Mapping[str, str]


def plain(text: str) -> str:
    """Lower case without accents, with single blanks, for comparing."""
    if text.isascii():
        return " ".join(text.lower().split())
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())


def without_zeros(code: str) -> str:
    """`01` and `1` are the same code."""
    return code.lstrip("0") or "0" if code.isascii() and code.isdigit() else code


@lru_cache(maxsize=64)
def own_table(text: str) -> Table:
    """A tenant's own codes, as the account states them: `02=1 7=199` (its code, the code above with that meaning).
    What names no code above is left out.
    """
    pairs = (_PAIR.fullmatch(part) for part in re.split(r"[\s,;]+", text.upper()))
    found = {without_zeros(pair[1]): without_zeros(pair[2]) for pair in pairs if pair is not None}
    return {own: code for own, code in found.items() if code in CODES}


def status_of(code: str, words: str, table: Table) -> Status | None:
    """What a code (without zeros before it) means at this tenant. `UNKNOWN` also if its words say a delivery and it
    does not, or the reverse.
    """
    if code == NO_CODE:
        return None
    known = table.get(code, code)
    if known not in CODES:
        return Status.UNKNOWN
    status = CODES[known]
    said = plain(words)
    disagrees = said in _PHRASES and (_PHRASES[said] is Status.DELIVERED) is not (status is Status.DELIVERED)
    return Status.UNKNOWN if disagrees else status
