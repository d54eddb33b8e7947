"""In: the statuses of an order's packages; out: Mercado Livre's status and substatus for the order's one shipment.

Contract: the page of the states of orders that the seller ships, V2, of 2026-08-20 (docs/connectors/mercado_livre.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from paradeiro.domain.words import Reason, Status

V1, V2 = "v1", "v2"
# The shipping service that every notification must name, by country.
SERVICES = {"BR": 11, "AR": 154, "MX": 231876, "CL": 282578, "CO": 282579, "UY": 282604, "PE": 361180}


@dataclass(frozen=True, slots=True)
class State:
    """A status with its substatus; an empty one is `null` there."""

    status: str
    substatus: str = ""

    @property
    def final(self) -> bool:
        """Whether Mercado Livre accepts nothing after it."""
        return self.status in FINAL

    def __str__(self) -> str:
        return f"{self.status}/{self.substatus}" if self.substatus else self.status


FINAL = frozenset({"delivered", "not_delivered", "cancelled"})
SHIPPED = State("shipped")
DELIVERED = State("delivered")
# Final and irreversible: the buyer is refunded. So never while the package is only on its way back.
RETURNED = State("not_delivered", "returned")
REFUSED = State("not_delivered", "refused_delivery")
RETURNED_V1 = State("not_delivered", "returning_to_sender")
_NOT_SHIPPED = frozenset({Status.REGISTERED, Status.UNKNOWN, Status.CANCELLED})

# Substatus for the package with the news, where one of our reasons means the same. Never sent, since no reason of ours
# means it: at_the_door, soon_deliver, unauthorized_receiver (nobody present may accept it: a recipient who refuses is
# another thing), impassable_zone, documentation_issue. `customs`, the normal passage, is no issue.
_SUBSTATUSES = {
    (Status.OUT_FOR_DELIVERY, None): State("shipped", "out_for_delivery"),
    (Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT): State("shipped", "receiver_absent"),
    (Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM): State("shipped", "bad_address"),
    # The recipient is not to be found at the address that the buyer gave: to the buyer it is the address.
    (Status.ATTEMPT_FAILED, Reason.RECIPIENT_MOVED): State("shipped", "bad_address"),
    (Status.ATTEMPT_FAILED, Reason.RECIPIENT_UNKNOWN): State("shipped", "bad_address"),
    (Status.ATTEMPT_FAILED, Reason.RESTRICTED_AREA): State("shipped", "dangerous_area"),
}
_SUBSTATUSES_SINCE_V2 = {
    (Status.ATTEMPT_FAILED, Reason.DELAYED): State("shipped", "not_visited"),
    (Status.EXCEPTION, Reason.PAYMENT_DUE): State("shipped", "taxes_issue"),
    (Status.EXCEPTION, Reason.CUSTOMS_HOLD): State("shipped", "fiscalization_issue"),
}
# Every substatus of `shipped` that a seller sends.
SELLER_SUBSTATUSES = frozenset(state.substatus for state in (_SUBSTATUSES | _SUBSTATUSES_SINCE_V2).values()) | {
    "soon_deliver",
    "at_the_door",
    "unauthorized_receiver",
    "impassable_zone",
    "documentation_issue",
}


def shows(shown: State, told: State) -> bool:
    """Whether the shown state includes the sent one. A substatus of Mercado Livre's own counts as none."""
    if shown.status != told.status:
        return False
    return shown.substatus == told.substatus or not (told.substatus or shown.substatus in SELLER_SUBSTATUSES)


def state_of(
    status: Status, reason: Reason | None, others: Sequence[Status], *, refused: bool = False, version: str = V2
) -> State | None:
    """The state for the order's shipment. `others`: the order's other packages; `refused`: the package came back
    because the recipient refused it; None: nothing to send yet.

    Mercado Livre knows one shipment per order. It is delivered when all packages are, and not delivered when all are
    back: both are final there, and a package that is still coming would be lost to the buyer.
    """
    going = [other for other in others if other is not Status.CANCELLED]
    every = [status, *going]
    if status in _NOT_SHIPPED:
        return None
    if all(each is Status.DELIVERED for each in every):
        return DELIVERED
    if all(each is Status.RETURNED for each in every):
        if version == V1:
            return RETURNED_V1
        return REFUSED if refused and not going else RETURNED
    doing = _SUBSTATUSES if version == V1 else _SUBSTATUSES | _SUBSTATUSES_SINCE_V2
    return doing.get((status, reason)) or doing.get((status, None)) or SHIPPED
