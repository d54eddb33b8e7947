"""In: nothing; out: every sentence in Brazilian Portuguese."""

from paradeiro.domain.words import Reason, Status
from paradeiro.sdk.wording.catalogue import (
    Calendar,
    Catalogue,
    Correction,
    Labels,
    Language,
    Lateness,
    Prepositions,
    Reminder,
    StatusWording,
    Step,
)

_WAIT = "Nada a fazer por enquanto: avisamos assim que houver novidade."
_TALK = "Fale com a loja para combinar a solução."
_TRIED = "Houve uma tentativa de entrega[ {when}][ {at}]"

WORDS = {
    (Status.REGISTERED, None): StatusWording(
        "Em preparação",
        "A loja está preparando o pacote.",
        "Nada a fazer: avisamos quando a transportadora o receber.",
    ),
    (Status.ACCEPTED, None): StatusWording(
        "Postado",
        "A transportadora recebeu o pacote[ {when}][ {at}].",
        "Nada a fazer: ele segue viagem, e avisamos quando avançar.",
    ),
    (Status.IN_TRANSIT, None): StatusWording(
        "A caminho",
        "Está a caminho[ {to}][: passou {via}[ {when}]].",
        "Nada a fazer: avisamos quando sair para entrega.",
    ),
    (Status.IN_TRANSIT, Reason.CUSTOMS): StatusWording(
        "Na alfândega",
        "Está passando pela alfândega[ {at}].",
        "Nada a fazer: é uma etapa normal de quem vem do exterior.",
    ),
    (Status.IN_TRANSIT, Reason.DELAYED): StatusWording(
        "A caminho, com atraso",
        "Está a caminho[ {to}], com atraso[: passou {via}[ {when}]].",
        "Nada a fazer: avisamos assim que a viagem avançar.",
    ),
    (Status.IN_TRANSIT, Reason.MISROUTED): StatusWording(
        "Corrigindo a rota",
        "Foi enviado para o lugar errado e está sendo reencaminhado[ {to}].",
        "Nada a fazer: a transportadora corrige a rota, mas pode demorar mais.",
    ),
    (Status.OUT_FOR_DELIVERY, None): StatusWording(
        "Saiu para entrega",
        "Saiu para entrega[ {when}][ {at}].",
        "Só é preciso ter alguém no endereço para receber.",
    ),
    (Status.AVAILABLE_FOR_PICKUP, None): StatusWording(
        "Pronto para retirada",
        "Está pronto para retirada[ {at}].",
        "Leve um documento com foto e o código de rastreio.",
        act=True,
    ),
    (Status.ATTEMPT_FAILED, None): StatusWording(
        "Tentativa de entrega",
        f"{_TRIED}, sem sucesso.",
        "Nada a fazer: em geral há nova tentativa no próximo dia útil.",
    ),
    (Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT): StatusWording(
        "Tentativa de entrega",
        f"{_TRIED}, mas não havia quem recebesse.",
        "Nada a fazer: em geral o entregador volta no próximo dia útil.",
    ),
    (Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM): StatusWording(
        "Endereço não encontrado",
        f"{_TRIED}, mas o endereço não foi encontrado.",
        "Confira o endereço do pedido e fale com a loja se faltar alguma coisa.",
        act=True,
    ),
    (Status.ATTEMPT_FAILED, Reason.RECIPIENT_MOVED): StatusWording(
        "Endereço antigo",
        f"{_TRIED}, mas disseram que você não mora mais nesse endereço.",
        "Confira o endereço do pedido e fale com a loja: sem isso o pacote volta para ela.",
        act=True,
    ),
    (Status.ATTEMPT_FAILED, Reason.RECIPIENT_UNKNOWN): StatusWording(
        "Nome não reconhecido",
        f"{_TRIED}, mas ninguém no endereço reconheceu o nome no pacote.",
        "Confira o nome e o endereço do pedido e fale com a loja: sem isso o pacote volta para ela.",
        act=True,
    ),
    (Status.ATTEMPT_FAILED, Reason.REFUSED): StatusWording(
        "Não aceito no endereço",
        f"{_TRIED}, mas o pacote não foi aceito no endereço.",
        "Se foi um engano, fale com a loja: o pacote pode voltar para ela.",
    ),
    (Status.ATTEMPT_FAILED, Reason.RESTRICTED_AREA): StatusWording(
        "Fora da área de entrega",
        f"{_TRIED}, mas a transportadora não entrega nesse endereço.",
        "Aguarde: o pacote costuma ficar para retirada perto de você, e avisamos onde.",
    ),
    (Status.EXCEPTION, None): StatusWording("Imprevisto", "Houve um imprevisto com o pacote[ {when}][ {at}].", _WAIT),
    (Status.EXCEPTION, Reason.ADDRESS_PROBLEM): StatusWording(
        "Endereço incompleto",
        "O pacote está parado[ {at}]: falta alguma coisa no endereço.",
        "Confira o endereço do pedido e fale com a loja para corrigi-lo.",
        act=True,
    ),
    (Status.EXCEPTION, Reason.RECIPIENT_MOVED): StatusWording(
        "Endereço antigo",
        "O pacote está parado[ {at}]: disseram que você não mora mais nesse endereço.",
        "Fale com a loja para informar o endereço de agora.",
        act=True,
    ),
    (Status.EXCEPTION, Reason.RECIPIENT_UNKNOWN): StatusWording(
        "Nome não reconhecido",
        "O pacote está parado[ {at}]: ninguém no endereço reconheceu o nome que está nele.",
        "Confira o nome e o endereço do pedido e fale com a loja para corrigi-los.",
        act=True,
    ),
    (Status.EXCEPTION, Reason.CUSTOMS_HOLD): StatusWording(
        "Retido na alfândega",
        "O pacote está retido na alfândega[ {at}].",
        "Veja com a transportadora se ela precisa de algum documento seu.",
        act=True,
    ),
    (Status.EXCEPTION, Reason.PAYMENT_DUE): StatusWording(
        "Aguardando pagamento",
        "O pacote espera o pagamento de uma taxa para seguir viagem.",
        "Pague no site da transportadora, com o código de rastreio. Desconfie de cobranças por mensagem.",
        act=True,
    ),
    (Status.EXCEPTION, Reason.CUSTOMS): StatusWording(
        "Na alfândega", "Está na alfândega[ {at}].", "Nada a fazer: avisamos quando for liberado."
    ),
    (Status.EXCEPTION, Reason.ON_HOLD): StatusWording(
        "Parado", "O pacote está parado na transportadora[ {at}].", _WAIT
    ),
    (Status.EXCEPTION, Reason.DELAYED): StatusWording(
        "Com atraso", "A viagem do pacote atrasou[ {at}].", "Nada a fazer: avisamos assim que ele avançar."
    ),
    (Status.EXCEPTION, Reason.MISROUTED): StatusWording(
        "Corrigindo a rota",
        "O pacote foi enviado para o lugar errado[ {when}].",
        "Nada a fazer: a transportadora corrige a rota, mas pode demorar mais.",
    ),
    (Status.EXCEPTION, Reason.NOT_FOUND): StatusWording(
        "Em busca", "A transportadora está procurando o pacote[ {at}].", _WAIT
    ),
    (Status.EXCEPTION, Reason.DAMAGED): StatusWording(
        "Danificado", "O pacote foi danificado no transporte[ {when}].", _TALK, act=True
    ),
    (Status.EXCEPTION, Reason.LOST): StatusWording(
        "Extraviado", "A transportadora perdeu o pacote. Sentimos muito.", _TALK, act=True
    ),
    (Status.EXCEPTION, Reason.STOLEN): StatusWording(
        "Roubado", "O pacote foi roubado durante o transporte. Sentimos muito.", _TALK, act=True
    ),
    (Status.EXCEPTION, Reason.SEIZED): StatusWording(
        "Apreendido", "O pacote foi apreendido pela fiscalização[ {when}].", _TALK, act=True
    ),
    (Status.EXCEPTION, Reason.DESTROYED): StatusWording(
        "Destruído", "O pacote foi destruído e não será entregue. Sentimos muito.", _TALK, act=True
    ),
    (Status.RETURNING, None): StatusWording(
        "Voltando para a loja",
        "O pacote está voltando para a loja.",
        "Se ainda quiser recebê-lo, fale com a loja.",
    ),
    (Status.RETURNING, Reason.RECIPIENT_MOVED): StatusWording(
        "Voltando para a loja",
        "O pacote está voltando para a loja: disseram que você não mora mais nesse endereço.",
        "Se ainda quiser recebê-lo, fale com a loja e informe o endereço de agora.",
    ),
    (Status.RETURNING, Reason.RECIPIENT_UNKNOWN): StatusWording(
        "Voltando para a loja",
        "O pacote está voltando para a loja: ninguém no endereço reconheceu o nome que está nele.",
        "Se ainda quiser recebê-lo, fale com a loja e confira o nome e o endereço.",
    ),
    (Status.RETURNED, None): StatusWording(
        "Devolvido à loja",
        "O pacote voltou para a loja[ {when}].",
        "Fale com a loja para combinar um novo envio ou a devolução do dinheiro.",
    ),
    (Status.DELIVERED, None): StatusWording(
        "Entregue",
        "O pacote foi entregue[ {when}][ {at}].",
        "Nada a fazer. Se ele não estiver com você, fale com a loja.",
    ),
    (Status.CANCELLED, None): StatusWording(
        "Envio cancelado",
        "O envio deste pacote foi cancelado.",
        "Se você não esperava por isso, fale com a loja.",
    ),
    (Status.UNKNOWN, None): StatusWording("Sem notícia ainda", "Ainda não há notícia clara da transportadora.", _WAIT),
}

REASONS = {
    Reason.RECIPIENT_ABSENT: "não havia quem recebesse",
    Reason.RECIPIENT_MOVED: "disseram que você não mora mais nesse endereço",
    Reason.RECIPIENT_UNKNOWN: "ninguém no endereço reconheceu o nome no pacote",
    Reason.ADDRESS_PROBLEM: "falta alguma coisa no endereço",
    Reason.REFUSED: "o pacote não foi aceito no endereço",
    Reason.CUSTOMS_HOLD: "retido na alfândega",
    Reason.PAYMENT_DUE: "falta pagar uma taxa",
    Reason.CUSTOMS: "está na alfândega",
    Reason.ON_HOLD: "está parado na transportadora",
    Reason.RESTRICTED_AREA: "a transportadora não entrega nesse endereço",
    Reason.DAMAGED: "o pacote foi danificado",
    Reason.LOST: "o pacote foi perdido",
    Reason.STOLEN: "o pacote foi roubado",
    Reason.SEIZED: "o pacote foi apreendido",
    Reason.DESTROYED: "o pacote foi destruído",
    Reason.DELAYED: "a viagem atrasou",
    Reason.MISROUTED: "foi enviado para o lugar errado",
    Reason.PICKUP_EXPIRED: "o prazo para retirar terminou",
    Reason.NOT_FOUND: "o pacote não foi localizado",
}

CALENDAR = Calendar(
    today="hoje",
    yesterday="ontem",
    tomorrow="amanhã",
    weekdays=("segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo"),
    months=(
        "janeiro", "fevereiro", "março", "abril", "maio", "junho",
        "julho", "agosto", "setembro", "outubro", "novembro", "dezembro",
    ),
    on_weekday=("na segunda", "na terça", "na quarta", "na quinta", "na sexta", "no sábado", "no domingo"),
    on_date="em {day} de {month}",
    on_date_of_year="em {day} de {month} de {year}",
    date="{weekday}, {day} de {month}",
    date_of_year="{weekday}, {day} de {month} de {year}",
    at_time="{date}, {time}",
)  # fmt: skip

LABELS = Labels(
    order="Pedido",
    tracking_code="Código de rastreio",
    carrier="Transportadora",
    items="Neste pacote",
    history="O caminho até aqui",
    promised="Prazo prometido",
    expected="Previsão atual",
    delivered="Entregue",
    follow="Acompanhar o pacote",
    your_turn="É a sua vez",
    pickup_address="Onde retirar",
    pickup_deadline="Retire até",
    carrier_says="A transportadora diz",
    told_by_store="informado pela loja",
    reason="Motivo",
    more="e mais {count} registros anteriores",
    more_items="e mais {count}",
    why="Você recebe esta mensagem porque comprou na {store}.",
    times="Horários de {zone}.",
    write_us="Fale com a loja",
    call_us="Telefone",
    shop="Ir para a loja",
    proof="Foto da entrega",
    steps={
        Step.POSTED: "Postado",
        Step.MOVING: "A caminho",
        Step.OUT: "Saiu para entrega",
        Step.PICKUP: "Pronto para retirada",
        Step.PICKED_UP: "Retirado",
        Step.DELIVERED: "Entregue",
        Step.COMING_BACK: "Voltando",
        Step.BACK: "Devolvido",
    },
)

PORTUGUESE = Catalogue(
    language=Language.PT,
    words=WORDS,
    reasons=REASONS,
    prepositions=Prepositions(at=("em", "no"), via=("por", "pelo"), to=("de", "do")),
    calendar=CALENDAR,
    lateness=Lateness(
        new_date="Vai chegar depois do prazo, que era {promised}. A nova previsão é {expected}.",
        no_date="Está atrasado: o prazo era {promised}. Ainda não há nova data.",
        delivered="Chegou depois do prazo, que era {promised}. Pedimos desculpas pelo atraso.",
    ),
    correction=Correction(
        label="Correção",
        by_carrier="Avisamos que o pacote tinha sido entregue. A transportadora corrigiu: ele ainda não foi entregue.",
        by_store="Avisamos que o pacote tinha sido entregue. A loja corrigiu: ele ainda não foi entregue.",
        in_history="A entrega informada antes foi desfeita: o pacote ainda não foi entregue.",
        taken_back="A transportadora voltou atrás: “{what}” não vale mais.",
    ),
    reminder=Reminder(
        "Lembrete de retirada",
        "O pacote ainda espera por você[ {at}]: retire até {deadline}.",
        "Leve um documento com foto e o código de rastreio. Depois desse dia ele volta para a loja.",
    ),
    labels=LABELS,
)
