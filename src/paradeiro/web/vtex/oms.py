"""In: invoices, tracking numbers and histories as VTEX's order system takes them; out: its receipts."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from paradeiro.db.audit import By
from paradeiro.flow.means import Means
from paradeiro.flow.stated_history import state_history
from paradeiro.flow.stated_invoices import state_invoice, state_tracking_number
from paradeiro.web.api.once import api_author
from paradeiro.web.auth import Caller, MeansOf, Writer
from paradeiro.web.vtex.errors import OMS
from paradeiro.web.vtex.shapes import InvoiceIn, Receipt, TrackingNumberIn, TrackingStatusIn, in_path

router = APIRouter(prefix=OMS)
OrderId = Annotated[str, in_path(100)]
# A number may have a slash in it: at VTEX such invoices can never be completed (facts/vtex, known issue 409225).
InvoiceNumber = Annotated[str, in_path(100)]


def _by(request: Request, who: Writer) -> By:
    return api_author(request, who)


Stater = Annotated[By, Depends(_by)]


@router.post("/{order_id:path}/invoice")
async def post_invoice(order_id: OrderId, body: InvoiceIn, means: MeansOf, who: Writer, by: Stater) -> Receipt:
    """Keep an invoice; follow its package if it has a number. The same again only makes a new receipt."""
    return await take_invoice(means, who, by, order_id, body)


@router.patch("/{order_id:path}/invoice/{invoice_number:path}")
async def patch_invoice(
    order_id: OrderId, invoice_number: InvoiceNumber, body: TrackingNumberIn, means: MeansOf, who: Writer, by: Stater
) -> Receipt:
    """Complete an invoice by the number under which its package goes."""
    return await take_tracking_number(means, who, by, order_id, invoice_number, body)


@router.put("/{order_id:path}/invoice/{invoice_number:path}/tracking")
async def put_tracking(
    order_id: OrderId, invoice_number: InvoiceNumber, body: TrackingStatusIn, means: MeansOf, who: Writer, by: Stater
) -> Receipt:
    """Take the history of a package; what was heard before is not news. `isDelivered` confirms its delivery."""
    return await take_tracking(means, who, by, order_id, invoice_number, body)


async def take_invoice(means: Means, who: Caller, by: By, order_id: str, body: InvoiceIn) -> Receipt:
    returns = body.type == "Input"
    number = await state_invoice(means, who.store_id, order_id, body.invoice(), returns=returns, by=by)
    return _receipt(means, number)


async def take_tracking_number(
    means: Means, who: Caller, by: By, order_id: str, invoice_number: str, body: TrackingNumberIn
) -> Receipt:
    invoice = body.invoice(invoice_number)
    return _receipt(means, await state_tracking_number(means, who.store_id, order_id, invoice, by=by))


async def take_tracking(
    means: Means, who: Caller, by: By, order_id: str, invoice_number: str, body: TrackingStatusIn
) -> Receipt:
    done = await state_history(means, who.store_id, order_id, invoice_number, body.history(), by=by)
    return _receipt(means, done[0])


def _receipt(means: Means, order_number: str) -> Receipt:
    """A fresh receipt, 32 hexadecimal digits as VTEX has them."""
    token = hashlib.sha256(means.new_token().encode()).hexdigest()[:32]
    return Receipt(date=means.now(), orderId=order_number, receipt=token)
