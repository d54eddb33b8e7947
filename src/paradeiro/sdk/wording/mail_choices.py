"""In: a language; out: the wording of the customer's mail preferences."""

from dataclasses import dataclass

from paradeiro.domain.words import MailChoice
from paradeiro.sdk.wording.catalogue import Language


@dataclass(frozen=True, slots=True)
class MailChoiceWording:
    """The sentences of one language. `options`: (name, explanation) of each choice."""

    title: str
    about: str
    options: dict[MailChoice, tuple[str, str]]
    save: str
    saved: str
    stop_title: str
    stop: str
    stop_button: str
    stopped: str


MAIL_CHOICE_WORDING = {
    Language.PT: MailChoiceWording(
        title="Avisos por e-mail",
        about="Do pedido {order}, da {store}. Vale na hora e só para este pedido.",
        options={
            MailChoice.ALL: ("Todos", "Cada vez que o pacote anda, no máximo um por dia."),
            MailChoice.IMPORTANT: ("Só os importantes", "Saiu para entrega, precisa de você, entregue ou devolvido."),
            MailChoice.NONE: ("Nenhum", "Esta página continua mostrando tudo."),
        },
        save="Guardar",
        saved="Guardado.",
        stop_title="Parar os avisos",
        stop="Você não recebe mais e-mails sobre o pedido {order}. A página do pacote continua mostrando tudo.",
        stop_button="Parar os avisos",
        stopped="Pronto: nenhum e-mail mais sobre este pedido.",
    ),
    Language.EN: MailChoiceWording(
        title="E-mail notices",
        about="About order {order} at {store}. It counts at once and for this order only.",
        options={
            MailChoice.ALL: ("All", "Each time the package moves, at most one a day."),
            MailChoice.IMPORTANT: ("Important ones only", "Out for delivery, your turn, delivered or returned."),
            MailChoice.NONE: ("None", "This page goes on showing everything."),
        },
        save="Save",
        saved="Saved.",
        stop_title="Stop the notices",
        stop="You get no more e-mails about order {order}. The package's page goes on showing everything.",
        stop_button="Stop the notices",
        stopped="Done: no more e-mails about this order.",
    ),
    Language.ES: MailChoiceWording(
        title="Avisos por correo",
        about="Del pedido {order}, de {store}. Vale enseguida y solo para este pedido.",
        options={
            MailChoice.ALL: ("Todos", "Cada vez que el paquete se mueve, como mucho uno por día."),
            MailChoice.IMPORTANT: ("Solo los importantes", "Salió a reparto, te toca a ti, entregado o devuelto."),
            MailChoice.NONE: ("Ninguno", "Esta página sigue mostrando todo."),
        },
        save="Guardar",
        saved="Guardado.",
        stop_title="Dejar de recibir avisos",
        stop="Ya no recibirás correos sobre el pedido {order}. La página del paquete sigue mostrando todo.",
        stop_button="Dejar de recibir avisos",
        stopped="Listo: ningún correo más sobre este pedido.",
    ),
}
