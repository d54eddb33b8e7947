"""In: a package that is new; out: a notice if another order goes by the same code to another place."""

from paradeiro.db import packages
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection
from paradeiro.db.shipments import Kept
from paradeiro.domain.words import NoticeKind

# Orders that a notice names.
_NAMED = 5


async def shared_code(connection: Connection, kept: Kept) -> list[NoticeDraft]:
    """One box may have several orders of one place; at two places one of the codes is mistyped, or used again."""
    others = await packages.going_elsewhere(connection, kept.shipment.id, most=_NAMED)
    if not others:
        return []
    code, number, named = kept.shipment.tracking_code, kept.order.number, ", ".join(others)
    words = (
        f"{code} of order {number} is also the code of order {named}, which goes to another postal code: one of them "
        "is wrong. Check the labels and register the right code (Label made again)."
    )
    facts = {"variant": "shared", "code": code, "order": number, "others": named}
    subject = f"shipment {kept.shipment.id}"
    return [
        NoticeDraft(
            kept.shipment.store_id,
            NoticeKind.WRONG_CODE,
            subject,
            words,
            shipment_id=kept.shipment.id,
            facts=facts,
        )
    ]
