"""In: packages, or one picture's id; out: the proofs of their deliveries for the order's page, or the picture."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import APIRouter, Request, Response

from paradeiro.db import proofs, shipments
from paradeiro.db.pool import Connection
from paradeiro.db.proofs import ShownProof, ShownSearch
from paradeiro.domain.proofs import SHOWN
from paradeiro.domain.words import ProofState
from paradeiro.web.auth import MeansOf, Operator
from paradeiro.web.pages.layout import nothing_here
from paradeiro.web.picture import picture_response

router = APIRouter()
_KILOBYTE = 1024


@dataclass(frozen=True, slots=True)
class PictureView:
    """One picture. `shown`: it may stand in the page; else it is a link to a file of so many kilobytes."""

    id: int
    kind: str
    comment: str = field(repr=False)
    taken_at: datetime | None
    shown: bool
    kilobytes: int
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class ProofsView:
    """What there is to show of the proofs of one delivery: pictures, and what is still, or no longer, looked for."""

    pictures: tuple[PictureView, ...]
    waiting: tuple[ShownSearch, ...]
    missing: tuple[ShownSearch, ...]


async def proofs_of(connection: Connection, shipment_ids: Sequence[int]) -> dict[int, ProofsView]:
    """The proofs of the shipments that have any, or wait for one."""
    pictures = await proofs.shown(connection, shipment_ids)
    searches = await proofs.searches(connection, shipment_ids)
    return {
        shipment_id: ProofsView(
            tuple(_picture(each) for each in pictures if each.shipment_id == shipment_id),
            _of(searches, shipment_id, ProofState.WANTED),
            _of(searches, shipment_id, ProofState.GIVEN_UP),
        )
        for shipment_id in {p.shipment_id for p in pictures} | {s.shipment_id for s in searches}
    }


def _of(searches: Sequence[ShownSearch], shipment_id: int, state: ProofState) -> tuple[ShownSearch, ...]:
    return tuple(each for each in searches if each.shipment_id == shipment_id and each.state == state)


def _picture(proof: ShownProof) -> PictureView:
    return PictureView(
        proof.id,
        proof.kind,
        proof.comment,
        proof.taken_at,
        proof.content_type in SHOWN,
        -(-proof.size // _KILOBYTE),
        proof.withdrawn_at is not None,
    )


@router.get("/orders/{number:path}/packages/{shipment_id}/proofs/{proof_id}")
async def show(
    request: Request, number: str, shipment_id: int, proof_id: int, means: MeansOf, who: Operator
) -> Response:
    """One picture, for a signed-in operator of its store."""
    async with means.pool.connection() as connection:
        kept = await shipments.kept(connection, who.store_id, shipment_id)
        image = await proofs.image(connection, who.store_id, shipment_id, proof_id)
    if kept is None or kept.order.number != number or image is None:
        return await nothing_here(request, means, who)
    return picture_response(request, f"comprovante-{proof_id}", image)
