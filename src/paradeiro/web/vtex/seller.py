"""In: what an external seller tells a marketplace on VTEX; out: the receipts that it expects. All of it by POST.

The same three statements as at the order system's door (oms.py), below `/pvt/orders`, where the protocol has them: a
seller gives this house's address as its `marketplaceServicesEndpoint`.
"""

from fastapi import APIRouter

from paradeiro.web.auth import MeansOf, Writer
from paradeiro.web.vtex.errors import SELLER
from paradeiro.web.vtex.oms import InvoiceNumber, OrderId, Stater, take_invoice, take_tracking, take_tracking_number
from paradeiro.web.vtex.shapes import Receipt, SoldIn, SoldTrackingIn, TrackingNumberIn

router = APIRouter(prefix=SELLER)


@router.post("/{order_id:path}/invoice")
async def post_sold(order_id: OrderId, body: SoldIn, means: MeansOf, who: Writer, by: Stater) -> Receipt:
    """Keep an invoice; follow its package if it has a number."""
    return await take_invoice(means, who, by, order_id, body)


# Before the number's own: a number may have a slash in it. So may an order's: the longer addresses come first.
@router.post("/{order_id:path}/invoice/{invoice_number:path}/tracking")
async def post_tracking(
    order_id: OrderId, invoice_number: InvoiceNumber, body: SoldTrackingIn, means: MeansOf, who: Writer, by: Stater
) -> Receipt:
    """Take the history of a package."""
    return await take_tracking(means, who, by, order_id, invoice_number, body)


@router.post("/{order_id:path}/invoice/{invoice_number:path}")
async def post_tracking_number(
    order_id: OrderId, invoice_number: InvoiceNumber, body: TrackingNumberIn, means: MeansOf, who: Writer, by: Stater
) -> Receipt:
    """Complete an invoice by the number under which its package goes."""
    return await take_tracking_number(means, who, by, order_id, invoice_number, body)
