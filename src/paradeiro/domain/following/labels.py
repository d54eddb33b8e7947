"""In: packages of an order, an invoice's tracking number field; out: which labels were replaced. Pure.

An order system stores one tracking number per invoice. If it changes while the package with the old number was never
posted, the label was replaced. Packages stated as two are never treated so.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from paradeiro.domain.records import Snapshot
from paradeiro.domain.words import Status

# Before the carrier has the package, or once it cannot arrive under this label.
_NOT_ON_ITS_WAY = frozenset({Status.REGISTERED, Status.UNKNOWN, Status.CANCELLED, Status.RETURNED})


@dataclass(frozen=True, slots=True)
class Label:
    """The label of a package. `named_before`: the field has named its code before."""

    id: int
    tracking_code: str
    snapshot: Snapshot
    named_before: bool


def never_posted(snapshot: Snapshot) -> bool:
    """Whether the carrier has not got it as far as known, or it was cancelled or returned."""
    return snapshot.status in _NOT_ON_ITS_WAY


def replaced_labels(labels: Sequence[Label], named_codes: Collection[str], new: Sequence[int]) -> dict[int, int]:
    """New ids by replaced id: packages whose code the field has named and no longer names, if it names new ones
    (`new`). `named_codes`: all codes named now, by all invoices of the order.
    """
    old = [
        each.id
        for each in labels
        if each.named_before
        and each.tracking_code not in named_codes
        and each.id not in new
        and never_posted(each.snapshot)
    ]
    return {each: new[min(index, len(new) - 1)] for index, each in enumerate(old)} if new else {}
