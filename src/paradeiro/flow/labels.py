"""In: a label that took the place of another's, as somebody or an invoice's field says; out: it is kept and told."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from paradeiro.db import notices, orders, packages, shipments
from paradeiro.db.pool import Connection
from paradeiro.db.shipments import Kept
from paradeiro.domain.codes import tidy_code
from paradeiro.domain.labels import Label, replaced
from paradeiro.domain.records import Invoice
from paradeiro.domain.words import NoticeKind
from paradeiro.flow.errors import ConflictError, InvalidError
from paradeiro.flow.planning import tell_invoices, tell_numbers
from paradeiro.flow.surroundings import Surroundings


def invoices_of(kept: Kept) -> tuple[Invoice, ...]:
    """All invoices of a package."""
    return (kept.shipment.invoice, *(each.invoice for each in kept.shipment.further))


async def by_field(
    connection: Connection,
    around: Surroundings,
    order_id: int,
    before: Sequence[Kept],
    new: Mapping[str, Sequence[int]],
    says: Collection[str],
    *,
    shown: bool,
    now: datetime,
) -> list[tuple[int, str]]:
    """What the fields that an order system keeps for its invoices replaced by naming other codes. `before`: the order's
    packages as they were; `new`: by invoice number the packages that came to it now; `says`: all codes named now;
    `shown`: by the order system itself. Of each that was replaced the id, and what took whose place.
    """
    numbers = {invoice.number for k in before for invoice in invoices_of(k)}
    stated = await packages.stated_by_field(connection, order_id, sorted(numbers | new.keys()))
    came = {number: list(ids) for number, ids in new.items()}
    for again in _named_again(before, says, {} if shown else stated):
        await stand_again(connection, around, again, before, numbers=not shown, now=now)
        for invoice in invoices_of(again):
            came.setdefault(invoice.number, []).append(again.shipment.id)
    pairs: dict[int, int] = {}
    for number, ids in came.items():
        labels = [
            Label(k.shipment.id, k.shipment.tracking_code, k.shipment.snapshot, said)
            for k in before
            if k.shipment.replaced_by is None and (said := _said(k, number, stated.get(number, ""))) is not None
        ]
        pairs |= replaced(labels, says, ids)
    await take_place(connection, around, before, pairs, author="", now=now)
    new_codes = {k.shipment.id: k.shipment.tracking_code for k in await shipments.lock(connection, [*pairs.values()])}
    old_codes = {k.shipment.id: k.shipment.tracking_code for k in before}
    return [(old, f"{old_codes[old]} → {new_codes[by]}") for old, by in sorted(pairs.items())]


def _named_again(before: Sequence[Kept], says: Collection[str], stated: Mapping[str, str]) -> list[Kept]:
    """Labels that a field replaced by another and names now: so they were not. Not those whose successor this field has
    never named: the order system may show for a while what a caller has changed already.
    """
    by_id = {k.shipment.id: k for k in before}

    def named(kept: Kept) -> bool:
        return any(_said(kept, i.number, stated.get(i.number, "")) for i in invoices_of(kept))

    return [
        k
        for k in before
        if k.shipment.tracking_code in says
        and not k.replaced_author
        and (successor := by_id.get(k.shipment.replaced_by or 0)) is not None
        and named(successor)
    ]


def _said(kept: Kept, number: str, stated: str) -> bool | None:
    """Whether the invoice's field has named this package; None if it is none of the invoice's."""
    mine = [invoice for invoice in invoices_of(kept) if invoice.number == number]
    if not mine or not number:
        return None
    return any(invoice.tracking_code for invoice in mine) or kept.shipment.tracking_code in tidy_code(stated)


async def take_place(
    connection: Connection,
    around: Surroundings,
    before: Sequence[Kept],
    pairs: Mapping[int, int],
    *,
    author: str,
    now: datetime,
) -> None:
    """The new labels take the place of the old ones: orders are settled, order systems hear what that makes of their
    invoices if they had heard anything of them.
    """
    old = {k.shipment.id: k for k in before if k.shipment.id in pairs}
    for new_id in sorted(set(pairs.values())):
        ids = [each for each in old if pairs[each] == new_id]
        await packages.replace_label(connection, ids, new_id, author=author, now=now)
        for each in ids:
            whose, subject = old[each].shipment.store_id, f"shipment {each}"
            await notices.resolve_subject(connection, whose, [NoticeKind.WRONG_CODE], subject, now=now)
        cause = f"replaced {sorted(ids)} {now.isoformat()}"
        await _tell(connection, around, new_id, before, cause, numbers=bool(author), now=now)
    if old:
        await orders.settle_deliveries(connection, sorted({k.order_id for k in old.values()}))


async def stand_again(
    connection: Connection,
    around: Surroundings,
    kept: Kept,
    before: Sequence[Kept],
    *,
    numbers: bool = True,
    now: datetime,
) -> None:
    """A label was not replaced after all. `numbers`: the order system does not show that by itself."""
    shipment = kept.shipment
    await packages.restore_label(connection, [shipment.id], now=now)
    cause = f"stands again {now.isoformat()}"
    await _tell(connection, around, shipment.id, before, cause, numbers=numbers, now=now)
    await orders.settle_deliveries(connection, [kept.order_id])


async def _tell(
    connection: Connection,
    around: Surroundings,
    shipment_id: int,
    before: Sequence[Kept],
    cause: str,
    *,
    numbers: bool,
    now: datetime,
) -> None:
    """`numbers`: the order system does not show the labels' numbers by itself, a person said which they are."""
    kept = (await shipments.lock(connection, [shipment_id]))[0]
    bills = {invoice.number for invoice in invoices_of(kept)}
    if numbers:
        await tell_numbers(connection, around, kept, cause, now=now)
    if any(k.shipment.snapshot.news_at for k in (*before, kept) if bills & {i.number for i in invoices_of(k)}):
        await tell_invoices(connection, around, kept, cause, now=now)


def replaceable(kept: Kept, successor: Kept) -> bool:
    """Whether it is still to be done; raises `StatementError` where it cannot be."""
    old, new = kept.shipment, successor.shipment
    if old.id == new.id:
        raise InvalidError("same_label", f"{old.tracking_code} cannot take its own place: give the new label's code.")
    if old.replaced_by == new.id:
        return False
    if old.replaced_by is not None:
        words = f"{old.tracking_code} was replaced already, by shipment {old.replaced_by}. Restore it first."
        raise ConflictError("already_replaced", words, {"replaced_by": old.replaced_by})
    if new.replaced_by is not None:
        words = f"{new.tracking_code} was replaced itself, by shipment {new.replaced_by}: name that one."
        raise ConflictError("successor_replaced", words, {"replaced_by": new.replaced_by})
    if old.snapshot.delivered:
        words = f"{old.tracking_code} is delivered, so no label took its place. Reopen it first if it is not."
        raise ConflictError("delivered", words)
    return True


async def replace_named(
    connection: Connection,
    around: Surroundings,
    kept: Sequence[Kept],
    code: str,
    new_id: int,
    *,
    author: str,
    now: datetime,
) -> tuple[int, str] | None:
    """A package says which of its order's labels it replaces: that one's id and code; None if that was known."""
    wanted = tidy_code(code)
    old = next((k for k in kept if k.shipment.tracking_code == wanted and k.shipment.id != new_id), None)
    old = old or next((k for k in kept if k.shipment.tracking_code == wanted), None)
    new = next(k for k in kept if k.shipment.id == new_id)
    if old is None:
        known = sorted(k.shipment.tracking_code for k in kept if k.shipment.id != new_id)
        has = ", ".join(known) or "none"
        words = f"'{wanted[:64]}' is no package of this order, so nothing can replace it; it has {has}."
        raise InvalidError("unknown_label", words, {"known": known})
    if not replaceable(old, new):
        return None
    await take_place(connection, around, kept, {old.shipment.id: new_id}, author=author, now=now)
    return old.shipment.id, old.shipment.tracking_code
