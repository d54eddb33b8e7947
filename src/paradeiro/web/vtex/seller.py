"""In: what an external seller sends a marketplace on VTEX, by POST; out: the receipts that it expects.

The same three statements as for the order system (oms.py), below `/pvt/orders`, as in VTEX's protocol: a seller
configures Paradeiro's address as its `marketplaceServicesEndpoint`.
"""

from fastapi import APIRouter

from paradeiro.web.auth import RequestContext, Writer
from paradeiro.web.vtex.errors import SELLER
from paradeiro.web.vtex.oms import (
    InvoiceNumber,
    OrderId,
    RequestActor,
    take_invoice,
    take_tracking,
    take_tracking_number,
)
from paradeiro.web.vtex.shapes import Receipt, SellerInvoiceIn, SellerTrackingIn, TrackingNumberIn

router = APIRouter(prefix=SELLER)


@router.post("/{order_id:path}/invoice")
async def post_seller_invoice(
    order_id: OrderId, body: SellerInvoiceIn, context: RequestContext, who: Writer, by: RequestActor
) -> Receipt:
    """Store an invoice; follow its package if it has a tracking number."""
    return await take_invoice(context, who, by, order_id, body)


# Longer addresses first: numbers of orders and invoices may have a slash in them.
@router.post("/{order_id:path}/invoice/{invoice_number:path}/tracking")
async def post_tracking(
    order_id: OrderId,
    invoice_number: InvoiceNumber,
    body: SellerTrackingIn,
    context: RequestContext,
    who: Writer,
    by: RequestActor,
) -> Receipt:
    """Take the history of a package."""
    return await take_tracking(context, who, by, order_id, invoice_number, body)


@router.post("/{order_id:path}/invoice/{invoice_number:path}")
async def post_tracking_number(
    order_id: OrderId,
    invoice_number: InvoiceNumber,
    body: TrackingNumberIn,
    context: RequestContext,
    who: Writer,
    by: RequestActor,
) -> Receipt:
    """Add the tracking number to an invoice."""
    return await take_tracking_number(context, who, by, order_id, invoice_number, body)
