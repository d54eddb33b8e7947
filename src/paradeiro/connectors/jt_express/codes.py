"""In: the words of a scan of J&T Express Brasil; out: the code of the scan, its status and reason. Exact words only.

In Brazil the kind of a scan comes as words; case, accents and stops vary. Its numbers differ by country and are not
used. `codes.csv` is the list of all words seen; whatever is not in it is unknown.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from paradeiro.domain.words import Reason, Status


class Meaning(NamedTuple):
    """What a kind of scan means, with its usual spelling."""

    words: str
    status: Status
    reason: Reason | None = None


CODES: dict[str, Meaning] = {
    "coleta de encomenda": Meaning("Coleta de encomenda", Status.ACCEPTED),
    "bipe de recepcao": Meaning("Bipe de recepção", Status.IN_TRANSIT),  # reception at the origin, not by the customer
    "coleta de chegadas": Meaning("Coleta de chegadas", Status.IN_TRANSIT),  # arrival at the collecting depot
    "encomenda inserida em lote": Meaning("Encomenda inserida em lote", Status.IN_TRANSIT),
    "bipe de expedicao": Meaning(
        "Bipe de expedição", Status.IN_TRANSIT
    ),  # same happening as the loading scan, often in the same second
    "digitalizacao de carregamento": Meaning("Digitalização de carregamento", Status.IN_TRANSIT),
    "encomenda carregada": Meaning("Encomenda carregada", Status.IN_TRANSIT),  # scan type 50 in one source
    "chegadas ao centro": Meaning("Chegadas ao centro", Status.IN_TRANSIT),  # same happening as the unloading scan
    "digitalizacao de descarga": Meaning("Digitalização de descarga", Status.IN_TRANSIT),
    "encomenda recebida": Meaning("Encomenda recebida", Status.IN_TRANSIT),  # received by a depot, not by the customer
    "bipe de recebimento": Meaning(
        "Bipe de recebimento", Status.IN_TRANSIT
    ),  # received by the delivering base, not by the customer
    "bipe de saida para entrega": Meaning(
        "Bipe de saída para entrega", Status.OUT_FOR_DELIVERY
    ),  # comes again when the driver changes
    "assinatura de encomenda": Meaning("Assinatura de encomenda", Status.DELIVERED),
    "bipe de pacote problematico": Meaning(
        "Bipe de pacote problemático", Status.EXCEPTION, Reason.OTHER
    ),  # the reason stands in other fields (problem type, description); its list is not known
    "entrada no galpao de pacote nao expedido": Meaning(
        "Entrada no galpão de pacote não expedido", Status.EXCEPTION, Reason.ON_HOLD
    ),  # back in the base, not dispatched
}

UNKNOWN = Meaning("", Status.UNKNOWN)
NO_CODE = "none"
_LONGEST_CODE = 80
# Letters of any script stay: words in Chinese before the Portuguese ones may say something else.
_NO_LETTER = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """Lower case without accents and stops, single blanks."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return _NO_LETTER.sub(" ", "".join(c for c in bare if not unicodedata.combining(c))).strip()


# The same few words come again and again, and cost more than all the rest of an event.
@lru_cache(maxsize=2048)
def meaning_of(*written: str) -> tuple[str, Meaning]:
    """The code of a scan and what it means, from each field that may hold its words. A number alone is unknown. Where
    two fields hold different words, it is unknown, unless both mean the same.
    """
    filled = list(dict.fromkeys(words for text in written if (words := plain(text))))
    said = [words for words in filled if not words.isdecimal()]
    if not said:
        return (filled or [NO_CODE])[0][:_LONGEST_CODE], UNKNOWN
    meanings = [CODES.get(words, UNKNOWN) for words in said]
    if len({(each.status, each.reason) for each in meanings}) == 1:
        return said[0][:_LONGEST_CODE], meanings[0]
    return " or ".join(said)[:_LONGEST_CODE], UNKNOWN
