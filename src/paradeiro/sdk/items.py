"""In: a message; out: the items of its package, as far as its recipient may know them."""

from paradeiro.domain.records import Item, Message


def package_items(message: Message) -> tuple[Item, ...]:
    """The items of the package's invoice. If it lists none, the order's, unless other packages carry part of them: then
    the assignment is unknown and the result is empty.
    """
    named = message.shipment.invoice.items
    return named or (() if message.others else message.order.items)
