"""In: a code of Total Express with its words; out: its status and reason. One line each, with the carrier's own words.

The same numbers mean other things in OCOREN. `codes.csv` is the published list: 80 rows of one table, 2 of another.
"""

import unicodedata
from functools import lru_cache
from typing import NamedTuple

from paradeiro.domain.words import Reason, Status


class Meaning(NamedTuple):
    """What a code means. A status of None: known, and no position."""

    words: str
    status: Status | None
    reason: Reason | None = None


CODES: dict[str, Meaning] = {
    "0": Meaning("ARQUIVO RECEBIDO", Status.REGISTERED),
    "1": Meaning("ENTREGA REALIZADA", Status.DELIVERED),
    "6": Meaning("ENDERECO DESTINATARIO NAO LOCALIZADO", Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM),
    "8": Meaning("DUAS OU MAIS VEZES AUSENTE/FECHADO", Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
    "9": Meaning("RECUSADA - MERCADORIA EM DESACORDO", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "10": Meaning(
        "SINISTRO LIQUIDADO", Status.EXCEPTION, Reason.OTHER
    ),  # a claim was paid: after a loss; never delivered
    "11": Meaning(
        "RECUSADA - AVARIA DA MERCADORIA / EMBALAGEM", Status.ATTEMPT_FAILED, Reason.REFUSED
    ),  # because damaged
    "12": Meaning("SERVIÇO NÃO ATENDIDO", Status.EXCEPTION, Reason.RESTRICTED_AREA),
    "13": Meaning("CIDADE NAO ATENDIDA", Status.EXCEPTION, Reason.RESTRICTED_AREA),
    "14": Meaning("MERCADORIA AVARIADA", Status.EXCEPTION, Reason.DAMAGED),
    "15": Meaning("EMBALAGEM EM ANALISE", Status.EXCEPTION, Reason.ON_HOLD),
    "16": Meaning("RECUSADA - PEDIDO / COLETA EM DUPLICIDADE", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "18": Meaning("EXTRAVIO / HUB", Status.EXCEPTION, Reason.LOST),
    "19": Meaning("EXTRAVIO POR DIVERGÊNCIA DE COLETA", Status.EXCEPTION, Reason.LOST),
    "20": Meaning("ESPERA SUPERIOR A 20 MINUTOS", Status.ATTEMPT_FAILED, Reason.OTHER),
    "21": Meaning("CLIENTE AUSENTE / ESTABELECIMENTO FECHADO", Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
    "23": Meaning("EXTRAVIO DE MERCADORIA EM TRANSITO", Status.EXCEPTION, Reason.LOST),
    "24": Meaning("ACAREAÇÃO SEM SUCESSO – MERCADORIA EXTRAVIADA", Status.EXCEPTION, Reason.LOST),
    "25": Meaning("DEVOLUÇÃO EM ANDAMENTO AO CD", Status.RETURNING),
    "26": Meaning("DEVOLUÇÃO RECEBIDA NO CD", Status.RETURNING),  # at the carrier's depot, not at the shop
    "27": Meaning("ROUBO DE CARGA", Status.EXCEPTION, Reason.STOLEN),
    "29": Meaning("CLIENTE RETIRA NA TRANSPORTADORA", Status.AVAILABLE_FOR_PICKUP),
    "30": Meaning("EXTRAVIO / AGENTE", Status.EXCEPTION, Reason.LOST),
    "31": Meaning("EXTRAVIO / COURIER OU MOTORISTA", Status.EXCEPTION, Reason.LOST),
    "32": Meaning("EXTRAVIO / TRANSFERÊNCIA AEREA", Status.EXCEPTION, Reason.LOST),
    "33": Meaning("EXTRAVIO / TRANSFERÊNCIA RODOVIARIA", Status.EXCEPTION, Reason.LOST),
    "34": Meaning("DEVOLVIDO PELOS CORREIOS", Status.RETURNING),  # back from the post office to the carrier
    "35": Meaning("EXTRAVIO / ROUBO - TRANSPORTADORAS", Status.EXCEPTION, Reason.LOST),  # or stolen: not told apart
    "36": Meaning("EXTRAVIO / ROUBO - ECT", Status.EXCEPTION, Reason.LOST),  # or stolen: not told apart
    "37": Meaning("FORA DE ROTA", Status.EXCEPTION, Reason.MISROUTED),
    "38": Meaning("REDESPACHADO CORREIO", Status.IN_TRANSIT),  # goes on with the post office
    "39": Meaning("DESTINATARIO MUDOU-SE", Status.ATTEMPT_FAILED, Reason.RECIPIENT_MOVED),  # moved
    "40": Meaning("CANCELADO PELO DESTINATARIO", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "41": Meaning("DESTINATARIO DESCONHECIDO", Status.ATTEMPT_FAILED, Reason.RECIPIENT_UNKNOWN),
    "42": Meaning("DESTINATARIO DEMITIDO", Status.ATTEMPT_FAILED, Reason.RECIPIENT_UNKNOWN),
    "43": Meaning("DESTINATARIO FALECEU", Status.ATTEMPT_FAILED, Reason.RECIPIENT_UNKNOWN),
    "44": Meaning("FALTA BLOCO DO EDIFICIO / SALA", Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM),
    "45": Meaning("FALTA NOME DE CONTATO / DEPARTAMENTO / RAMAL", Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM),
    "46": Meaning("FALTA NUMERO APT / CASA", Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM),
    "47": Meaning("NUMERO INDICADO NÃO LOCALIZADO", Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM),
    "48": Meaning("INTEMPERIES", Status.EXCEPTION, Reason.DELAYED),
    "49": Meaning("AREA URBANA NAO ATENDIDA", Status.EXCEPTION, Reason.RESTRICTED_AREA),
    "50": Meaning("VEICULO ENTREGADOR AVARIADO", Status.EXCEPTION, Reason.DELAYED),
    "51": Meaning("NÃO VISITADO", Status.EXCEPTION, Reason.DELAYED),  # no attempt was made
    "52": Meaning("RECUSADO POR TERCEIROS", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "53": Meaning("CONFLITO CEP / LOCALIDADE", Status.EXCEPTION, Reason.ADDRESS_PROBLEM),
    "55": Meaning("RECUSA - FALTA DE COMPRA", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "56": Meaning(
        "CANCELADO PELO REMETENTE", Status.EXCEPTION, Reason.OTHER
    ),  # whether the goods were already with the carrier is not said
    "57": Meaning("PRODUTO NAO DISPONIVEL PARA COLETA", Status.REGISTERED),
    "58": Meaning("COLETA REVERSA NÃO SOLICITADA", None),  # reverse logistics
    "59": Meaning("RECEBEDOR SEM IDENTIFICACAO", Status.ATTEMPT_FAILED, Reason.OTHER),
    "60": Meaning("RMA EXECUTADO", None),  # reverse logistics
    "61": Meaning("DEVOLVIDA AO REMETENTE", Status.RETURNED),
    "62": Meaning("RMA RECEBIDO NO CD", None),  # reverse logistics
    "63": Meaning("ORDEM DE COLETA CANCELADA", Status.EXCEPTION, Reason.OTHER),
    "64": Meaning("DINHEIRO OU CHEQUE NAO DISPONIVEL", Status.ATTEMPT_FAILED, Reason.PAYMENT_DUE),
    "65": Meaning("VALOR DE COD DIVERGENTE", Status.ATTEMPT_FAILED, Reason.PAYMENT_DUE),
    "68": Meaning("COLETA RECEBIDA NO CD", Status.IN_TRANSIT),
    "69": Meaning("COLETA RECEBIDA COM NC NO CD", Status.IN_TRANSIT),  # received with a non-conformity
    "70": Meaning(
        "AVISO ENTREGA / EXECUÇÃO SERVIÇO", None
    ),  # words of delivery, meaning not documented: never delivered
    "71": Meaning("DEVOLUÇÃO EM ANDAMENTO PARA O REMETENTE", Status.RETURNING),
    "72": Meaning("DEVOLUÇÃO REJEITADA PELO REMETENTE", Status.RETURNING, Reason.REFUSED),
    "73": Meaning("AGUARDANDO AUTORIZAÇÃO PARA DEVOLUÇÃO", Status.EXCEPTION, Reason.ON_HOLD),
    "74": Meaning("PERDA DE EMBARQUE POR HORÁRIO DE CORTE", Status.EXCEPTION, Reason.DELAYED),
    "80": Meaning("EM AGENDAMENTO", Status.EXCEPTION, Reason.ON_HOLD),
    "83": Meaning("COLETA REALIZADA", Status.ACCEPTED),
    "84": Meaning("COLETA REALIZADA C/ NÃO CONFORMIDADE", Status.ACCEPTED),
    "90": Meaning("ENCOMENDA DESCARTADA", Status.EXCEPTION, Reason.DESTROYED),
    "91": Meaning("ENTREGA PROGRAMADA", Status.IN_TRANSIT),
    "92": Meaning("PROBLEMAS FISCAIS", Status.EXCEPTION, Reason.ON_HOLD),
    "93": Meaning("PROBLEMAS OPERACIONAIS", Status.EXCEPTION, Reason.DELAYED),
    "94": Meaning("EXTRAVIO PARCIAL", Status.EXCEPTION, Reason.LOST),  # partial
    "95": Meaning("FALTA DE COMPLEMENTO FISICO", Status.EXCEPTION, Reason.ON_HOLD),
    "97": Meaning("INICIO DE COLETA C EDI", Status.REGISTERED),
    "98": Meaning("AGUARDANDO CUBAGEM", Status.IN_TRANSIT),
    "101": Meaning("RECEBIDA E PROCESSADA NO CD", Status.IN_TRANSIT),  # words end with the depot's name
    "102": Meaning("TRANSFERENCIA PARA:", Status.IN_TRANSIT),  # words end with the depot's name
    "103": Meaning("RECEBIDO CD DE:", Status.IN_TRANSIT),  # words end with the depot's name
    "104": Meaning("PROCESSO DE ENTREGA", Status.OUT_FOR_DELIVERY),
    "106": Meaning("REDESPACHO TRANSPORTADORA", Status.IN_TRANSIT),  # handed to the next carrier: never delivered
    "107": Meaning("REDESPACHO POR CONTA DO CLIENTE", Status.IN_TRANSIT),  # handed to the next carrier: never delivered
    "142": Meaning("EXTRAVIO", Status.EXCEPTION, Reason.LOST),
}

UNKNOWN = Meaning("", Status.UNKNOWN)
NO_CODE = "none"


def plain(text: str) -> str:
    """Lower case without accents, single blanks, for comparing whole texts."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split()).rstrip(".! ")


_DELIVERED_WORDS = frozenset(plain(each.words) for each in CODES.values() if each.status is Status.DELIVERED)
_OTHER_WORDS = frozenset(plain(each.words) for each in CODES.values()) - _DELIVERED_WORDS


# The same few words come again and again, and cost more than all the rest of an event.
@lru_cache(maxsize=2048)
def meaning_of(code: str, words: str) -> Meaning:
    """What a code means. The words never decide: if they are another code's and one of the two is a delivery, it is
    unknown.
    """
    meaning = CODES.get(code, UNKNOWN)
    doubtful = plain(words) in (_OTHER_WORDS if meaning.status is Status.DELIVERED else _DELIVERED_WORDS)
    return UNKNOWN if doubtful else meaning
