"""In: a Correios event's type and number (`BDE`, `01`); out: its status and reason; None if it is not mapped.

Every row of `events.csv` beside this file (the carrier's own published list, as far as it is public) is accounted for:
mapped, ignored with a reason, or `unknown`. BDE, BDI and BDR share one table. The type alone never gives the outcome.
Lost and stolen are not final: real packages went on after them.
"""

from dataclasses import dataclass

from paradeiro.domain.words import Reason, Status, Withdraws


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of a code. `status` None: it does not concern the package's position."""

    status: Status | None
    reason: Reason | None = None
    withdraws: Withdraws | None = None


_DELIVERED = Meaning(Status.DELIVERED)
_RETURNED = Meaning(Status.RETURNED)
_RETURNING = Meaning(Status.RETURNING)
_MOVING = Meaning(Status.IN_TRANSIT)
_DELAYED = Meaning(Status.IN_TRANSIT, Reason.DELAYED)
_CUSTOMS = Meaning(Status.IN_TRANSIT, Reason.CUSTOMS)
_CUSTOMS_HOLD = Meaning(Status.EXCEPTION, Reason.CUSTOMS_HOLD)
_PAYMENT = Meaning(Status.EXCEPTION, Reason.PAYMENT_DUE)
_HELD = Meaning(Status.EXCEPTION, Reason.ON_HOLD)
_PROBLEM = Meaning(Status.EXCEPTION, Reason.OTHER)
_LOST = Meaning(Status.EXCEPTION, Reason.LOST)
_STOLEN = Meaning(Status.EXCEPTION, Reason.STOLEN)
_SEIZED = Meaning(Status.EXCEPTION, Reason.SEIZED)
_DAMAGED = Meaning(Status.EXCEPTION, Reason.DAMAGED)
_DESTROYED = Meaning(Status.EXCEPTION, Reason.DESTROYED)
_ABSENT = Meaning(Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT)
_BAD_ADDRESS = Meaning(Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM)
_NOT_DONE = Meaning(Status.ATTEMPT_FAILED, Reason.OTHER)
_PICKUP = Meaning(Status.AVAILABLE_FOR_PICKUP)
_LABEL = Meaning(Status.REGISTERED)
_POSTED = Meaning(Status.ACCEPTED)
_OUT = Meaning(Status.OUT_FOR_DELIVERY)
_CANCELLED = Meaning(Status.CANCELLED)
_TAKEN_BACK = Meaning(None, withdraws=Withdraws.PREVIOUS)
UNKNOWN = Meaning(Status.UNKNOWN)

# BDE (external), BDI (counter) and BDR (corrective) write-offs, by number. Only 00, 01, 67, 68 and 70 are deliveries.
_WRITE_OFF = {
    "00": _DELIVERED,  # Objeto entregue ao destinatário (retired)
    "01": _DELIVERED,  # Objeto entregue ao destinatário
    "02": _ABSENT,  # Carteiro não atendido; will wait at a unit yet to be named
    "03": Meaning(Status.EXCEPTION, Reason.PICKUP_EXPIRED),  # Remetente não retirou objeto na unidade
    "04": Meaning(Status.RETURNING, Reason.REFUSED),  # Cliente recusou-se a receber
    "05": _RETURNING,  # A entrega não pode ser efetuada; returns
    "06": Meaning(Status.RETURNING, Reason.RECIPIENT_UNKNOWN),  # Cliente desconhecido no local
    "07": Meaning(Status.RETURNING, Reason.ADDRESS_PROBLEM),  # Endereço incorreto
    "08": Meaning(Status.RETURNING, Reason.ADDRESS_PROBLEM),  # Endereço incorreto
    "09": _DELAYED,  # Objeto ainda não chegou à unidade (until 2017: não localizado); delivery follows
    "10": Meaning(Status.RETURNING, Reason.RECIPIENT_MOVED),  # Cliente mudou-se
    "12": Meaning(Status.EXCEPTION, Reason.PICKUP_EXPIRED),  # Remetente não retirou objeto
    "13": _LOST,  # Objeto atingido por incêndio
    "14": _CANCELLED,  # Desistência de postagem pelo remetente
    "15": _DELAYED,  # Por determinação judicial será entregue em até 7 dias
    "18": _ABSENT,  # Carteiro não atendido; again on Saturday
    "19": _BAD_ADDRESS,  # Endereço incorreto; may be late or return
    "20": _ABSENT,  # Carteiro não atendido; will be tried again
    "21": Meaning(Status.RETURNING, Reason.RECIPIENT_ABSENT),  # Carteiro não atendido; returns
    "22": _MOVING,  # Objeto devolvido aos Correios: back at Correios, transport continues
    "23": _RETURNED,  # Objeto entregue ao remetente
    "24": _PICKUP,  # Disponível para retirada em Caixa Postal
    "25": _ABSENT,  # Empresa sem expediente; next working day
    "26": Meaning(Status.RETURNING, Reason.PICKUP_EXPIRED),  # Destinatário não retirou no prazo
    "28": _DAMAGED,  # Objeto e/ou conteúdo avariado
    "29": _LOST,  # Objeto não localizado
    "30": _DELAYED,  # Saída não efetuada
    "31": _CUSTOMS,  # Pagamento confirmado
    "32": _MOVING,  # Data de entrega agendada
    "33": _NOT_DONE,  # Destinatário não apresentou documento
    "34": _BAD_ADDRESS,  # Logradouro com numeração irregular
    "35": _NOT_DONE,  # Coleta ou entrega não efetuada; will be tried again
    "36": _RETURNING,  # Coleta ou entrega não efetuada; returns
    "37": _DAMAGED,  # Avariado por acidente com veículo
    "38": _PROBLEM,  # Empresa falida: goes to the administrator
    "39": _PROBLEM,  # A entrega não pode ser efetuada; under analysis
    "40": _CUSTOMS_HOLD,  # Entrada no país não autorizada
    "41": _HELD,  # Condicionada à composição do lote
    "42": _RETURNING,  # Lote incompleto
    "43": _SEIZED,  # Apreendido por órgão de fiscalização
    "44": _CUSTOMS_HOLD,  # Aguardando documentação fiscal
    "45": _MOVING,  # Recebido na unidade de distribuição; tomorrow
    "46": _NOT_DONE,  # Tentativa não efetuada; next working day
    "47": _DELAYED,  # Saída para entrega cancelada
    "48": _RETURNING,  # Retirada não autorizada pelo remetente
    "49": _RETURNING,  # Dimensões impossibilitam a entrega
    "50": _STOLEN,  # Objeto roubado
    "51": _STOLEN,
    "52": _STOLEN,
    "53": _MOVING,  # Reimpresso e reenviado
    "54": _PAYMENT,  # Aguardando guia para pagamento do ICMS
    "55": _CUSTOMS,  # Revisão do tributo solicitada
    "56": _CUSTOMS_HOLD,  # Declaração aduaneira ausente ou incorreta
    "57": _CUSTOMS,  # Revisão concluída, liberado
    "58": _CUSTOMS,  # Tributo alterado
    "59": _CUSTOMS,  # Tributo mantido
    "60": _HELD,  # Aguardando prazo para refugo
    "61": _DESTROYED,  # Objeto refugado
    "62": Meaning(Status.RETURNING, Reason.CUSTOMS_HOLD),  # Devolução por determinação da Receita Federal
    "63": _PAYMENT,  # Pagamento não efetuado no prazo
    "64": _RETURNING,  # Solicitação de dados não atendida
    "66": Meaning(Status.IN_TRANSIT, Reason.RESTRICTED_AREA),  # Área com prazo diferenciado
    "67": _DELIVERED,  # Entregue em endereço vizinho, as authorised
    "68": _DELIVERED,  # Entregue na Caixa de Correios Inteligente
    "69": _DELAYED,  # Ainda não chegou à unidade
    "70": _DELIVERED,  # Objeto entregue ao destinatário
    "71": _SEIZED,  # Apreendido por: ANVISA
    "72": _SEIZED,  # BOMBEIROS
    "73": _SEIZED,  # EXERCITO
    "74": _SEIZED,  # IBAMA
    "75": _SEIZED,  # POLICIA FEDERAL
    "76": _SEIZED,  # POLICIA CIVIL/MILITAR
    "77": _CUSTOMS,  # Evento RFB - Aguardando DTRAT
    "79": _PROBLEM,  # POSTAGEM INEXISTENTE
    "80": _LOST,  # Não localizado no fluxo postal
    "81": _CUSTOMS_HOLD,  # Saída do país não autorizada
    "82": Meaning(Status.EXCEPTION, Reason.ADDRESS_PROBLEM),  # Necessário complementar endereço
    "83": _CUSTOMS_HOLD,  # Ação necessária à liberação não realizada
    "84": _PROBLEM,  # Verificando situação do objeto
    "85": _MOVING,  # Código fora do padrão: goes on without tracking
    "86": _DAMAGED,  # Conteúdo avariado, sem condições de entrega
    "87": Meaning(Status.EXCEPTION, Reason.MISROUTED),  # Destinado a outro país
    "89": Meaning(Status.RETURNING, Reason.ADDRESS_PROBLEM),  # Localidade desconhecida
    "98": _LOST,  # Não localizado no fluxo postal
}

WRITE_OFFS = ("BDE", "BDI", "BDR")
# The corrective write-off: one that is not a delivery withdraws an earlier delivery.
CORRECTIVE = "BDR"

_OTHERS = {
    "BLQ/01": _HELD,  # Suspensão de entrega recebida
    "BLQ/02": _HELD,  # Tentativa de suspensão
    "BLQ/04": _HELD,  # Bloqueio
    "BLQ/05": _RETURNING,  # Deve retornar ao Centro Internacional
    "BLQ/11": _HELD,
    "BLQ/21": _HELD,
    "BLQ/22": _HELD,
    "BLQ/24": _MOVING,  # Desbloqueio
    "BLQ/30": _HELD,  # Bloqueio teste
    "BLQ/31": _LOST,  # Extravio varejo pós-indenizado
    "BLQ/41": _HELD,
    "BLQ/42": _HELD,
    "BLQ/44": _MOVING,  # Desbloqueio
    "BLQ/51": _HELD,  # Revisão de tributos
    "BLQ/54": _MOVING,  # Desbloqueio
    "BLQ/61": _MOVING,  # Desbloqueado
    "CAR/01": _MOVING,  # Conferido
    "CD/00": _MOVING,  # Recebido na Unidade dos Correios
    "CD/01": _MOVING,
    "CD/02": _MOVING,
    "CD/03": _MOVING,
    "CMR/01": _MOVING,  # Conferido
    "CMT/00": _MOVING,  # Recebido na unidade
    "CO/01": _MOVING,  # Objeto coletado
    "CO/02": _LABEL,  # A coletar
    "CO/03": _LABEL,  # Coletando
    "CO/04": _LABEL,  # Pedido transferido
    "CO/05": _LABEL,  # 1ª tentativa de coleta
    "CO/06": _CANCELLED,  # 2ª tentativa, coleta cancelada
    "CO/07": _LABEL,  # Aguardando objeto na agência
    # Ignored: "Entregue" of a collection order. It is the handover at collection, never a delivery.
    "CO/08": Meaning(None),
    "CO/09": _CANCELLED,  # Coleta cancelada
    "CO/10": _CANCELLED,  # Desistência do cliente
    "CO/11": _LOST,  # Objeto sinistrado
    "CO/12": _LABEL,  # Aguardando objeto de entrega
    "CO/13": _LABEL,  # Não coletado
    "CO/14": _LABEL,  # Transformado em e-ticket
    "CUN/00": _MOVING,  # Recebido na unidade
    "CUN/01": _MOVING,
    "DO/00": _MOVING,  # Encaminhado para
    "DO/01": _MOVING,
    "DO/02": _MOVING,
    "EST/01": _TAKEN_BACK,  # Favor desconsiderar a informação anterior
    "EST/02": _TAKEN_BACK,
    "EST/03": _TAKEN_BACK,
    "EST/04": _TAKEN_BACK,
    "EST/05": _TAKEN_BACK,
    "EST/06": _TAKEN_BACK,
    "EST/09": _TAKEN_BACK,
    "FC/01": _RETURNING,  # Será devolvido por solicitação do remetente
    "FC/02": _MOVING,  # Entrega agendada
    "FC/03": Meaning(Status.IN_TRANSIT, Reason.MISROUTED),  # Mal encaminhado
    "FC/04": _BAD_ADDRESS,  # Endereço incorreto
    "FC/05": _MOVING,  # Devolvido aos Correios
    "FC/07": _ABSENT,  # Empresa sem expediente
    "FC/08": Meaning(Status.IN_TRANSIT, Reason.RESTRICTED_AREA),  # Área com prazo diferenciado
    "FC/09": Meaning(Status.EXCEPTION, Reason.PICKUP_EXPIRED),  # Remetente não retirou
    "FC/10": _MOVING,  # Recebido na unidade de distribuição
    "FC/11": _DESTROYED,  # Destruído com autorização
    "FC/12": _CUSTOMS,  # Fiscalização ANVISA
    "FC/13": _CUSTOMS_HOLD,  # ANATEL: 10 dias para agir
    "FC/19": _CUSTOMS,  # ANATEL
    "FC/24": _CUSTOMS,  # Receita Federal
    "FC/26": _CUSTOMS,  # Objeto tributado: the bill is being made
    "FC/27": _CUSTOMS,  # Emissão de DSI
    "FC/29": _SEIZED,  # Encaminhado para apreensão
    "FC/31": _CUSTOMS,  # Aguardando autorização para exportação
    "FC/32": _CUSTOMS,  # INMETRO
    "FC/33": _CUSTOMS,  # Polícia Federal
    "FC/34": _CUSTOMS,  # VIGIAGRO
    "FC/35": _CUSTOMS,  # Exército
    "FC/37": _CUSTOMS,  # IBAMA
    "FC/41": _PROBLEM,  # Problemas na documentação
    "FC/42": _PROBLEM,  # Contém líquido
    "FC/47": _RETURNING,  # Devolvido por solicitação
    "FC/51": _STOLEN,
    "FC/55": _MOVING,  # Encomenda unitizada
    "FC/82": _LABEL,  # Etiqueta emitida (FC/03 is something else entirely)
    "IDC/01": _LOST,  # Não localizado, indenizado
    "IDC/02": _LOST,
    "IDC/03": _LOST,
    "IDC/04": _LOST,
    "IDC/05": _LOST,
    "IDC/06": _LOST,
    "IDC/07": _LOST,
    "LDE/00": _RETURNING,  # Saiu para entrega ao remetente
    "LDE/09": _RETURNING,
    "LDI/00": _PICKUP,  # Aguardando retirada
    "LDI/01": _PICKUP,
    "LDI/02": _PICKUP,  # Caixa Postal
    "LDI/03": _PICKUP,
    "LDI/04": _PICKUP,
    "LDI/11": _PICKUP,  # Encaminhado para retirada no endereço indicado
    "LDI/13": _PICKUP,
    "LDI/14": _PICKUP,
    "OEC/00": _OUT,
    "OEC/01": _OUT,  # Saiu para entrega ao destinatário
    "OEC/03": _OUT,  # Em rota de entrega
    "OEC/09": _RETURNING,  # Saiu para entrega ao remetente: not the customer's delivery
    "PAR/10": _CUSTOMS,  # Fiscalização finalizada
    "PAR/11": _PAYMENT,  # Aguardando pagamento
    "PAR/12": _CUSTOMS,  # Informações em análise
    "PAR/13": _RETURNING,  # Devolvido ao país de origem
    "PAR/14": _CUSTOMS,  # Revisão de tributos solicitada
    "PAR/15": _MOVING,  # Recebido no país de destino: not a delivery
    "PAR/16": _MOVING,  # Recebido pelos Correios do Brasil
    "PAR/17": _PAYMENT,  # Aguardando pagamento (2017: liberado pela alfândega)
    "PAR/18": _MOVING,  # Unidade de exportação
    "PAR/19": _CUSTOMS,
    "PAR/20": _DAMAGED,  # Recebido com embalagem danificada
    "PAR/21": _CUSTOMS,  # Encaminhado para fiscalização
    "PAR/22": _CUSTOMS,
    "PAR/23": _RETURNING,  # Aguardando autorização para devolução
    "PAR/24": _RETURNING,  # Devolução autorizada
    "PAR/25": _CUSTOMS_HOLD,  # Faltam informações
    "PAR/26": Meaning(Status.EXCEPTION, Reason.REFUSED),  # Destinatário recusou
    "PAR/27": _CUSTOMS,  # Despacho pago na origem
    "PAR/28": _MOVING,  # Para a unidade de tratamento
    "PAR/29": UNKNOWN,  # the list itself gives it no meaning but "PAR 29"
    "PAR/30": _PAYMENT,  # Aguardando pagamento do despacho
    "PAR/31": _CUSTOMS,  # Pagamento confirmado
    "PAR/32": _CUSTOMS,  # Aguardando confirmação
    "PAR/33": _PAYMENT,  # Pagamento não confirmado
    "PAR/34": _CUSTOMS,  # Liberado sem tributação
    "PAR/40": _RETURNING,  # Devolução a pedido
    "PAR/41": _PAYMENT,  # Prazo de pagamento encerrado
    "PAR/42": _MOVING,  # Liberado
    "PMT/01": _MOVING,  # Encaminhado para
    "PO/00": _POSTED,
    "PO/01": _POSTED,  # Objeto postado
    "PO/09": _POSTED,  # Postado após o horário limite
    "RO/00": _MOVING,
    "RO/01": _MOVING,  # Encaminhado / em trânsito / em transferência: the words change, the code stays
    "TRI/00": _MOVING,
}


def meaning_of(kind: str, number: str) -> Meaning | None:
    """The meaning of type and two-digit number; None for an unmapped code."""
    if kind not in WRITE_OFFS:
        return _OTHERS.get(f"{kind}/{number}")
    found = _WRITE_OFF.get(number)
    if found is not None and kind == CORRECTIVE and found.status is not Status.DELIVERED:
        return Meaning(found.status, found.reason, Withdraws.DELIVERY)
    return found


def mapped_codes() -> tuple[tuple[str, str], ...]:
    """Every mapped type and number, in order."""
    write_offs = [(kind, number) for kind in WRITE_OFFS for number in _WRITE_OFF]
    others = [(kind, number) for kind, _, number in (code.partition("/") for code in _OTHERS)]
    said = [(pair, meaning_of(*pair) or UNKNOWN) for pair in write_offs + others]
    return tuple(sorted(pair for pair, meaning in said if meaning != UNKNOWN and (meaning.status or meaning.withdraws)))
