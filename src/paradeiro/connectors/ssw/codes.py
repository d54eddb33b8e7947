"""In: an occurrence of SSW (canonical code, the carrier's own words and number); out: its status and reason.

The canonical table of the platform, one line each with its words; `codes.csv` is the published list. The number in
brackets is each carrier's own: it is read only where it cannot mean anything else (README, "The code").
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from paradeiro.domain.words import Reason, Status, Withdraws


class Meaning(NamedTuple):
    """What a canonical code means. A status of None: known, and no position."""

    words: str
    status: Status | None
    reason: Reason | None = None
    withdraws: Withdraws | None = None


CODES: dict[str, Meaning] = {
    "01": Meaning("MERCADORIA ENTREGUE", Status.DELIVERED),
    "02": Meaning("MERCADORIA PRE-ENTREGUE (MOBILE)", Status.OUT_FOR_DELIVERY),  # from the app: 01 follows
    "03": Meaning("MERCADORIA DEVOLVIDA AO REMETENTE", Status.RETURNED),  # its type is Entrega as well
    "04": Meaning("DESTINATARIO RETIRA", Status.AVAILABLE_FOR_PICKUP),
    "05": Meaning("CLIENTE ALEGA MERCAD DESACORDO C/ PEDIDO", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "07": Meaning("CHEGADA NO CLIENTE DESTINATARIO", Status.OUT_FOR_DELIVERY),  # the vehicle is at the door
    "09": Meaning("DESTINATARIO DESCONHECIDO", Status.ATTEMPT_FAILED, Reason.RECIPIENT_UNKNOWN),
    "10": Meaning("LOCAL DE ENTREGA NAO LOCALIZADO", Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM),
    "11": Meaning("LOCAL DE ENTREGA FECHADO/AUSENTE", Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
    "13": Meaning("ENTREGA PREJUDICADA PELO HORARIO", Status.ATTEMPT_FAILED, Reason.DELAYED),
    "14": Meaning("NOTA FISCAL ENTREGUE", None),  # the paper, not the goods
    "15": Meaning("ENTREGA AGENDADA PELO CLIENTE", Status.EXCEPTION, Reason.ON_HOLD),
    "16": Meaning("ENTREGA AGUARDANDO INSTRUCOES", Status.EXCEPTION, Reason.ON_HOLD),
    "17": Meaning("MERCADORIA ENTREGUE NO PARCEIRO", Status.IN_TRANSIT),  # handed to a partner carrier
    "18": Meaning("MERCAD REPASSADA P/ PROX TRANSPORTADORA", Status.IN_TRANSIT),  # the next carrier
    "19": Meaning("ANEXADO COMPROVANTE COMPLEMENTAR", None),  # a document, days after the delivery
    "20": Meaning("CLIENTE ALEGA FALTA DE MERCADORIA", Status.EXCEPTION, Reason.LOST),  # may be a part
    "23": Meaning("CLIENTE ALEGA MERCADORIA AVARIADA", Status.EXCEPTION, Reason.DAMAGED),
    "25": Meaning("REMETENTE RECUSA RECEBER DEVOLUCAO", Status.RETURNING, Reason.REFUSED),
    "26": Meaning("AGUARDANDO AUTORIZACAO P/ DEVOLUCAO", Status.EXCEPTION, Reason.ON_HOLD),
    "27": Meaning("DEVOLUCAO AUTORIZADA", Status.RETURNING),
    "28": Meaning("AGUARDANDO AUTORIZACAO P/ REENTREGA", Status.EXCEPTION, Reason.ON_HOLD),
    "29": Meaning("REENTREGA AUTORIZADA", Status.IN_TRANSIT),
    "31": Meaning("PRIMEIRA TENTATIVA DE ENTREGA", Status.ATTEMPT_FAILED, Reason.OTHER),
    "32": Meaning("SEGUNDA TENTATIVA DE ENTREGA", Status.ATTEMPT_FAILED, Reason.OTHER),
    "33": Meaning("TERCEIRA TENTATIVA DE ENTREGA", Status.ATTEMPT_FAILED, Reason.OTHER),
    "34": Meaning(
        "MERCADORIA EM CONFERENCIA NO CLIENTE", Status.EXCEPTION, Reason.ON_HOLD
    ),  # being counted at the door
    "35": Meaning("AGUARDANDO AGENDAMENTO DO CLIENTE", Status.EXCEPTION, Reason.ON_HOLD),
    "36": Meaning("MERCAD EM DEVOLUCAO EM OUTRA OPERACAO", Status.RETURNING),
    "37": Meaning("ENTREGA REALIZADA COM RESSALVA", Status.DELIVERED),
    "38": Meaning("CLIENTE RECUSA/NAO PODE RECEBER MERCAD", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "39": Meaning("CLIENTE RECUSA PAGAR O FRETE", Status.ATTEMPT_FAILED, Reason.PAYMENT_DUE),
    "40": Meaning("FRETE DO CTRC DE ORIGEM RECEBIDO", None),  # money
    "45": Meaning("CARGA SINISTRADA", Status.EXCEPTION, Reason.DAMAGED),
    "50": Meaning("FALTA DE MERCADORIA", Status.EXCEPTION, Reason.LOST),  # may be a part
    "51": Meaning("SOBRA DE MERCADORIA", None),  # surplus goods: says nothing of this package
    "52": Meaning("FALTA DE DOCUMENTACAO", Status.EXCEPTION, Reason.ON_HOLD),
    "53": Meaning("MERCADORIA AVARIADA", Status.EXCEPTION, Reason.DAMAGED),
    "54": Meaning("EMBALAGEM AVARIADA", Status.EXCEPTION, Reason.DAMAGED),
    "55": Meaning("CARGA ROUBADA", Status.EXCEPTION, Reason.STOLEN),
    "56": Meaning("MERCAD RETIDA PELA FISCALIZACAO", Status.EXCEPTION, Reason.ON_HOLD),  # tax inspection of a state
    "57": Meaning("GREVE OU PARALIZACAO", Status.EXCEPTION, Reason.DELAYED),
    "58": Meaning("MERCAD LIBERADA PELA FISCALIZACAO", Status.IN_TRANSIT),
    "59": Meaning("VEICULO AVARIADO/SINISTRADO", Status.EXCEPTION, Reason.DELAYED),
    "60": Meaning("VIA INTERDITADA", Status.EXCEPTION, Reason.DELAYED),
    "61": Meaning("MERCADORIA CONFISCADA PELA FISCALIZACAO", Status.EXCEPTION, Reason.SEIZED),
    "62": Meaning("VIA INTERDITADA POR FATORES NATURAIS", Status.EXCEPTION, Reason.DELAYED),
    "65": Meaning("NOTIFIC REMET DE ENVIO NOVA MERCAD", Status.EXCEPTION, Reason.OTHER),
    "66": Meaning("NOVA MERCAD ENVIADA PELO REMETENTE", None),  # another consignment
    "70": Meaning("PESAGEM / CUBAGEM", None),  # weighed and measured
    "73": Meaning("AGUARDANDO DISPONIBILIDADE DE BALSA", Status.IN_TRANSIT, Reason.DELAYED),
    "74": Meaning("PRIMEIRA TENTATIVA DE COLETA", Status.REGISTERED),  # the carrier has not got it yet
    "75": Meaning("SEGUNDA TENTATIVA DE COLETA", Status.REGISTERED),
    "76": Meaning("TERCEIRA TENTATIVA DE COLETA", Status.REGISTERED),
    "77": Meaning("COLETA CANCELADA", Status.EXCEPTION, Reason.OTHER),  # the pick-up, not the consignment
    "78": Meaning("COLETA REVERSA REALIZADA", None),  # reverse logistics
    "79": Meaning("COLETA REVERSA AGENDADA", None),  # reverse logistics
    "80": Meaning("MERCADORIA RECEBIDA PARA TRANSPORTE", Status.REGISTERED),  # on paper; possession is not certain
    "82": Meaning("SAIDA DE UNIDADE", Status.IN_TRANSIT),
    "83": Meaning("CHEGADA EM UNIDADE", Status.IN_TRANSIT),
    "84": Meaning("CHEGADA NA UNIDADE", Status.IN_TRANSIT),
    "85": Meaning("SAIDA PARA ENTREGA", Status.OUT_FOR_DELIVERY),
    "86": Meaning("ESTORNO DE BAIXA/ENTREGA ANTERIOR", None, None, Withdraws.DELIVERY),
    "88": Meaning("RESGATE DE MERCADORIA", Status.EXCEPTION, Reason.ON_HOLD),
    "89": Meaning("PALETIZACAO", None),  # put on a pallet
    "91": Meaning("MERCADORIA EM INDENIZACAO", Status.EXCEPTION, Reason.OTHER),
    "92": Meaning("MERCADORIA INDENIZADA", Status.EXCEPTION, Reason.OTHER),  # a claim was paid: no delivery
    "93": Meaning("CTRC EMITIDO PARA EFEITO DE FRETE", None),  # a document for the freight
    "94": Meaning("CTRC SUBSTITUIDO", None),  # another document goes on
    "95": Meaning("ESTOU CHEGANDO", Status.OUT_FOR_DELIVERY),
    "99": Meaning("CTRC BAIXADO/CANCELADO", None),  # closed or cancelled on paper
}

DELIVERED_CODE = "01"  # the only number that every carrier uses alike
UNKNOWN = Meaning("", Status.UNKNOWN)
# An instruction, or an event whose code was taken away by a reversal: people's words, no position.
NOTE = "note"
NO_POSITION = Meaning("", None)
# The words of 80 were changed.
_ALSO = {"80": ("DOCUMENTO DE TRANSPORTE EMITIDO",)}
# With the number 01 these are a delivery at any carrier.
_DELIVERED_WORDS = frozenset({"mercadoria entregue", "entrega realizada", "entrega realizada normalmente"})
_OWN = re.compile(r"(.*?)\s*\(\s*(\d{1,3})\s*\)", re.DOTALL | re.ASCII)
_PAIR = re.compile(r"(?:([A-Z0-9]{1,10}):)?(\d{1,3})=(\d{1,3})", re.ASCII)
Table = Mapping[tuple[str, str], str]


def plain(text: str) -> str:
    """Lower case without accents, with single blanks, for comparing."""
    if text.isascii():
        return " ".join(text.lower().split())
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())


_WORDS: dict[str, frozenset[str]] = {
    code: frozenset(plain(words) for words in (meaning.words, *_ALSO.get(code, ()))) for code, meaning in CODES.items()
}
_CODE_OF_WORDS = {words: code for code, each in _WORDS.items() for words in each}


def two_digits(number: str) -> str:
    """`1` and `01` are the same code."""
    return number.zfill(2) if number.isascii() and number.isdigit() else number


@lru_cache(maxsize=64)
def own_table(text: str) -> Table:
    """A carrier's own numbers, as the account states them: `FAV:67=80 70=19` (domain, own number, canonical code).
    What names no canonical code is left out.
    """
    pairs = (_PAIR.fullmatch(part) for part in re.split(r"[\s,;]+", text.upper()))
    found = {(pair[1] or "", two_digits(pair[2])): two_digits(pair[3]) for pair in pairs if pair is not None}
    return {own: code for own, code in found.items() if code in CODES}


def split_own(occurrence: str) -> tuple[str, str]:
    """The words of an occurrence, and the carrier's own number in brackets at its end; empty without one."""
    found = _OWN.fullmatch(occurrence)
    return (found[1], two_digits(found[2])) if found else (occurrence, "")


def meaning_of(canonical: str, words: str, own: str, domain: str, table: Table) -> tuple[str, Meaning]:
    """The code of an event and what it means: the canonical code, else the own number where that is certain."""
    said = plain(words)
    if not canonical and not own:
        return NOTE, NO_POSITION
    code = canonical or table.get((domain.upper(), own)) or table.get(("", own)) or _certain(own, said)
    if not code:
        return f"{domain}:{own}", UNKNOWN
    meaning = CODES.get(code, UNKNOWN)
    return code, UNKNOWN if _contradicts(meaning, said, own) else meaning


def _certain(own: str, said: str) -> str:
    """The canonical code that an own number is without doubt; empty if there is a doubt."""
    right = said in _WORDS.get(own, ()) or (own == DELIVERED_CODE and said in _DELIVERED_WORDS)
    return own if right else ""


def _contradicts(meaning: Meaning, said: str, own: str) -> bool:
    """Whether the words (as a whole) tell of a delivery and the canonical code of none, or the reverse."""
    code = DELIVERED_CODE if said in _DELIVERED_WORDS and own == DELIVERED_CODE else _CODE_OF_WORDS.get(said)
    if code is None or meaning is UNKNOWN:
        return False
    return (CODES[code].status is Status.DELIVERED) is not (meaning.status is Status.DELIVERED)
