"""In: packages of an order, or one picture of a delivery; out: the pictures that the store shows its customer.

Everybody with the link sees them, so the store's policy says which kinds are shown. Default: photos, no signatures
(these show a name and a document's number).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from paradeiro.db.accounts import stores
from paradeiro.db.following import proofs, shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.pool import Connection
from paradeiro.domain.following.proofs import SHOWN
from paradeiro.domain.words import ProofKind
from paradeiro.web.auth import RequestContext
from paradeiro.web.pages.layout import SECURITY, TEMPLATES, is_searchable
from paradeiro.web.pictures import picture_response

router = APIRouter()
_MOST = 4


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture of a delivery."""

    id: int
    shipment_id: int
    taken_at: datetime | None


async def shown(
    connection: Connection, packages: Sequence[ShipmentRow], kinds: Collection[ProofKind]
) -> list[ShownPicture]:
    """The pictures that the customer of these packages may see: of valid deliveries, and only image types."""
    delivered = [each.shipment.id for each in packages if each.shipment.snapshot.delivered]
    found = await proofs.proof_lines(connection, delivered) if delivered and kinds else []
    return [
        ShownPicture(each.id, each.shipment_id, each.taken_at)
        for each in found
        if each.kind in kinds and each.withdrawn_at is None and each.content_type in SHOWN
    ][: _MOST * len(packages)]


@router.get("/t/{token}/proof/{proof_id}")
async def show(request: Request, token: str, proof_id: int, context: RequestContext) -> Response:
    """One picture of a delivery of this order."""
    async with context.pool.connection() as connection:
        found = await shipments.by_token(connection, token) if is_searchable(token) else None
        image = None
        if found is not None and not found.order.customer.erased:
            store = (await stores.stores(connection, [found.shipment.store_id]))[found.shipment.store_id]
            packages = await shipments.of_order(connection, store.id, found.order.number)
            allowed = await shown(connection, packages, store.policy.proofs_shown)
            mine = next((each for each in allowed if each.id == proof_id), None)
            if mine is not None:
                key = context.secret_key
                image = await proofs.proof_image(connection, store.id, mine.shipment_id, mine.id, key=key)
    if image is None:
        return HTMLResponse(TEMPLATES.get_template("nowhere.html").render(), 404, headers=SECURITY)
    return picture_response(request, f"comprovante-{proof_id}", image)
