"""In: nothing; out: the screens' texts about customers' data and audit entries. Part of screens.py."""

# name: (pt-BR, en).
CUSTOMER_TEXTS: dict[str, tuple[str, str]] = {
    "customer_data": ("Dados do cliente", "The customer's data"),
    "only_important": ("só quer os e-mails importantes", "wants the important mails only"),
    "no_mails_wanted": ("não quer e-mails deste pedido", "wants no mails about this order"),
    "customer_gone": ("Cliente apagado", "Customer erased"),
    "customer_says": (
        "Tudo o que guardamos de quem comprou, para entregar a quem pedir (LGPD).",
        "All that we keep of who bought, to be handed to them (LGPD).",
    ),
    "customer_export": ("Baixar os dados", "Download the data"),
    "customer_erase_says": (
        (
            "Apagar não tem volta: nome, e-mail, fotos da entrega e respostas originais somem deste pedido, e o "
            "cliente não recebe mais e-mails. O pedido, os pacotes e seus eventos ficam. Ninguém mais é avisado."
        ),
        (
            "Erasing cannot be undone: name, address, photos of the delivery and raw answers of this order go, and the "
            "customer gets no more mail. The order, its packages and their events stay. Nobody outside is told."
        ),
    ),
    "customer_sure": ("Sim, apagar para sempre", "Yes, erase for good"),
    "customer_erase": ("Apagar os dados", "Erase the data"),
    "done.erased": ("Dados do cliente apagados.", "The customer's data is erased."),
    "action.order": ("pedido informado", "order stated"),
    "action.register": ("pacote registrado", "package registered"),
    "action.invoice": ("nota fiscal informada", "invoice stated"),
    "action.event": ("evento informado", "event stated"),
    "action.confirm_delivery": ("entrega confirmada", "delivery confirmed"),
    "action.reopen": ("entrega retirada", "delivery taken back"),
    "action.export_customer": ("dados do cliente baixados", "the customer's data downloaded"),
    "action.erase_customer": ("dados do cliente apagados", "the customer's data erased"),
    "action.keep_customers": ("prazo dos dados de clientes mudado", "how long customers are kept changed"),
    "action.show_proofs": ("fotos de entrega mostradas ao cliente mudadas", "delivery pictures customers see changed"),
    "action.ask_now": ("pergunta pedida", "asked for at once"),
    "action.resolve_notice": ("aviso encerrado", "notice ended"),
    "action.set_mailer": ("quem escreve aos clientes mudado", "who mails the customers changed"),
    "action.set_channel": ("regras de um canal mudadas", "a channel's rules changed"),
    "action.set_mails": ("e-mails ao cliente mudados", "mails to customers changed"),
    "action.set_brand": ("marca mudada", "brand changed"),
    "action.add_webhook": ("webhook criado", "webhook added"),
    "action.change_webhook": ("webhook mudado", "webhook changed"),
    "action.remove_webhook": ("webhook removido", "webhook removed"),
    "action.set_account": ("conta informada", "account set"),
    "action.pause_account": ("conta desligada", "account disabled"),
    "action.resume_account": ("conta ligada de novo", "account resumed"),
    "action.make_key": ("chave de API criada", "API key made"),
    "action.revoke_key": ("chave de API revogada", "API key revoked"),
    "action.lift_suppression": ("e-mails a um endereço liberados", "an address gets mail again"),
    "suppressed.hard": (
        "O cliente não recebe mais e-mails: o endereço não existe.",
        "The customer gets no more mail: the address does not exist.",
    ),
    "suppressed.soft": (
        "O cliente não recebe mais e-mails: vários seguidos não foram aceitos.",
        "The customer gets no more mail: several in a row were not taken.",
    ),
    "suppressed.complaint": (
        "O cliente não recebe mais e-mails: marcou um deles como spam.",
        "The customer gets no more mail: they called one spam.",
    ),
    "mail_again": ("O endereço está certo: voltar a enviar", "The address is good: send again"),
    "came_back": ("voltou", "came back"),
    "done.mail-again": ("O endereço volta a receber e-mails.", "The address gets mail again."),
    "error.not_suppressed": (
        "Este endereço já recebe e-mails.",
        "This address gets mail already.",
    ),
    "error.not_sure": (
        "Nada foi apagado: marque que tem certeza.",
        "Nothing was erased: tick that you are sure.",
    ),
    "error.nobody": (
        "Nada se sabe do cliente deste pedido, ou já foi apagado.",
        "Nothing is known of this order's customer, or it was erased before.",
    ),
}
