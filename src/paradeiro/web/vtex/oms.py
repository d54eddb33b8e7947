"""In: invoices, tracking numbers and histories as VTEX's order system takes them; out: its receipts."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from paradeiro.db.operations.audit import Actor
from paradeiro.flow.context import Context
from paradeiro.flow.vtex_callers.stated_history import state_history
from paradeiro.flow.vtex_callers.stated_invoices import state_invoice, state_tracking_number
from paradeiro.web.api.idempotency import api_actor
from paradeiro.web.auth import Caller, RequestContext, Writer
from paradeiro.web.vtex.errors import OMS
from paradeiro.web.vtex.shapes import InvoiceIn, Receipt, TrackingNumberIn, TrackingStatusIn, in_path

router = APIRouter(prefix=OMS)
OrderId = Annotated[str, in_path(100)]
# A number may have a slash in it: at VTEX such invoices can never be completed (facts/vtex, known issue 409225).
InvoiceNumber = Annotated[str, in_path(100)]


def _actor_of(request: Request, who: Writer) -> Actor:
    return api_actor(request, who)


RequestActor = Annotated[Actor, Depends(_actor_of)]


@router.post("/{order_id:path}/invoice")
async def post_invoice(
    order_id: OrderId, body: InvoiceIn, context: RequestContext, who: Writer, by: RequestActor
) -> Receipt:
    """Store an invoice; follow its package if it has a tracking number. Repeating it changes nothing."""
    return await take_invoice(context, who, by, order_id, body)


@router.patch("/{order_id:path}/invoice/{invoice_number:path}")
async def patch_invoice(
    order_id: OrderId,
    invoice_number: InvoiceNumber,
    body: TrackingNumberIn,
    context: RequestContext,
    who: Writer,
    by: RequestActor,
) -> Receipt:
    """Add the tracking number to an invoice."""
    return await take_tracking_number(context, who, by, order_id, invoice_number, body)


@router.put("/{order_id:path}/invoice/{invoice_number:path}/tracking")
async def put_tracking(
    order_id: OrderId,
    invoice_number: InvoiceNumber,
    body: TrackingStatusIn,
    context: RequestContext,
    who: Writer,
    by: RequestActor,
) -> Receipt:
    """Take the history of a package; known events are not added again. `isDelivered` confirms its delivery."""
    return await take_tracking(context, who, by, order_id, invoice_number, body)


async def take_invoice(context: Context, who: Caller, by: Actor, order_id: str, body: InvoiceIn) -> Receipt:
    returns = body.type == "Input"
    number = await state_invoice(context, who.store_id, order_id, body.invoice(), returns=returns, by=by)
    return _receipt(context, number)


async def take_tracking_number(
    context: Context, who: Caller, by: Actor, order_id: str, invoice_number: str, body: TrackingNumberIn
) -> Receipt:
    invoice = body.invoice(invoice_number)
    return _receipt(context, await state_tracking_number(context, who.store_id, order_id, invoice, by=by))


async def take_tracking(
    context: Context, who: Caller, by: Actor, order_id: str, invoice_number: str, body: TrackingStatusIn
) -> Receipt:
    done = await state_history(context, who.store_id, order_id, invoice_number, body.history(), by=by)
    return _receipt(context, done[0])


def _receipt(context: Context, order_number: str) -> Receipt:
    """A new receipt: 32 hexadecimal digits, as VTEX's are."""
    token = hashlib.sha256(context.new_token().encode()).hexdigest()[:32]
    return Receipt(date=context.now(), orderId=order_number, receipt=token)
