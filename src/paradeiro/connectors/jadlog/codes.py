"""In: a status as Jadlog writes it; out: its spelling in our table, and what it means. Exact phrases only.

Jadlog has no codes, only these words. The whole list is published nowhere (facts/carriers, section 3): failures,
returns and losses were never seen, so whatever is not here is unknown, with a notice, and moves nothing.
"""

from paradeiro.domain.following.phrases import normal_sentence
from paradeiro.domain.words import Reason, Status

Meaning = tuple[Status | None, Reason | None]

UNKNOWN: Meaning = (Status.UNKNOWN, None)
DELIVERED, ISSUED = "ENTREGUE", "EMISSAO"

# word: (meaning, the same for people)
WORDS: dict[str, tuple[Meaning, str]] = {
    "SOLICITADO": ((Status.REGISTERED, None), "Solicitado"),
    "COLETA SOLICITADA": ((Status.REGISTERED, None), "Coleta solicitada"),
    # Issued at an agency: it may have the parcel by then, which the word does not say.
    ISSUED: ((Status.REGISTERED, None), "Emissão"),
    "ENTRADA": ((Status.IN_TRANSIT, None), "Entrada"),
    "TRANSFERENCIA": ((Status.IN_TRANSIT, None), "Transferência"),
    "EM ROTA": ((Status.OUT_FOR_DELIVERY, None), "Em rota"),
    DELIVERED: ((Status.DELIVERED, None), "Entregue"),
}
_LONGEST = 80


def meaning_of(words: str) -> tuple[str, Meaning, str]:
    """The code, the meaning and the description of a status in any case, with or without accents."""
    code = normal_sentence(words).upper()[:_LONGEST]
    known = WORDS.get(code)
    if known is None:
        return code or "NONE", UNKNOWN, words[:1].upper() + words[1:].lower()
    return code, *known
