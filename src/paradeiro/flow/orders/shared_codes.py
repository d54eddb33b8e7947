"""In: a new package; out: a notice if another order has the same code with another postal code."""

from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.orders import packages
from paradeiro.db.pool import Connection
from paradeiro.domain.words import NoticeKind

# Orders that a notice names.
_NAMED = 5


def shared_code_subject(shipment_id: int) -> str:
    """What such a notice is about: it stands though the carrier tells news of the code."""
    return f"code of shipment {shipment_id}"


async def shared_code_notices(connection: Connection, row: ShipmentRow) -> list[NoticeDraft]:
    """Orders with one postal code may share a box; with two postal codes one of the codes is wrong or reused."""
    others = await packages.orders_going_elsewhere(connection, row.shipment.id, most=_NAMED)
    if not others:
        return []
    code, number, named = row.shipment.tracking_code, row.order.number, ", ".join(others)
    words = (
        f"{code} of order {number} is also the code of order {named}, which goes to another postal code: one of them "
        "is wrong. Check the labels and register the right code (Label made again)."
    )
    facts = {"variant": "shared", "code": code, "order": number, "others": named}
    subject = shared_code_subject(row.shipment.id)
    return [
        NoticeDraft(
            row.shipment.store_id,
            NoticeKind.WRONG_CODE,
            subject,
            words,
            shipment_id=row.shipment.id,
            facts=facts,
        )
    ]
