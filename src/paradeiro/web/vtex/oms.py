"""In: invoices, tracking numbers and histories as VTEX's order system takes them; out: its receipts."""

import hashlib
from typing import Annotated

from fastapi import APIRouter

from paradeiro.flow.means import Means
from paradeiro.flow.stated_history import state_history
from paradeiro.flow.stated_invoices import state_invoice, state_tracking_number
from paradeiro.web.auth import Caller, MeansOf, Writer
from paradeiro.web.vtex.errors import OMS
from paradeiro.web.vtex.shapes import InvoiceIn, Receipt, TrackingNumberIn, TrackingStatusIn, in_path

router = APIRouter(prefix=OMS)
OrderId = Annotated[str, in_path(100)]
InvoiceNumber = Annotated[str, in_path(100)]


@router.post("/{order_id}/invoice")
async def post_invoice(order_id: OrderId, body: InvoiceIn, means: MeansOf, who: Writer) -> Receipt:
    """Keep an invoice; follow its package if it has a number. The same again only makes a new receipt."""
    return await take_invoice(means, who, order_id, body)


@router.patch("/{order_id}/invoice/{invoice_number}")
async def patch_invoice(
    order_id: OrderId, invoice_number: InvoiceNumber, body: TrackingNumberIn, means: MeansOf, who: Writer
) -> Receipt:
    """Complete an invoice by the number under which its package goes."""
    return await take_tracking_number(means, who, order_id, invoice_number, body)


@router.put("/{order_id}/invoice/{invoice_number}/tracking")
async def put_tracking(
    order_id: OrderId, invoice_number: InvoiceNumber, body: TrackingStatusIn, means: MeansOf, who: Writer
) -> Receipt:
    """Take the history of a package; what was heard before is not news. `isDelivered` confirms its delivery."""
    return await take_tracking(means, who, order_id, invoice_number, body)


async def take_invoice(means: Means, who: Caller, order_id: str, body: InvoiceIn) -> Receipt:
    returns = body.type == "Input"
    number = await state_invoice(means, who.store_id, order_id, body.invoice(), returns=returns, author=who.name)
    return _receipt(means, number)


async def take_tracking_number(
    means: Means, who: Caller, order_id: str, invoice_number: str, body: TrackingNumberIn
) -> Receipt:
    invoice = body.invoice(invoice_number)
    return _receipt(means, await state_tracking_number(means, who.store_id, order_id, invoice, author=who.name))


async def take_tracking(
    means: Means, who: Caller, order_id: str, invoice_number: str, body: TrackingStatusIn
) -> Receipt:
    done = await state_history(means, who.store_id, order_id, invoice_number, body.history(), author=who.name)
    return _receipt(means, done[0])


def _receipt(means: Means, order_number: str) -> Receipt:
    """A fresh receipt, 32 hexadecimal digits as VTEX has them."""
    token = hashlib.sha256(means.new_token().encode()).hexdigest()[:32]
    return Receipt(date=means.now(), orderId=order_number, receipt=token)
