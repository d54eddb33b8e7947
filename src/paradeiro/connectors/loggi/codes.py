"""In: a status of Loggi (number, the key that it stands under, words); out: its code, status and reason.

Two interfaces number differently. `code` is the official one's (30 numbers, only 5 is a delivery), `statusCode` that of
the public page, which resellers forward (2 is a delivery there, and cancelled here). `codes.csv` is the published list.
"""

import unicodedata
from functools import lru_cache
from typing import NamedTuple

from paradeiro.domain.words import Reason, Status


class Meaning(NamedTuple):
    """What a number means, with Loggi's words for it."""

    words: str
    status: Status
    reason: Reason | None = None


OFFICIAL: dict[str, Meaning] = {
    "1": Meaning("Adicionado no sistema", Status.REGISTERED),
    "2": Meaning("Cancelado", Status.CANCELLED),
    "3": Meaning("Preparando para transferência", Status.IN_TRANSIT),
    "4": Meaning("Preparando para entrega", Status.IN_TRANSIT),
    "5": Meaning("Entregue", Status.DELIVERED),
    "6": Meaning("Recusado pelo destinatário", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "7": Meaning("Devolução iniciada", Status.RETURNING),
    "8": Meaning("Devolvido", Status.RETURNED),
    "9": Meaning("Extraviado", Status.EXCEPTION, Reason.LOST),
    "10": Meaning("Retirar nos correios", Status.AVAILABLE_FOR_PICKUP),  # to be fetched at the post office
    "11": Meaning("Em rota", Status.OUT_FOR_DELIVERY),
    "12": Meaning("Imprevisto na entrega", Status.ATTEMPT_FAILED, Reason.OTHER),
    "13": Meaning("Conferido", Status.IN_TRANSIT),
    "14": Meaning("Coletado", Status.ACCEPTED),
    "15": Meaning("Medido e pesado", Status.IN_TRANSIT),
    "16": Meaning("Saiu de uma base", Status.IN_TRANSIT),
    "17": Meaning("Chegou em uma base", Status.IN_TRANSIT),
    "18": Meaning("Destinatário ausente", Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
    "19": Meaning("Avariado", Status.EXCEPTION, Reason.DAMAGED),
    "20": Meaning("Pendência interna", Status.EXCEPTION, Reason.ON_HOLD),
    "21": Meaning("Endereço errado", Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM),
    "22": Meaning("Aguardando ação do remetente", Status.EXCEPTION, Reason.ON_HOLD),
    "23": Meaning("Roubado ou furtado", Status.EXCEPTION, Reason.STOLEN),
    "24": Meaning("Aguardando liberação fiscal", Status.EXCEPTION, Reason.ON_HOLD),
    "25": Meaning("Liberado pela fiscalização", Status.IN_TRANSIT),
    "26": Meaning("Dados incorretos ou inválidos", Status.EXCEPTION, Reason.ADDRESS_PROBLEM),
    "27": Meaning("Pacote não integrado", Status.EXCEPTION, Reason.OTHER),
    "28": Meaning("Coleta pendente", Status.REGISTERED),
    "29": Meaning("Retido pela fiscalização", Status.EXCEPTION, Reason.ON_HOLD),
    "30": Meaning("Entregue a transportadora", Status.IN_TRANSIT),  # to the next carrier, never to the customer
}

PAGE: dict[str, Meaning] = {
    "2": Meaning("Entregue", Status.DELIVERED),
    "3": Meaning("Retirado", Status.OUT_FOR_DELIVERY),  # taken by the driver at the base, not by the customer
    "83": Meaning("Volumetrizado", Status.IN_TRANSIT),
    "84": Meaning("Conferido", Status.IN_TRANSIT),
    "88": Meaning("Transferência iniciada", Status.IN_TRANSIT),
    "89": Meaning("Transferência finalizada", Status.IN_TRANSIT),
    "91": Meaning("Arquivo integrado", Status.REGISTERED),
}

PAGE_KEY = "statusCode"
UNKNOWN = Meaning("", Status.UNKNOWN)
NO_CODE = "none"


def plain(text: str) -> str:
    """Lower case without accents and stops, for comparing whole texts."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split()).rstrip(".! ")


_DELIVERED_WORDS = frozenset(
    plain(m.words) for m in (*OFFICIAL.values(), *PAGE.values()) if m.status is Status.DELIVERED
)
_OTHER_WORDS = frozenset(plain(m.words) for m in (*OFFICIAL.values(), *PAGE.values())) - _DELIVERED_WORDS


# The same few words come again and again, and cost more than all the rest of an event.
@lru_cache(maxsize=2048)
def meaning_of(official: str, page: str, words: str) -> tuple[str, Meaning]:
    """The code of an event and what it means; empty texts for a key that is not there. The words never decide: if they
    are another number's and one of the two is a delivery, it is unknown.
    """
    if official and page:
        return f"{official}_{PAGE_KEY}/{page}", UNKNOWN
    if not official and not page:
        return NO_CODE, UNKNOWN
    code, meaning = official or f"{PAGE_KEY}/{page}", (OFFICIAL if official else PAGE).get(official or page, UNKNOWN)
    said = plain(words)
    doubtful = said in (_OTHER_WORDS if meaning.status is Status.DELIVERED else _DELIVERED_WORDS)
    return code, UNKNOWN if doubtful else meaning
