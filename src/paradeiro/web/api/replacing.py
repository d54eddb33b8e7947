"""In: by API, that a label took another's place, or did not after all; out: both packages as they are now."""

from fastapi import APIRouter, Request
from pydantic import Field

from paradeiro.flow import replacing
from paradeiro.flow.replacing import NewLabel
from paradeiro.web.api.once import OnceRoute, api_author
from paradeiro.web.api.shapes import Shape, ShipmentDetail, errors
from paradeiro.web.api.shipments import Id, detail
from paradeiro.web.api.values import Carrier, Code
from paradeiro.web.auth import MeansOf, Writer

router = APIRouter(tags=["shipments"], route_class=OnceRoute)
_ERRORS = errors(400, 401, 403, 404, 409, 422)


class ReplaceIn(Shape):
    """Which label took the place of this one's: the code of a package of the order, or of one that is new."""

    tracking_code: Code
    carrier: Carrier | None = Field(None, description="of the new label; default: the same carrier")
    lenient: bool = Field(default=False, description="take a code whose check digit is wrong")


class ReplacedOut(Shape):
    """The package whose label was replaced, and the one that took its place (null once it stands again)."""

    replaced: ShipmentDetail
    by: ShipmentDetail | None


@router.post("/shipments/{shipment_id}/replace", responses=_ERRORS)
async def replace_shipment(
    request: Request, shipment_id: Id, body: ReplaceIn, means: MeansOf, who: Writer
) -> ReplacedOut:
    """The label was made again: the package goes by another code. The old one is not followed any more."""
    label = NewLabel(body.tracking_code, body.carrier or "", body.lenient)
    old, new = await replacing.replace_label(means, who.store_id, shipment_id, label, api_author(request, who))
    return ReplacedOut(replaced=await detail(means, who.store_id, old), by=await detail(means, who.store_id, new))


@router.post("/shipments/{shipment_id}/restore", responses=_ERRORS)
async def restore_shipment(request: Request, shipment_id: Id, means: MeansOf, who: Writer) -> ReplacedOut:
    """Its label was not replaced after all: it is followed again."""
    kept = await replacing.restore_label(means, who.store_id, shipment_id, api_author(request, who))
    return ReplacedOut(replaced=await detail(means, who.store_id, kept), by=None)
