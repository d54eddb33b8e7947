"""In: the code of an occurrence at a carrier on ESL Cloud, with its words; out: its status and reason.

ESL publishes no list, and each tenant keeps its own; many took over the base list of OCOREN (`codes.csv`). The account
says so (`codes`), or what its carrier's codes mean in that list; else every code is unknown.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from paradeiro.domain.words import Reason, Status


class Meaning(NamedTuple):
    """What a code of the base list means. A status of None: known, and no position."""

    words: str
    status: Status | None
    reason: Reason | None = None


# Two of them are UNKNOWN: carriers do not agree what they are, so the account has to say it.
OCOREN: dict[str, Meaning] = {
    "00": Meaning("Processo de Transporte já Iniciado", Status.ACCEPTED),
    "01": Meaning("Entrega Realizada Normalmente", Status.DELIVERED),
    "02": Meaning(
        "Entrega Fora da Data Programada", Status.UNKNOWN
    ),  # late: a delivery for some, an attempt for others
    "03": Meaning("Recusa por Falta de Pedido de Compra", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "04": Meaning("Recusa por Pedido de Compra Cancelado", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "05": Meaning("Falta de Espaço Físico no Depósito do Cliente Destino", Status.ATTEMPT_FAILED, Reason.OTHER),
    "06": Meaning("Endereço do Cliente Destino não Localizado", Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM),
    "07": Meaning("Devolução não Autorizada pelo Cliente", Status.EXCEPTION, Reason.ON_HOLD),
    "08": Meaning("Preço Mercadoria em Desacordo com o Pedido Compra", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "09": Meaning("Mercadoria em Desacordo com o Pedido Compra", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "10": Meaning("Cliente Destino somente Recebe Mercadoria com Frete Pago", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "11": Meaning("Recusa por Deficiência Embalagem Mercadoria", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "12": Meaning("Redespacho não Indicado", Status.EXCEPTION, Reason.ON_HOLD),
    "13": Meaning("Transportadora não Atende a Cidade do Cliente Destino", Status.EXCEPTION, Reason.RESTRICTED_AREA),
    "14": Meaning("Mercadoria Sinistrada", Status.EXCEPTION, Reason.DAMAGED),
    "15": Meaning("Embalagem Sinistrada", Status.EXCEPTION, Reason.DAMAGED),
    "16": Meaning("Pedido de Compras em Duplicidade", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "17": Meaning("Mercadoria fora da Embalagem de Atacadista", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "18": Meaning("Mercadorias Trocadas", Status.EXCEPTION, Reason.MISROUTED),
    "19": Meaning("Reentrega Solicitada pelo Cliente", Status.EXCEPTION, Reason.ON_HOLD),
    "20": Meaning("Entrega Prejudicada por Horário/Falta de Tempo Hábil", Status.ATTEMPT_FAILED, Reason.DELAYED),
    "21": Meaning("Estabelecimento Fechado", Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
    "22": Meaning("Reentrega sem Cobrança do Cliente", Status.IN_TRANSIT),
    "23": Meaning("Extravio de Mercadoria em Trânsito", Status.EXCEPTION, Reason.LOST),
    "24": Meaning("Mercadoria Reentregue ao Cliente Destino", Status.DELIVERED),  # delivered at a second run
    "25": Meaning("Mercadoria Devolvida ao Cliente de Origem", Status.RETURNED),  # back at the shop
    "26": Meaning("Nota Fiscal Retida pela Fiscalização", Status.EXCEPTION, Reason.ON_HOLD),
    "27": Meaning("Roubo de Carga", Status.EXCEPTION, Reason.STOLEN),
    "28": Meaning("Mercadoria Retida até Segunda Ordem", Status.EXCEPTION, Reason.ON_HOLD),
    "29": Meaning(
        "Cliente Retira Mercadoria na Transportadora", Status.AVAILABLE_FOR_PICKUP
    ),  # waits there, not fetched
    "30": Meaning("Problema com a Documentação (Nota Fiscal e/ou CTRC)", Status.EXCEPTION, Reason.ON_HOLD),
    "31": Meaning("Entrega com Indenização Efetuada", Status.UNKNOWN),  # delivered, or paid instead
    "32": Meaning("Falta com Solicitação de Reposição", Status.EXCEPTION, Reason.LOST),  # a part
    "33": Meaning("Falta com Busca/Reconferência", Status.EXCEPTION, Reason.ON_HOLD),
    "34": Meaning("Cliente Fechado para Balanço", Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
    "35": Meaning(
        "Quantidade de Produto em Desacordo (Nota Fiscal e/ou Pedido)", Status.ATTEMPT_FAILED, Reason.REFUSED
    ),
    "36": Meaning("Extravio de documentos pela cia. Aérea", Status.EXCEPTION, Reason.ON_HOLD),
    "37": Meaning("Extravio de carga pela cia. Aérea", Status.EXCEPTION, Reason.LOST),
    "38": Meaning("Avaria de carga pela cia. Aérea", Status.EXCEPTION, Reason.DAMAGED),
    "39": Meaning("Corte de carga na pista", Status.EXCEPTION, Reason.DELAYED),
    "40": Meaning("Aeroporto fechado na origem", Status.EXCEPTION, Reason.DELAYED),
    "41": Meaning("Pedido de Compra Incompleto", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "42": Meaning("Nota Fiscal com Produtos de Setores Diferentes", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "43": Meaning("Feriado Local/Nacional", Status.EXCEPTION, Reason.DELAYED),
    "44": Meaning("Excesso de Veículos", Status.EXCEPTION, Reason.DELAYED),
    "45": Meaning("Cliente Destino Encerrou Atividades", Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM),
    "46": Meaning("Responsável de Recebimento Ausente", Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
    "47": Meaning("Cliente Destino em Greve", Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
    "48": Meaning("Aeroporto fechado no destino", Status.EXCEPTION, Reason.DELAYED),
    "49": Meaning("Vôo cancelado", Status.EXCEPTION, Reason.DELAYED),
    "50": Meaning("Greve nacional (Greve Geral)", Status.EXCEPTION, Reason.DELAYED),
    "51": Meaning("Mercadoria Vencida (Data de Validade Expirada)", Status.EXCEPTION, Reason.OTHER),
    "52": Meaning(
        "Mercadoria Redespachada (Entregue para Redespacho)", Status.IN_TRANSIT
    ),  # handed to the next carrier: no delivery
    "53": Meaning("Mercadoria não foi Embarcada, Permanecendo na Origem", Status.EXCEPTION, Reason.DELAYED),
    "54": Meaning("Mercadoria Embarcada sem Conhecimento/Conhecimento não Embarcado", Status.EXCEPTION, Reason.ON_HOLD),
    "55": Meaning(
        "Endereço de Transportadora de Redespacho não Localizado/Informado", Status.EXCEPTION, Reason.ON_HOLD
    ),
    "56": Meaning("Cliente não Aceita Mercadoria com Pagamento de Reembolso", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "57": Meaning(
        "Transportadora não Atende a Cidade da Transportadora de Redespacho", Status.EXCEPTION, Reason.RESTRICTED_AREA
    ),
    "58": Meaning("Quebra do Veiculo de Entrega", Status.EXCEPTION, Reason.DELAYED),
    "59": Meaning("Cliente sem Verba para Pagar o Frete", Status.ATTEMPT_FAILED, Reason.PAYMENT_DUE),
    "60": Meaning("Endereço de Entrega Errado", Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM),
    "61": Meaning("Cliente sem Verba para Reembolso", Status.ATTEMPT_FAILED, Reason.PAYMENT_DUE),
    "62": Meaning("Recusa da Carga por Valor de Frete Errado", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "63": Meaning(
        "Identificação do Cliente não Informada/Enviada/Insuficiente", Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM
    ),
    "64": Meaning("Cliente não Identificado/Cadastrado", Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM),
    "65": Meaning("Entrar em Contato com o Comprador", Status.EXCEPTION, Reason.ON_HOLD),
    "66": Meaning("Troca não Disponível", Status.EXCEPTION, Reason.ON_HOLD),
    "67": Meaning("Fins Estatísticos", None),  # says nothing of the package
    "68": Meaning("Data de Entrega Diferente do Pedido", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "69": Meaning("Substituição Tributária", Status.EXCEPTION, Reason.ON_HOLD),
    "70": Meaning("Sistema Fora do Ar", Status.EXCEPTION, Reason.DELAYED),
    "71": Meaning("Cliente Destino não Recebe Pedido Parcial", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "72": Meaning("Cliente Destino só Recebe Pedido Parcial", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "73": Meaning("Redespacho somente com Frete Pago", Status.EXCEPTION, Reason.PAYMENT_DUE),
    "74": Meaning("Funcionário não autorizado a Receber Mercadorias", Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
    "75": Meaning("Mercadoria Embarcada para Rota Indevida", Status.EXCEPTION, Reason.MISROUTED),
    "76": Meaning("Estrada/Entrada de Acesso Interditada", Status.EXCEPTION, Reason.DELAYED),
    "77": Meaning("Cliente Destino Mudou de Endereço", Status.ATTEMPT_FAILED, Reason.RECIPIENT_MOVED),
    "78": Meaning("Avaria Total", Status.EXCEPTION, Reason.DAMAGED),
    "79": Meaning("Avaria Parcial", Status.EXCEPTION, Reason.DAMAGED),
    "80": Meaning("Extravio Total", Status.EXCEPTION, Reason.LOST),
    "81": Meaning("Extravio Parcial", Status.EXCEPTION, Reason.LOST),  # a part
    "82": Meaning("Sobra de Mercadoria sem Nota Fiscal", None),  # surplus goods
    "83": Meaning("Mercadoria em poder da SUFRAMA para Internação", Status.EXCEPTION, Reason.CUSTOMS),
    "84": Meaning("Mercadoria Retirada para Conferência", Status.EXCEPTION, Reason.ON_HOLD),
    "85": Meaning("Apreensão Fiscal da Mercadoria", Status.EXCEPTION, Reason.SEIZED),
    "86": Meaning("Excesso de Carga/Peso", Status.EXCEPTION, Reason.DELAYED),
    "87": Meaning("Férias Coletivas", Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
    "88": Meaning("Recusado, aguardando negociação", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "89": Meaning("Aguardando refaturamento das mercadorias", Status.EXCEPTION, Reason.ON_HOLD),
    "90": Meaning("Recusado pelo Redespachante", Status.EXCEPTION, Reason.REFUSED),
    "91": Meaning("Entrega Programada", Status.IN_TRANSIT),  # a date was set
    "92": Meaning("Problemas Fiscais", Status.EXCEPTION, Reason.ON_HOLD),
    "93": Meaning("Aguardando carta de correção", Status.EXCEPTION, Reason.ON_HOLD),
    "94": Meaning("Recusa por divergência nas condições de pagamento", Status.ATTEMPT_FAILED, Reason.REFUSED),
    "95": Meaning("Carga aguardando vôo conexão", Status.IN_TRANSIT),
    "96": Meaning("Carga sem embalagem própria para transp. Aéreo", Status.EXCEPTION, Reason.ON_HOLD),
    "97": Meaning("Carga com dimensão superior ao porão da aeronave", Status.EXCEPTION, Reason.ON_HOLD),
    "98": Meaning("Chegada na cidade ou filial de destino", Status.IN_TRANSIT),
    "99": Meaning("Outros tipos de ocorrências não especificados acima", None),  # anything else
}
UNKNOWN = Meaning("", Status.UNKNOWN)
NO_POSITION = Meaning("", None)
NO_CODE = "none"
_BASE = "OCOREN"
_PAIR = re.compile(r"([0-9A-Z]{1,10})=(\d{1,2})", re.ASCII)
# A pick-up, where the words do not leave both open as the list of ESL does for 1 ("Entrega/Coleta Realizada").
_NO_DELIVERY = ("coleta realizada", "coleta realizada normalmente")
Table = Mapping[str, Meaning]


def plain(text: str) -> str:
    """Lower case without accents, with single blanks, for comparing."""
    if text.isascii():
        return " ".join(text.lower().split())
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())


_STATUS_OF_WORDS = {
    **{plain(meaning.words): meaning.status for meaning in OCOREN.values() if meaning.status is not Status.UNKNOWN},
    **dict.fromkeys(_NO_DELIVERY, Status.ACCEPTED),
}


def two_digits(code: str) -> str:
    """`1` and `01` are the same code."""
    return code.zfill(2) if code.isascii() and code.isdigit() else code


@lru_cache(maxsize=64)
def own_table(text: str) -> Table:
    """The table of an account: `ocoren` for the base list, and its own codes beside or without it, as `901=01 02=01`
    (its code, the one of the base list with that meaning). Empty without a setting.
    """
    parts = re.split(r"[\s,;]+", text.upper())
    pairs = [pair for part in parts if (pair := _PAIR.fullmatch(part)) is not None]
    own = {two_digits(pair[1]): OCOREN[code] for pair in pairs if (code := two_digits(pair[2])) in OCOREN}
    return {**OCOREN, **own} if _BASE in parts else own


def meaning_of(code: str, words: str, table: Table) -> Meaning:
    """What a code means at this tenant. `UNKNOWN` also if its words, as a whole, are those of another code of the list
    and only one of the two is a delivery.
    """
    if code == NO_CODE:
        return NO_POSITION
    meaning = table.get(code, UNKNOWN)
    said = plain(words)
    if said not in _STATUS_OF_WORDS:
        return meaning
    delivers = _STATUS_OF_WORDS[said] is Status.DELIVERED
    return meaning if delivers is (meaning.status is Status.DELIVERED) else UNKNOWN
