"""In: a language; out: the wording for a customer who wants mails at another address, and for that address."""

from dataclasses import dataclass

from paradeiro.sdk.wording.catalogue import Language


@dataclass(frozen=True, slots=True)
class MailAddressWording:
    """The sentences of one language. `now` and `done` take {address}, `sentence` {order}, {store}, `page` both."""

    title: str
    now: str
    about: str
    label: str
    ask: str
    asked: str
    back: str
    went_back: str
    address: str
    same_address: str
    not_ours: str
    too_many: str
    subject: str
    sentence: str
    then: str
    button: str
    why: str
    page: str
    done: str
    gone: str


MAIL_ADDRESS_WORDING = {
    Language.PT: MailAddressWording(
        title="Outro e-mail",
        now="Agora os avisos vão para {address}.",
        about="Mandamos uma mensagem para o novo endereço. Só muda quando alguém disser sim por ela.",
        label="Novo endereço de e-mail",
        ask="Mandar a mensagem",
        asked="Mandamos uma mensagem para esse endereço. Abra-a e diga sim.",
        back="Voltar ao e-mail da compra",
        went_back="Os avisos vão de novo para o e-mail da compra.",
        address="Isso não é um endereço de e-mail.",
        same_address="Os avisos já vão para esse endereço.",
        not_ours="Quem manda estes avisos é a loja; peça a ela.",
        too_many="Foram pedidos demais para este pedido; fale com a loja.",
        subject="Confirme este e-mail",
        sentence="Quer receber aqui os avisos do pedido {order}, da {store}?",
        then="Se não foi você que pediu, ignore esta mensagem: nada muda e nada mais chega.",
        button="Sim, quero receber aqui",
        why="Alguém com o link do pedido escreveu este endereço na página dele.",
        page="Os avisos do pedido {order} passam a chegar em {address}.",
        done="Pronto: os avisos chegam em {address}.",
        gone="Este link já foi usado, ou foi pedido outro endereço.",
    ),
    Language.EN: MailAddressWording(
        title="Another e-mail address",
        now="The notices go to {address} now.",
        about="We send a message to the new address. It changes only once somebody says yes there.",
        label="New e-mail address",
        ask="Send the message",
        asked="We sent a message to that address. Open it and say yes.",
        back="Back to the address of the purchase",
        went_back="The notices go to the address of the purchase again.",
        address="This is no e-mail address.",
        same_address="The notices go to that address already.",
        not_ours="The store sends these notices itself; ask there.",
        too_many="Another address was asked for too often; ask the store.",
        subject="Confirm this address",
        sentence="Shall the notices about order {order} at {store} come here?",
        then="If it was not you who asked, ignore this message: nothing changes and nothing more comes.",
        button="Yes, send them here",
        why="Somebody with the order's link typed this address on its page.",
        page="The notices about order {order} will come to {address}.",
        done="Done: the notices come to {address}.",
        gone="This link was used already, or another address was asked for.",
    ),
    Language.ES: MailAddressWording(
        title="Otro correo",
        now="Ahora los avisos llegan a {address}.",
        about="Enviamos un mensaje a la nueva dirección. Solo cambia cuando alguien diga que sí desde allí.",
        label="Nueva dirección de correo",
        ask="Enviar el mensaje",
        asked="Enviamos un mensaje a esa dirección. Hay que abrirlo y decir que sí.",
        back="Volver al correo de la compra",
        went_back="Los avisos llegan de nuevo al correo de la compra.",
        address="Eso no es una dirección de correo.",
        same_address="Los avisos ya llegan a esa dirección.",
        not_ours="Estos avisos los envía la tienda; hay que pedirlo allí.",
        too_many="Se pidió demasiadas veces para este pedido; hay que hablar con la tienda.",
        subject="Confirma este correo",
        sentence="¿Quieres recibir aquí los avisos del pedido {order}, de {store}?",
        then="Si no lo pediste tú, ignora este mensaje: nada cambia y no llega nada más.",
        button="Sí, quiero recibirlos aquí",
        why="Alguien con el enlace del pedido escribió esta dirección en su página.",
        page="Los avisos del pedido {order} llegarán a {address}.",
        done="Listo: los avisos llegan a {address}.",
        gone="Este enlace ya se usó, o se pidió otra dirección.",
    ),
}
