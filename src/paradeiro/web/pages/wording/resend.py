"""In: nothing; out: the screens' texts about sending refused messages again. Part of screens.py."""

# name: (pt-BR, en).
RESEND_TEXTS: dict[str, tuple[str, str]] = {
    "send_again": ("Enviar de novo", "Send again"),
    "send_again_hint": (
        "Só depois de resolver a causa. Vai na ordem, uma vez cada; o que algo mais novo já disse não vai.",
        "Only once the cause is fixed. It goes in order, once each; what something newer said does not go.",
    ),
    "done.resent": (
        "Anotado: o que foi recusado vai de novo em instantes.",
        "Noted: what was refused goes again in a moment.",
    ),
    "action.set_carriers": ("tabela de transportadoras mudada", "table of carriers changed"),
    "action.resend": ("recusados enviados de novo", "refused messages sent again"),
}
