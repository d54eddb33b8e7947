"""In: an event's type and the carrier's own words beside it; out: what they mean. The words only contradict."""

from paradeiro.domain.following.phrases import normal_sentence
from paradeiro.domain.words import Reason, Status

Meaning = tuple[Status | None, Reason | None]

UNKNOWN: Meaning = (Status.UNKNOWN, None)
NO_CODE = "NONE"
DELIVERED_WORDS = "Entregue"

TYPES: dict[str, tuple[Meaning, str]] = {
    "0": ((Status.ACCEPTED, None), "Postado"),
    "1": ((Status.IN_TRANSIT, None), "Em trânsito"),
    "2": ((Status.IN_TRANSIT, Reason.DELAYED), "Atraso"),
    # One word for "on its way back" and "back": it is not said to have arrived.
    "3": ((Status.RETURNING, None), "Devolvido"),
    "4": ((Status.EXCEPTION, Reason.LOST), "Extraviado"),
    "5": ((Status.OUT_FOR_DELIVERY, None), "Saiu para entrega"),
    "9": ((Status.DELIVERED, None), DELIVERED_WORDS),
    # Handed in at a drop-off point: the carrier has not taken it.
    "18": ((Status.REGISTERED, None), "Aguardando coleta no ponto"),
}

# Whole sentences of carriers behind it that contradict a type. Nothing is searched in a sentence.
_SAYS_DELIVERED = frozenset(
    {
        "entregue",
        "entrega realizada",
        "entrega efetuada",
        "objeto entregue ao destinatario",
        "pedido entregue",
        "delivered",
    }
)
_SAYS_NOT_DELIVERED = frozenset(
    {
        "entregue ao remetente",
        "objeto entregue ao remetente",
        "devolvido ao remetente",
        "objeto devolvido ao remetente",
        "entregue a transportadora",
        "entregue no local de retirada",
        "objeto aguardando retirada no endereco indicado",
        "entrega efetuada errada",
        "nao entregue",
    }
)


def meaning_of(code: str, words: str) -> Meaning:
    """The meaning of a type; unknown where the words beside it say the contrary about a delivery."""
    meaning = TYPES[code][0] if code in TYPES else UNKNOWN
    contrary = _SAYS_NOT_DELIVERED if meaning[0] is Status.DELIVERED else _SAYS_DELIVERED
    return UNKNOWN if normal_sentence(words).rstrip(".! ") in contrary else meaning


def code_of(value: str | int | None) -> str:
    """A type as text: it comes as a number or as a text."""
    text = "" if value is None else str(value).strip()
    return (text.lstrip("0") or "0")[:20] if text.isdigit() else text[:20] or NO_CODE
