"""In: a language; out: the wording of a customer's overview of the data that a store holds about them."""

from dataclasses import dataclass

from paradeiro.sdk.wording.catalogue import Language


@dataclass(frozen=True, slots=True)
class PersonalDataWording:
    """The sentences of one language."""

    title: str
    kept: str
    name: str
    email: str
    nothing: str
    packages: str
    mails: str
    why: str
    copy: str
    write_to: str
    erase: str
    erase_says: str
    asked: str
    gone: str
    back: str


PERSONAL_DATA_WORDING = {
    Language.PT: PersonalDataWording(
        title="Seus dados",
        kept="O que {store} guarda aqui sobre o pedido {order}:",
        name="Nome",
        email="E-mail",
        nothing="não guardado",
        packages="Pacotes e o caminho que fizeram",
        mails="E-mails enviados",
        why="Serve só para acompanhar a entrega e avisar você. Mostramos nome e e-mail pela metade, porque este link "
        "pode ter sido encaminhado.",
        copy="Para receber uma cópia de tudo ou corrigir algo, fale com a loja.",
        write_to="Escreva para {email}.",
        erase="Pedir que apaguem meus dados",
        erase_says="A loja confere se é você e apaga nome, e-mail e fotos da entrega. Depois disso você não recebe "
        "mais avisos deste pedido. O caminho do pacote continua nesta página.",
        asked="Pedido recebido. A loja tem 15 dias para responder. Nada mais a fazer.",
        gone="Os dados de quem comprou já foram apagados.",
        back="Voltar ao pacote",
    ),
    Language.EN: PersonalDataWording(
        title="Your data",
        kept="What {store} keeps here about order {order}:",
        name="Name",
        email="E-mail",
        nothing="not kept",
        packages="Packages and the way they took",
        mails="E-mails sent",
        why="It is only used to follow the delivery and to tell you of it. Name and address are shown by their first "
        "letters, since this link may have been passed on.",
        copy="To get a copy of everything, or to correct something, speak with the store.",
        write_to="Write to {email}.",
        erase="Ask to have my data erased",
        erase_says="The store makes sure that it is you, then erases your name, your address and photos of the "
        "delivery. After that you get no more messages about this order. The package's way stays on this page.",
        asked="Your request has arrived. The store has 15 days to answer. There is nothing else to do.",
        gone="Who bought has been erased already.",
        back="Back to the package",
    ),
    Language.ES: PersonalDataWording(
        title="Tus datos",
        kept="Lo que {store} guarda aquí sobre el pedido {order}:",
        name="Nombre",
        email="Correo",
        nothing="no se guarda",
        packages="Paquetes y el camino que hicieron",
        mails="Correos enviados",
        why="Solo sirve para seguir la entrega y avisarte. Mostramos el nombre y el correo a medias, porque este "
        "enlace puede haber sido reenviado.",
        copy="Para recibir una copia de todo o corregir algo, habla con la tienda.",
        write_to="Escribe a {email}.",
        erase="Pedir que borren mis datos",
        erase_says="La tienda comprueba que eres tú y borra el nombre, el correo y las fotos de la entrega. Después "
        "ya no recibes avisos de este pedido. El camino del paquete sigue en esta página.",
        asked="Recibimos tu solicitud. La tienda tiene 15 días para responder. No hay nada más que hacer.",
        gone="Los datos de quien compró ya fueron borrados.",
        back="Volver al paquete",
    ),
}
