"""In: news of a package without an invoice; out: a notice per order if its marketplace requires the invoice."""

from paradeiro.db.accounts.stores import Account
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.domain.outbox.plan import Sinks, lacks_invoice
from paradeiro.domain.records import Policy
from paradeiro.domain.words import NoticeKind


def subject(order_number: str) -> str:
    """The subject of the notice."""
    return f"order {order_number}"


def open_notices(row: ShipmentRow, sinks: Sinks, policy: Policy, account: Account | None) -> list[NoticeDraft]:
    """The notice, if news cannot be sent to the marketplace account without an invoice number."""
    shipment, number = row.shipment, row.order.number
    if account is None or not lacks_invoice(row.order, shipment, sinks, policy):
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
