"""In: what an order's packages are doing; out: Mercado Livre's status and substatus for the order's one shipment.

Contract: developers.mercadolivre.com.br/pt-br/status-de-pedidos-rastreamento (read in November 2026).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from paradeiro.domain.words import Reason, Status


@dataclass(frozen=True, slots=True)
class State:
    """A status with its substatus; an empty one is `null` there."""

    status: str
    substatus: str = ""

    @property
    def final(self) -> bool:
        """Whether Mercado Livre takes nothing after it."""
        return self.status in FINAL


FINAL = frozenset({"delivered", "not_delivered", "cancelled"})
SHIPPED = State("shipped")
DELIVERED = State("delivered")
RETURNING = State("not_delivered", "returning_to_sender")  # final and irreversible there
_NOT_SHIPPED = frozenset({Status.REGISTERED, Status.UNKNOWN, Status.CANCELLED})
_COMING_BACK = frozenset({Status.RETURNING, Status.RETURNED})

# What the package that the news is about is doing, where there is a word for it (the failed attempts since
# 2026-05). `unauthorized_receiver` is never said: a recipient who refuses is another thing, and no carrier tells of it.
_DOING = {
    (Status.OUT_FOR_DELIVERY, None): State("shipped", "out_for_delivery"),
    (Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT): State("shipped", "receiver_absent"),
    (Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM): State("shipped", "bad_address"),
    (Status.ATTEMPT_FAILED, Reason.RESTRICTED_AREA): State("shipped", "dangerous_area"),
}


def state_of(status: Status, reason: Reason | None, others: Sequence[Status]) -> State | None:
    """What is told of the order's shipment. `others`: the order's other packages; None: nothing to tell yet.

    Mercado Livre knows one shipment per order. It is delivered when all packages are, and on its way back when all
    are: both are final there, and a package that is still coming would be lost to the buyer.
    """
    every = [status, *(other for other in others if other is not Status.CANCELLED)]
    if status in _NOT_SHIPPED:
        return None
    if all(each is Status.DELIVERED for each in every):
        return DELIVERED
    if all(each in _COMING_BACK for each in every):
        return RETURNING
    return _DOING.get((status, reason)) or _DOING.get((status, None)) or SHIPPED
