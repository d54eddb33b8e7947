"""In: news of a package without an invoice; out: a notice where its marketplace takes none without, once per order."""

from paradeiro.db.notices import NoticeDraft
from paradeiro.db.shipments import Kept
from paradeiro.db.stores import Account
from paradeiro.domain.plan import Sinks, lacks_invoice
from paradeiro.domain.records import Policy
from paradeiro.domain.words import NoticeKind


def subject(order_number: str) -> str:
    """What the notice is about."""
    return f"order {order_number}"


def told(kept: Kept, sinks: Sinks, policy: Policy, account: Account | None) -> list[NoticeDraft]:
    """What a person must give, if this news cannot be told at the marketplace's account for lack of it."""
    shipment, number = kept.shipment, kept.order.number
    if account is None or not lacks_invoice(kept.order, shipment, sinks, policy):
        return []
    words = (
        f"{account.name} is told nothing of {shipment.tracking_code}, of order {number}: it takes news only with the "
        "number of the package's invoice, which nobody gave. Give it with the package (invoice.number of "
        "POST /api/v1/shipments, the column of the invoice in a table, or the invoice in the order system): then all "
        "of it is told."
    )
    facts = {"account": account.name, "order": number, "code": shipment.tracking_code}
    return [
        NoticeDraft(
            shipment.store_id, NoticeKind.NO_INVOICE, subject(number), words, account.id, shipment.id, facts=facts
        )
    ]
