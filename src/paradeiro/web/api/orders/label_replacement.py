"""In: POST …/replace and …/restore of a shipment's label; out: both shipments as they are now."""

from fastapi import APIRouter, Request
from pydantic import Field

from paradeiro.flow.orders import label_replacement
from paradeiro.flow.orders.label_replacement import NewLabel
from paradeiro.web.api.idempotency import IdempotentRoute, api_actor
from paradeiro.web.api.orders.shipments import Id, shipment_detail
from paradeiro.web.api.shapes import Shape, ShipmentDetail, errors
from paradeiro.web.api.values import Carrier, Code
from paradeiro.web.auth import RequestContext, Writer

router = APIRouter(tags=["shipments"], route_class=IdempotentRoute)
_ERRORS = errors(400, 401, 403, 404, 409, 422)


class ReplaceIn(Shape):
    """The label that replaces this one: the code of another package of the order, or a new one."""

    tracking_code: Code
    carrier: Carrier | None = Field(None, description="of the new label; default: the same carrier")
    lenient: bool = Field(default=False, description="take a code whose check digit is wrong")


class ReplacedOut(Shape):
    """The package whose label was replaced, and its replacement (null after `restore`)."""

    replaced: ShipmentDetail
    by: ShipmentDetail | None


@router.post("/shipments/{shipment_id}/replace", responses=_ERRORS)
async def replace_shipment(
    request: Request, shipment_id: Id, body: ReplaceIn, context: RequestContext, who: Writer
) -> ReplacedOut:
    """Replace the label: the package has another code from now on. The old one is not followed any more."""
    label = NewLabel(body.tracking_code, body.carrier or "", body.lenient)
    old, new = await label_replacement.replace_label(context, who.store_id, shipment_id, label, api_actor(request, who))
    return ReplacedOut(
        replaced=await shipment_detail(context, who.store_id, old), by=await shipment_detail(context, who.store_id, new)
    )


@router.post("/shipments/{shipment_id}/restore", responses=_ERRORS)
async def restore_shipment(request: Request, shipment_id: Id, context: RequestContext, who: Writer) -> ReplacedOut:
    """Take the replacement back: the code is followed again."""
    restored = await label_replacement.restore_label(context, who.store_id, shipment_id, api_actor(request, who))
    return ReplacedOut(replaced=await shipment_detail(context, who.store_id, restored), by=None)
