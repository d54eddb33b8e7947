"""In: nothing; out: the texts of the couriers screen, and of moving a package to another carrier."""

COURIER_TEXTS: dict[str, tuple[str, str]] = {
    "couriers": ("Transportadoras", "Couriers"),
    "couriers_hint": (
        (
            "O sistema de pedidos escreve o nome da transportadora como quer. Nomes que reconhecemos são seguidos "
            "sozinhos; para os outros, diga aqui uma vez que conta os segue: vale para os pacotes que esperam e para "
            "os próximos."
        ),
        (
            "The order system writes the courier's name as it likes. Names that we recognise are followed by "
            "themselves; for the others say here once which account follows them: it holds for packages that wait and "
            "for all later ones."
        ),
    ),
    "couriers_waiting": ("Esperam por uma regra", "Waiting for a rule"),
    "couriers_none_wait": ("Nenhum nome espera.", "No name waits."),
    "courier_rules": ("Regras", "Rules"),
    "courier_no_rules": ("Ainda não há regras.", "There are no rules yet."),
    "courier": ("Transportadora", "Courier"),
    "packages_waiting": ("Pacotes esperando", "Packages waiting"),
    "courier_example": ("O último", "The last one"),
    "courier_account": ("Conta que segue", "Account that follows"),
    "courier_looks_like": ("Parece ser {carrier}.", "It looks like {carrier}."),
    "courier_nobody": ("ninguém segue", "nobody follows them"),
    "courier_no_rule": ("sem regra", "no rule"),
    "courier_set": ("Seguir", "Follow"),
    "courier_change": ("Mudar", "Change"),
    "courier_set_by": ("Quem disse", "Who said so"),
    "no_carrier_accounts": ("Falta uma conta de transportadora.", "A carrier's account is missing."),
    "done.courier": ("Anotado: vale a partir de agora.", "Noted: from now on."),
    "error.no_courier": ("Falta o nome da transportadora.", "The courier's name is missing."),
    "error.unknown_account": (
        "Esta conta não existe mais; nada foi feito. Veja a lista de novo.",
        "This account is no longer there; nothing was done. Look at the list again.",
    ),
    "action.set_courier": ("regra de transportadora mudada", "a courier's rule changed"),
    "action.move_shipment": ("pacote passado a outra transportadora", "package moved to another carrier"),
    "action.map_code": ("significado de um código dito", "a code's meaning said"),
    "leg": ("Também levado por", "Also carried by"),
    "leg_no_account": ("(falta uma conta lá)", "(an account there is missing)"),
    "move": ("Outra transportadora", "Another carrier"),
    "move_hint": (
        "Se outra transportadora leva este pacote, ela é perguntada a partir de agora. A história fica.",
        "If another carrier carries this package, it is asked from now on. The history stays.",
    ),
    "move_to": ("Passar para {name}", "Move to {name}"),
    "move_button": ("Passar para lá", "Move it there"),
    "done.move": ("Passado: a outra transportadora é perguntada agora.", "Moved: the other carrier is asked now."),
    "error.no_identifier": (
        "A outra transportadora acha um pacote pela chave da nota ou por um código, e falta um deles; nada foi feito.",
        "The other carrier finds a package by its invoice's key or a code, and that is missing; nothing was done.",
    ),
    "error.already_followed": (
        "O pedido já tem este pacote lá; nada foi feito.",
        "The order has this package there already; nothing was done.",
    ),
}
