"""In: nothing; out: the screens' texts about packages and their labels. Part of screens.py."""

PACKAGE_TEXTS = {
    "action.replace": ("etiqueta substituída", "label replaced"),
    "action.restore": ("substituição desfeita", "replacement taken back"),
    "replaced_by": (
        "A etiqueta foi refeita: agora vale {code}. Este código não é mais seguido.",
        "The label was made again: {code} is the code now. This one is not followed any more.",
    ),
    "replaced_by_system": (
        "O sistema de pedidos passou a mostrar {code} para esta nota: este código não é mais seguido.",
        "The order system shows {code} for this invoice now: this code is not followed any more.",
    ),
    "replaces": ("No lugar de", "In the place of"),
    "replaced": ("substituído", "replaced"),
    "replace": ("Etiqueta refeita", "Label made again"),
    "replace_hint": (
        (
            "O pacote vai com outro código? Este deixa de ser seguido e não conta mais para a entrega do pedido. "
            "As notas fiscais vão com o novo."
        ),
        (
            "The package goes by another code? This one is no longer followed, nor counts for the order's delivery. "
            "Its invoices go with the new one."
        ),
    ),
    "replace_code": ("Código novo", "New code"),
    "replace_button": ("Substituir", "Replace"),
    "restore": ("Desfazer a substituição", "Take the replacement back"),
    "done.replace": ("Etiqueta substituída.", "Label replaced."),
    "done.restore": ("O código volta a ser seguido.", "The code is followed again."),
    "table.several": (
        "“{column}” pode ser um código ou vários: separe-os com vírgula, sem espaço dentro de um.",
        "“{column}” may be one code or several: write a comma between them, and no blank within one.",
    ),
    "error.same_label": (
        "Este é o próprio código do pacote; nada foi feito. Escreva o da etiqueta nova.",
        "This is the package's own code; nothing was done. Write the new label's.",
    ),
    "error.already_replaced": (
        "Outra etiqueta já tomou o lugar desta; nada foi feito. Desfaça essa substituição antes.",
        "Another label took the place of this one already; nothing was done. Take that back first.",
    ),
    "error.successor_replaced": (
        "A etiqueta nova também já foi substituída; nada foi feito. Escreva o código que vale agora.",
        "The new label was replaced itself; nothing was done. Write the code that counts now.",
    ),
    "error.delivered": (
        "O pacote está entregue, então nenhuma etiqueta tomou o seu lugar; nada foi feito. Reabra a entrega antes.",
        "The package is delivered, so no label took its place; nothing was done. Reopen the delivery first.",
    ),
    "error.not_replaced": (
        "Nenhuma etiqueta tomou o lugar desta; nada foi feito.",
        "No label took the place of this one; nothing was done.",
    ),
    "error.several_codes": (
        "Escreva um código só; nada foi feito.",
        "Write one code only; nothing was done.",
    ),
    "error.bad_tracking_code": (
        "Não é um código desta transportadora, ou o dígito está errado; nada foi feito. Confira a etiqueta.",
        "It is no code of this carrier, or its check digit is wrong; nothing was done. Look at the label.",
    ),
    "error.unknown_carrier": (
        "Não há mais quem siga esta transportadora; nada foi feito.",
        "Nobody here follows this carrier any more; nothing was done.",
    ),
}
