"""In: a text's name and a language; out: the screens' texts. Positions and notices: sdk/wording."""

from paradeiro.domain.orders.order_tables import TableFault, escape_formula
from paradeiro.sdk.wording import Language
from paradeiro.web.pages.wording.codes import CODE_TEXTS
from paradeiro.web.pages.wording.couriers import COURIER_TEXTS
from paradeiro.web.pages.wording.customers import CUSTOMER_TEXTS
from paradeiro.web.pages.wording.files import FILE_TEXTS
from paradeiro.web.pages.wording.outcomes import OUTCOME_TEXTS
from paradeiro.web.pages.wording.packages import PACKAGE_TEXTS
from paradeiro.web.pages.wording.people import PEOPLE_TEXTS
from paradeiro.web.pages.wording.resend import RESEND_TEXTS
from paradeiro.web.pages.wording.sign_in import SIGN_IN_TEXTS
from paradeiro.web.pages.wording.tables import TABLE_TEXTS

# name: (pt-BR, en). A test checks that the screens use no other name.
MESSAGES: dict[str, tuple[str, str]] = {
    **OUTCOME_TEXTS,
    **PACKAGE_TEXTS,
    **CUSTOMER_TEXTS,
    **TABLE_TEXTS,
    **RESEND_TEXTS,
    **SIGN_IN_TEXTS,
    **PEOPLE_TEXTS,
    **COURIER_TEXTS,
    **CODE_TEXTS,
    **FILE_TEXTS,
    # every screen
    "skip": ("Ir para o conteúdo", "Skip to the content"),
    "screens": ("Telas", "Screens"),
    "orders": ("Pedidos", "Orders"),
    "notices": ("Avisos", "Notices"),
    "accounts": ("Contas", "Accounts"),
    "in_trouble": ("com problema", "in trouble"),
    "open_notices": ("em aberto", "open"),
    "sign_out": ("Sair", "Sign out"),
    "other_language": ("English", "Português"),
    "at_once": ("em instantes", "in a moment"),
    "since": ("desde {when}", "since {when}"),
    "nothing_here": ("Não há nada neste endereço", "There is nothing at this address"),
    "nothing_here_hint": (
        "O que você procura não existe nesta loja, ou o endereço não está inteiro.",
        "What you look for does not exist in this store, or the address is not complete.",
    ),
    "to_the_orders": ("Ver os pedidos", "See the orders"),
    # orders
    "nothing_waits": ("Nada espera por você.", "Nothing waits for you."),
    "one_waits": ("1 aviso espera por você.", "1 notice waits for you."),
    "some_wait": ("{n} avisos esperam por você.", "{n} notices wait for you."),
    "search": ("Procurar", "Search"),
    "search_hint": ("Pedido, código, cliente ou e-mail", "Order, code, customer or e-mail"),
    "filter": ("Filtrar pela posição", "Filter by position"),
    "all": ("Todos", "All"),
    "clear": ("tirar o filtro", "take the filter off"),
    "order": ("Pedido", "Order"),
    "customer": ("Cliente", "Customer"),
    "packages": ("Pacotes", "Packages"),
    "position": ("Posição", "Position"),
    "news": ("Última notícia", "Last news"),
    "promised": ("Prometido", "Promised"),
    "sold_by": ("Vendido por", "Sold by"),
    "late": ("atrasado", "late"),
    "was_late": ("com atraso", "late"),
    "waits": ("espera: {name}", "waits for {name}"),
    "not_shown": ("este pacote não pode ser mostrado ({why}).", "this package cannot be shown ({why})."),
    "no_package": ("sem código ainda", "no code yet"),
    "older": ("Mais antigos", "Older"),
    "newest": ("Voltar aos mais novos", "Back to the newest"),
    "none_such": ("Nenhum pedido assim.", "No such order."),
    "no_orders": (
        "Ainda não há pedidos. Eles chegam do sistema de pedidos ou pela API.",
        "No orders yet. They come from the order system or through the API.",
    ),
    "account_waits": (
        "{count} esperam por esta conta; nada se perde.",
        "{count} wait for this account; nothing is lost.",
    ),
    "see_accounts": ("Ver contas", "See accounts"),
    # one order
    "no_name": ("Cliente sem nome", "Customer without a name"),
    "no_email": ("sem e-mail", "no e-mail address"),
    "ordered": ("feito {when}", "placed {when}"),
    "package_n": ("Pacote {n} de {of}", "Package {n} of {of}"),
    "package_waits": ("Este pacote espera.", "This package waits."),
    "timeline": ("Linha do tempo", "Timeline"),
    "no_events": (
        "Nenhum evento ainda. O que a transportadora disser aparece aqui.",
        "No event yet. What the carrier says appears here.",
    ),
    "withdrawn": ("retirado depois", "withdrawn later"),
    "zone_assumed": ("fuso suposto", "zone assumed"),
    "by": ("por {name}", "by {name}"),
    "raw": ("resposta original", "raw answer"),
    "the_package": ("O pacote", "The package"),
    "code": ("Código", "Code"),
    "carrier": ("Transportadora", "Carrier"),
    "invoice": ("Nota fiscal", "Invoice"),
    "expected": ("Previsto", "Expected"),
    "pickup_at": ("Retirada", "Pickup"),
    "pickup_until": ("Retirar até", "Pick up by"),
    "followed_since": ("Seguido desde", "Followed since"),
    "last_asked": ("Última pergunta", "Last asked"),
    "not_asked": ("ainda não", "not yet"),
    "next_asked": ("Próxima pergunta", "Next question"),
    "rests": ("nenhuma: o pacote descansa", "none: the package rests"),
    "no_account": ("ninguém pergunta: falta uma conta", "nobody asks: an account is missing"),
    "customers_page": ("Página do cliente", "Customer's page"),
    "open": ("abrir", "open"),
    "no_packages": (
        "Nenhum pacote deste pedido é seguido ainda: a nota fiscal não tem código de rastreio.",
        "No package of this order is followed yet: the invoice has no tracking code.",
    ),
    # what was told
    "proof": ("Comprovante de entrega", "Proof of delivery"),
    "proof.image": ("Foto da entrega", "Photo of the delivery"),
    "proof.signed": ("Aviso de recebimento assinado", "Signed receipt"),
    "proof_file": ("{title}: baixar o arquivo ({size} kB)", "{title}: download the file ({size} kB)"),
    "proof_withdrawn": ("de uma entrega que foi desfeita", "of a delivery that was taken back"),
    "proof_soon": ("será pedido em instantes", "will be asked for in a moment"),
    "proof_not_yet": ("a transportadora ainda não tem", "the carrier does not have it yet"),
    "proof_missing": ("não veio em {n} tentativas, não pedimos mais", "did not come in {n} tries, no longer asked for"),
    "audit_entries": ("Quem fez o quê", "Who did what"),
    "entry_point.api": ("pela API", "through the API"),
    "entry_point.page": ("nesta tela", "on the screens"),
    "entry_point.cli": ("na linha de comando", "on the command line"),
    "told": ("O que foi dito, e a quem", "What was told, and to whom"),
    "nothing_told": ("Nada ainda.", "Nothing yet."),
    "more_told": ("Mais {n}", "{n} more"),
    "tries_one": ("1 tentativa", "1 try"),
    "tries": ("{n} tentativas", "{n} tries"),
    "doubt": (
        "sem confirmação {n}×: pode ter chegado mais de uma vez",
        "unconfirmed {n}×: it may have arrived more than once",
    ),
    "receipt": ("recibo", "receipt"),
    "kind.tracking_number": ("código de rastreio", "tracking code"),
    "kind.order_opening": ("primeira linha", "first line"),
    "kind.order_update": ("histórico", "history"),
    "kind.customer_mail": ("e-mail ao cliente", "e-mail to the customer"),
    "kind.customer_address": ("e-mail que confirma um endereço", "e-mail that confirms an address"),
    "kind.customer_reminder": ("e-mail de lembrete ao cliente", "e-mail of reminder to the customer"),
    "kind.customer_correction": ("e-mail de correção ao cliente", "e-mail of correction to the customer"),
    "kind.marketplace_invoice": ("nota fiscal", "invoice"),
    "kind.webhook_event": ("mudança", "change"),
    "kind.marketplace_tracking_number": ("código de rastreio", "tracking code"),
    "kind.marketplace_opening": ("enviado", "shipped"),
    "kind.marketplace_update": ("histórico", "history"),
    "state.pending": ("na fila", "queued"),
    "state.sending": ("enviando", "being sent"),
    "state.done": ("aceito", "accepted"),
    "state.superseded": ("substituído por notícia mais nova", "replaced by newer news"),
    "state.refused": ("recusado", "refused"),
    # what an operator states
    "ask_now": ("Perguntar agora", "Ask now"),
    "confirm": ("Confirmar a entrega", "Confirm the delivery"),
    "confirm_button": ("Confirmar", "Confirm"),
    "delivered_at": ("Quando (vazio: agora)", "When (empty: now)"),
    "zone_of_times": ("Horário de {zone}.", "Time of {zone}."),
    "reopen": ("Reabrir a entrega", "Reopen the delivery"),
    "reopen_button": ("Reabrir", "Reopen"),
    "why": ("Por quê? Fica com a equipe, o cliente não vê.", "Why? It stays with the team, the customer does not see."),
    "will_be_told": ("Ao confirmar, o Paradeiro avisa:", "Once confirmed, Paradeiro tells:"),
    "will_be_told_again": ("Ao reabrir, o Paradeiro avisa:", "Once reopened, Paradeiro tells:"),
    "tells.order_system": ("{name}, o sistema de pedidos", "{name}, the order system"),
    "tells.marketplace": ("{name}, o marketplace", "{name}, the marketplace"),
    "tells.mail": ("o cliente, por e-mail ({name})", "the customer, by e-mail ({name})"),
    "tells.webhook": ("{name}, por webhook", "{name}, by webhook"),
    "tells.correction": (
        "o cliente, com uma correção por e-mail ({name})",
        "the customer, with a correction by e-mail ({name})",
    ),
    "tells.nobody": ("Ninguém fora da loja será avisado.", "Nobody outside the store will be told."),
    "tells.no_mail": ("O cliente não recebe e-mail.", "The customer gets no e-mail."),
    "done.confirm-delivery": ("Entrega confirmada.", "Delivery confirmed."),
    "done.reopen": ("Entrega reaberta.", "Delivery reopened."),
    "done.ask-now": (
        "A transportadora será perguntada em instantes.",
        "The carrier will be asked in a moment.",
    ),
    "done.resolve": ("Aviso encerrado.", "Notice ended."),
    "done.mailer": ("Anotado: vale a partir de agora.", "Noted: from now on."),
    "done.try-now": ("A conta será tentada em instantes.", "The account will be tried in a moment."),
    # what cannot be done
    "error.stale_form": (
        "Esta página ficou velha e nada foi feito. Agora ela está em dia: tente de novo.",
        "This page had grown old and nothing was done. Now it is fresh: try again.",
    ),
    "error.may_not_write": (
        "O seu papel não permite isto; nada foi feito. Quem administra a loja pode mudá-lo.",
        "Your role does not allow that; nothing was done. An administrator of the store can change it.",
    ),
    "error.bad_time": (
        "A data e a hora não se leem: use o formato 2026-11-23T14:20.",
        "Date and time cannot be read: use the form 2026-11-23T14:20.",
    ),
    "error.in_the_future": (
        "A entrega estaria no futuro; nada foi feito. Confira a data e a hora.",
        "The delivery would be in the future; nothing was done. Check date and time.",
    ),
    "error.no_reason": (
        "Diga por que a entrega é desfeita; nada foi feito.",
        "Say why the delivery is taken back; nothing was done.",
    ),
    "error.not_delivered": (
        "Só se reabre o que está entregue, e este pacote não está.",
        "Only what is delivered can be reopened, and this package is not.",
    ),
    "error.no_such_shipment": (
        "Este pacote não é deste pedido; nada foi feito.",
        "This package is not of this order; nothing was done.",
    ),
    "error.not_counted": (
        (
            "O que você disse foi guardado na linha do tempo, mas não conta: uma entrega antes da postagem, ou antes "
            "do pedido, não pode ser verdade. Confira a data e a hora e confirme de novo."
        ),
        (
            "What you said is kept on the timeline but does not count: a delivery before the posting, or before the "
            "order, cannot be true. Check date and time and confirm again."
        ),
    ),
    "error.account_disabled": (
        "A conta desta transportadora está desligada: nada se pergunta até ela ser ligada de novo, em Contas.",
        "This carrier's account is disabled: nothing is asked until it is enabled again, under Accounts.",
    ),
    "error.account_paused": (
        "A transportadora recusa as credenciais da conta: informe novas, e os pacotes voltam a ser consultados.",
        "The carrier refuses the account's credentials: enter new ones, and its packages are asked about again.",
    ),
    "error.gone": ("Isso já estava feito, ou não existe mais.", "That was done already, or is no longer there."),
    # notices
    "notices_hint": (
        "O que só uma pessoa pode resolver. O que se resolve sozinho some daqui sozinho.",
        "What only a person can resolve. What mends itself leaves by itself.",
    ),
    "try_again": ("Tentar de novo", "Try again"),
    "no_notices": ("Nenhum aviso. Tudo corre.", "No notices. All is well."),
    "seen": ("visto {n} vezes, por último {when}", "seen {n} times, last {when}"),
    "resolved": ("Resolvido", "Resolved"),
    "resolved_hint": (
        "Encerrar um aviso não avisa ninguém fora da loja.",
        "Ending a notice tells nobody outside the store.",
    ),
    "resolved_tries": (
        "Ao encerrar, a conta é tentada de novo e o que espera por ela segue.",
        "When it is ended, the account is tried again and what waits for it goes on.",
    ),
    # accounts
    "accounts_hint": (
        (
            "Com quem o Paradeiro fala por esta loja. Uma conta com problema é tentada de novo sozinha; o que espera "
            "por ela não se perde."
        ),
        (
            "With whom Paradeiro talks for this store. An account in trouble is tried again by itself; what waits for "
            "it is not lost."
        ),
    ),
    "no_accounts": (
        "Ainda não há contas. Quem cuida do servidor cria uma com o comando abaixo.",
        "No accounts yet. Whoever runs the server makes one with the command below.",
    ),
    "who_mails": ("Quem escreve aos clientes", "Who mails the customers"),
    "who_mails_hint": (
        "Só um dos dois, nunca ambos. Se for o sistema de pedidos, deixe ligados os modelos de e-mail dele.",
        "Only one of the two, never both. If it is the order system, leave its mail templates switched on.",
    ),
    "mailer.paradeiro": ("Paradeiro", "Paradeiro"),
    "mailer.order_system": ("o sistema de pedidos", "the order system"),
    "choose": ("Escolher", "Choose"),
    "account": ("Conta", "Account"),
    "feed_read": ("novidades lidas {when}", "feed read {when}"),
    "feed_fails": ("a lista de novidades não responde desde {when}", "its feed has not answered since {when}"),
    "lookups_spent": ("{used} de {monthly} consultas deste mês", "{used} of {monthly} look-ups of this month"),
    "last_push": ("última notificação {when}", "last push {when}"),
    "no_push": ("nenhuma notificação desde {when}", "no push since {when}"),
    "pushes_refused": ("{n} sem a assinatura certa desde então", "{n} without the right signature since then"),
    "fallback_for": ("substitui {names} enquanto não responde", "stands in for {names} while it does not answer"),
    "fallback_accounts": ("enquanto não responde, perguntamos a {names}", "while it does not answer, we ask {names}"),
    "reply_expired": ("Esta resposta não está mais guardada", "This answer is no longer kept"),
    "reply_expired_hint": (
        (
            "Respostas originais ficam guardadas por {days} dias; as que não entendemos, até alguém resolver o aviso "
            "e depois o mesmo tempo outra vez. O que foi lido desta resposta continua na linha do tempo do pacote."
        ),
        (
            "Raw answers are kept for {days} days; those we did not understand until somebody ends the notice, "
            "and then as long again. What was read from this answer stays on the package's timeline."
        ),
    ),
    "example": ("Ver um exemplo", "See an example"),
    "before": ("Antes", "Before"),
    "after": ("Agora", "Now"),
    "account_state": ("Como está", "State"),
    "following": ("Seguindo", "Following"),
    "to_tell": ("Por dizer", "To be told"),
    "try_now": ("Tentar agora", "Try again now"),
    "next_try": ("próxima tentativa {when}", "next try {when}"),
    "account.ok": ("responde", "answers"),
    "account.outage": ("não responde", "does not answer"),
    "account.paused": ("pausada: recusa as credenciais", "paused: it refuses the credentials"),
    "enable": ("Ligar de novo", "Enable"),
    "account.disabled": (
        "desligada: nada se pergunta nem se envia; as mensagens esperam",
        "disabled: nothing is asked or sent; its messages wait",
    ),
    "party.carrier": ("transportadora", "carrier"),
    "party.order_system": ("sistema de pedidos", "order system"),
    "party.marketplace": ("marketplace", "marketplace"),
    "party.mail": ("e-mail", "e-mail"),
    "party.webhook": ("webhook", "webhook"),
    # a table that is uploaded
    "import": ("Importar planilha", "Import a table"),
    "import_file": ("Arquivo CSV", "CSV file"),
    "import_look": ("Conferir", "Look at it"),
    "import_example": ("Baixar um exemplo", "Download an example"),
    "import_hint": (
        (
            "CSV com até 10.000 linhas; colunas pedido, transportadora e código, e o que mais houver. Nada é importado "
            "antes de você confirmar."
        ),
        (
            "CSV of up to 10,000 lines; columns order, carrier and code, and whatever else there is. Nothing is taken "
            "before you confirm."
        ),
    ),
    "import_found": ("{good} linhas certas, {bad} com erro.", "{good} lines are right, {bad} have errors."),
    "import_ignored": ("Colunas que não usamos: {names}.", "Columns that we do not use: {names}."),
    "import_take": ("Importar as {n} linhas certas", "Take the {n} lines that are right"),
    "import_taken": ("Importadas: {created} novas, {known} já conhecidas.", "Taken: {created} new, {known} known."),
    "import_more": ("e mais {n} linhas", "and {n} more lines"),
    "import_nothing": ("Nada foi importado.", "Nothing was taken."),
    "line": ("Linha", "Line"),
    "line_n": ("Linha {n}", "Line {n}"),
    "line_state": ("Situação", "State"),
    "line_good": ("certa", "right"),
    "error.no_file": ("Escolha um arquivo.", "Choose a file."),
    "error.no_table": (
        "Esta planilha já foi importada ou esperou demais. Envie de novo.",
        "This table was taken already, or waited too long. Upload it again.",
    ),
    # raw answers
    "raw_title": ("Resposta original", "Raw answer"),
    "received": ("Recebida {when}", "Received {when}"),
    "from": ("de {name}", "from {name}"),
    "bytes": ("{n} bytes", "{n} bytes"),
    "indented": ("Recuada para ler.", "Indented for reading."),
    "as_it_came": ("Como veio, byte a byte", "As it came, byte for byte"),
    "packages_of_code": ("Pedidos com este código", "Orders with this code"),
    "empty_reply": ("A resposta veio vazia.", "The answer came empty."),
}


# Groups of texts whose second half is a value from the database.
_STORED_GROUPS = frozenset({"kind", "proof", "source", "suppressed"})


def screen_text(language: Language, message: str, /, **values: object) -> str:
    """The text of that name, with its values. A stored value without a text (of a newer version) is shown as is."""
    group, _, word = message.partition(".")
    portuguese, english = MESSAGES.get(message, (word, word)) if group in _STORED_GROUPS else MESSAGES[message]
    return (english if language is Language.EN else portuguese).format(**values)


_COLUMN_NAMES = {"order": ("pedido", "order"), "carrier": ("transportadora", "carrier"), "code": ("código", "code")}


def fault_text(language: Language, fault: TableFault) -> str:
    """What is wrong with an uploaded table or a line of it. Values from the file are escaped (no formulas)."""
    portuguese, english = _COLUMN_NAMES.get(fault.column, (fault.column, fault.column))
    column = english if language is Language.EN else portuguese
    return screen_text(
        language, f"table.{fault.problem}", column=escape_formula(column), text=escape_formula(fault.text)
    )
