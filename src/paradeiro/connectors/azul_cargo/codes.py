"""In: an occurrence's code and words; out: the code in one form, and what it means. The words only contradict."""

from paradeiro.domain.following.phrases import normal_sentence
from paradeiro.domain.words import Reason, Status

Meaning = tuple[Status | None, Reason | None]

UNKNOWN: Meaning = (Status.UNKNOWN, None)
NO_CODE = "NONE"

# Seven codes are known, of five the words were never seen (facts/carriers, section 7).
CODES: dict[str, tuple[Meaning, str]] = {
    "1": ((Status.DELIVERED, None), "Entregue"),
    "24": ((Status.DELIVERED, None), "Entregue"),
    "25": ((Status.RETURNED, None), "Devolvido"),
    "102": ((Status.REGISTERED, None), "CT-e emitido"),
    "107": ((Status.CANCELLED, None), "Cancelado"),
    "601": ((Status.CANCELLED, None), "Cancelado"),
    # Booked on a flight, by the industry's code; not confirmed for this carrier: it moves nothing.
    "BKD": ((None, None), "Ocorrência BKD"),
}
# Whole sentences that contradict a code. Nothing is searched in a sentence.
_SAYS_DELIVERED = frozenset({"entregue", "entrega realizada", "entrega efetuada", "carga entregue"})
_SAYS_NOT_DELIVERED = frozenset(
    {
        "entregue ao remetente",
        "devolvido ao remetente",
        "devolvido",
        "entrega nao realizada",
        "nao entregue",
        "aguardando retirada",
        "entregue a transportadora",
    }
)


def code_of(value: str | float | None) -> str:
    """A code in one form: "102.0", 102 and "102" are one, "bkd" is BKD."""
    text = "" if value is None else str(value).strip().upper()
    whole, _, fraction = text.partition(".")
    if whole.isascii() and whole.isdigit() and not fraction.strip("0"):
        return whole.lstrip("0")[:20] or "0"
    return text[:20] or NO_CODE


def meaning_of(code: str, words: str) -> Meaning:
    """The meaning of a code; unknown where the words beside it say the contrary about a delivery."""
    meaning = CODES[code][0] if code in CODES else UNKNOWN
    contrary = _SAYS_NOT_DELIVERED if meaning[0] is Status.DELIVERED else _SAYS_DELIVERED
    return UNKNOWN if normal_sentence(words).rstrip(".! ") in contrary else meaning
