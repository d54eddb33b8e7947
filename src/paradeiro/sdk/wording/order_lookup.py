"""In: a language; out: the wording of the page that finds a package without a link."""

from dataclasses import dataclass

from paradeiro.sdk.wording.catalogue import Language


@dataclass(frozen=True, slots=True)
class OrderLookupWording:
    """The sentences of one language."""

    title: str
    about: str
    number: str
    number_help: str
    typed: str
    button: str
    not_found: str
    too_many: str


ORDER_LOOKUP_WORDING = {
    Language.PT: OrderLookupWording(
        title="Onde está meu pacote?",
        about="O jeito mais rápido é o link no e-mail da loja. Sem ele, diga o número do pedido e o CEP da entrega ou "
        "o e-mail da compra.",
        number="Número do pedido",
        number_help="Está no e-mail de confirmação da compra.",
        typed="CEP ou e-mail",
        button="Encontrar",
        not_found="Não encontramos um pacote com esse número e esse CEP ou e-mail. Confira os dois. Se a compra é de "
        "hoje, o pacote talvez ainda não tenha saído.",
        too_many="Foram muitas tentativas. Use o e-mail da compra em vez do CEP, espere alguns minutos ou use o "
        "link no e-mail da loja.",
    ),
    Language.EN: OrderLookupWording(
        title="Where is my package?",
        about="The quickest way is the link in the store's e-mail. Without it, give the order number and the postal "
        "code of the delivery or the e-mail address of the purchase.",
        number="Order number",
        number_help="It is in the e-mail that confirmed your purchase.",
        typed="Postal code or e-mail",
        button="Find it",
        not_found="We found no package with that number and that postal code or e-mail. Check both. If you bought it "
        "today, it may not have left yet.",
        too_many="Too many tries. Use the e-mail address of the purchase instead of the postal code, wait a few "
        "minutes, or use the link in the store's e-mail.",
    ),
    Language.ES: OrderLookupWording(
        title="¿Dónde está mi paquete?",
        about="Lo más rápido es el enlace del correo de la tienda. Sin él, indica el número de pedido y el código "
        "postal de la entrega o el correo de la compra.",
        number="Número de pedido",
        number_help="Está en el correo que confirmó tu compra.",
        typed="Código postal o correo",
        button="Encontrar",
        not_found="No encontramos un paquete con ese número y ese código postal o correo. Revisa los dos. Si compraste "
        "hoy, quizá aún no haya salido.",
        too_many="Demasiados intentos. Usa el correo de la compra en vez del código postal, espera unos minutos o "
        "usa el enlace del correo de la tienda.",
    ),
}
