"""In: packages of an order, and what the one field of an invoice for a number says; out: which labels it replaced.

An order system keeps one tracking number per invoice. If it says another one while the package under the old one was
never handed over, the label was made again. Two packages stated as two are never taken for that.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from paradeiro.domain.records import Snapshot
from paradeiro.domain.words import Status

# What a package is before its carrier has it, and what it is once it can arrive no more under this label.
_NOT_ON_ITS_WAY = frozenset({Status.REGISTERED, Status.UNKNOWN, Status.CANCELLED, Status.RETURNED})


@dataclass(frozen=True, slots=True)
class Label:
    """A package as far as its label goes. `said`: the field has named its code before."""

    id: int
    tracking_code: str
    snapshot: Snapshot
    said: bool


def never_posted(snapshot: Snapshot) -> bool:
    """Whether nothing says that the carrier has it, or it was cancelled, or came back."""
    return snapshot.status in _NOT_ON_ITS_WAY


def replaced(labels: Sequence[Label], says: Collection[str], new: Sequence[int]) -> dict[int, int]:
    """Old ids with the new one of each: packages of an invoice whose codes the field had said and does not say now, if
    it names packages that are new. `says`: all codes that it names now, for this invoice and the others of the order.
    """
    old = [
        each.id
        for each in labels
        if each.said and each.tracking_code not in says and each.id not in new and never_posted(each.snapshot)
    ]
    return {each: new[min(index, len(new) - 1)] for index, each in enumerate(old)} if new else {}
