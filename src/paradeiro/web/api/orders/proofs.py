"""In: a shipment, or one picture's id; out: its proofs of delivery as JSON with links, or the picture itself."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from paradeiro.db.following import proofs
from paradeiro.db.pool import Connection
from paradeiro.domain.words import ProofKind, ProofState
from paradeiro.flow.errors import MissingError
from paradeiro.web.api.shapes import ProofOut, ProofSearchOut, errors
from paradeiro.web.auth import Reader, RequestContext
from paradeiro.web.pictures import picture_response

router = APIRouter(tags=["shipments"])
_Id = Annotated[int, Path(ge=1, le=2**62)]


async def proofs_of(connection: Connection, shipment_id: int) -> tuple[list[ProofOut], list[ProofSearchOut]]:
    """The proofs of a delivery, and the state of the searches for them."""
    pictures = [
        ProofOut(
            id=each.id,
            kind=ProofKind(each.kind),
            content_type=each.content_type,
            size=each.size,
            comment=each.comment,
            taken_at=each.taken_at,
            fetched_at=each.fetched_at,
            withdrawn=each.withdrawn_at is not None,
            link=f"/api/v1/shipments/{shipment_id}/proofs/{each.id}",
        )
        for each in await proofs.proof_lines(connection, [shipment_id])
    ]
    searches = [
        ProofSearchOut(
            kind=ProofKind(each.kind),
            state=ProofState(each.state),
            tries=each.tries,
            next_try=each.next_try,
            message=each.message,
        )
        for each in await proofs.search_lines(connection, [shipment_id])
    ]
    return pictures, searches


@router.get("/shipments/{shipment_id}/proofs/{proof_id}", responses=errors(401, 403, 404, 422))
async def read_proof(
    shipment_id: _Id, proof_id: _Id, request: Request, context: RequestContext, who: Reader
) -> Response:
    """One picture that proves a delivery. It shows persons: handle it as personal data."""
    async with context.pool.connection() as connection:
        image = await proofs.proof_image(connection, who.store_id, shipment_id, proof_id, key=context.secret_key)
    if image is None:
        raise MissingError("no_such_proof", f"Shipment {shipment_id} of this store has no proof {proof_id}.")
    return picture_response(request, f"proof-{proof_id}", image)
