"""In: packages, or one picture's id; out: the proofs of their deliveries for the order's page, or the picture."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import APIRouter, Request, Response

from paradeiro.db.following import proofs, shipments
from paradeiro.db.following.proofs import ProofLine, SearchLine
from paradeiro.db.pool import Connection
from paradeiro.domain.following.proofs import SHOWN
from paradeiro.domain.words import ProofState
from paradeiro.web.auth import Operator, RequestContext
from paradeiro.web.pages.layout import not_found_page
from paradeiro.web.pictures import picture_response

router = APIRouter()
_KILOBYTE = 1024


@dataclass(frozen=True, slots=True)
class PictureView:
    """One picture. `shown`: displayed in the page; else a link to a file of `kilobytes`."""

    id: int
    kind: str
    comment: str = field(repr=False)
    taken_at: datetime | None
    shown: bool
    kilobytes: int
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class ProofsView:
    """The proofs of one delivery: pictures, searches that go on (`waiting`), searches given up (`missing`)."""

    pictures: tuple[PictureView, ...]
    waiting: tuple[SearchLine, ...]
    missing: tuple[SearchLine, ...]


async def proofs_of(connection: Connection, shipment_ids: Sequence[int]) -> dict[int, ProofsView]:
    """By shipment id: the proofs of those that have pictures or searches."""
    pictures = await proofs.proof_lines(connection, shipment_ids)
    searches = await proofs.search_lines(connection, shipment_ids)
    return {
        shipment_id: ProofsView(
            tuple(_picture(each) for each in pictures if each.shipment_id == shipment_id),
            _of(searches, shipment_id, ProofState.WANTED),
            _of(searches, shipment_id, ProofState.GIVEN_UP),
        )
        for shipment_id in {p.shipment_id for p in pictures} | {s.shipment_id for s in searches}
    }


def _of(searches: Sequence[SearchLine], shipment_id: int, state: ProofState) -> tuple[SearchLine, ...]:
    return tuple(each for each in searches if each.shipment_id == shipment_id and each.state == state)


def _picture(proof: ProofLine) -> PictureView:
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
    request: Request, number: str, shipment_id: int, proof_id: int, context: RequestContext, who: Operator
) -> Response:
    """One picture, for a signed-in operator of its store."""
    async with context.pool.connection() as connection:
        row = await shipments.shipment_row(connection, who.store_id, shipment_id)
        image = await proofs.proof_image(connection, who.store_id, shipment_id, proof_id, key=context.secret_key)
    if row is None or row.order.number != number or image is None:
        return await not_found_page(request, context, who)
    return picture_response(request, f"comprovante-{proof_id}", image)
