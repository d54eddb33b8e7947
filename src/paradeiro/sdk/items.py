"""In: a telling; out: what is in its package, as the party that is told may be told."""

from paradeiro.domain.records import Item, Telling


def told_items(telling: Telling) -> tuple[Item, ...]:
    """The package's items: its invoice's. Where that names none, the order's, unless other packages carry a part of
    them: which part is whose nobody knows then, and there is nothing to tell.
    """
    named = telling.shipment.invoice.items
    return named or (() if telling.others else telling.order.items)
