"""In: what an operator states about a package: delivered, not delivered after all, ask now; out: back to its order."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request, Response

from paradeiro.db import shipments, stores
from paradeiro.db.audit import By
from paradeiro.db.shipments import Kept
from paradeiro.domain.words import Source
from paradeiro.flow import replacing, statements
from paradeiro.flow.errors import InvalidError, MissingError, StatementError
from paradeiro.flow.means import Means
from paradeiro.flow.replacing import NewLabel
from paradeiro.web.auth import Caller, MeansOf, Operator, origin_of
from paradeiro.web.pages import forms, order
from paradeiro.web.pages.layout import id_of

router = APIRouter()
FormToken = Annotated[str, Form(max_length=200)]


@router.post("/orders/{number:path}/packages/{shipment}/confirm-delivery")
async def confirm_delivery(
    request: Request,
    number: str,
    shipment: str,
    means: MeansOf,
    who: Operator,
    form: FormToken = "",
    at: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Mark a package delivered."""

    async def state(kept: Kept) -> None:
        when = await _local(means, who, at.strip())
        await statements.confirm_delivery(
            means,
            who.store_id,
            kept.shipment.id,
            delivered_at=when,
            source=Source.OPERATOR,
            author=who.name,
            origin=origin_of(request),
        )
        if not (await _of_order(means, who, number, shipment)).shipment.snapshot.delivered:
            raise InvalidError("not_counted", "The statement was kept, and it does not count.")

    return await _state(request, number, shipment, "confirm-delivery", means, who, form, state, typed=at)


@router.post("/orders/{number:path}/packages/{shipment}/reopen")
async def reopen(
    request: Request,
    number: str,
    shipment: str,
    means: MeansOf,
    who: Operator,
    form: FormToken = "",
    reason: Annotated[str, Form(max_length=statements.LONGEST_TEXT)] = "",
) -> Response:
    """Take a delivery back."""

    async def state(kept: Kept) -> None:
        why = reason.replace("\x00", "")
        await statements.reopen(
            means,
            who.store_id,
            kept.shipment.id,
            why=why,
            source=Source.OPERATOR,
            author=who.name,
            origin=origin_of(request),
        )

    return await _state(request, number, shipment, "reopen", means, who, form, state, typed=reason)


@router.post("/orders/{number:path}/packages/{shipment}/replace")
async def replace(
    request: Request,
    number: str,
    shipment: str,
    means: MeansOf,
    who: Operator,
    form: FormToken = "",
    code: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Another label took the place of this package's."""

    async def state(kept: Kept) -> None:
        by = By(who.name, "page", origin_of(request))
        label = NewLabel(code.replace("\x00", ""))
        await replacing.replace_label(means, who.store_id, kept.shipment.id, label, by)

    return await _state(request, number, shipment, "replace", means, who, form, state, typed=code)


@router.post("/orders/{number:path}/packages/{shipment}/restore")
async def restore(
    request: Request, number: str, shipment: str, means: MeansOf, who: Operator, form: FormToken = ""
) -> Response:
    """Its label was not replaced after all."""

    async def state(kept: Kept) -> None:
        by = By(who.name, "page", origin_of(request))
        await replacing.restore_label(means, who.store_id, kept.shipment.id, by)

    return await _state(request, number, shipment, "restore", means, who, form, state)


@router.post("/orders/{number:path}/packages/{shipment}/ask-now")
async def ask_now(
    request: Request, number: str, shipment: str, means: MeansOf, who: Operator, form: FormToken = ""
) -> Response:
    """Make a package due at once."""

    async def state(kept: Kept) -> None:
        by = By(who.name, "page", origin_of(request))
        await statements.ask_now(means, who.store_id, kept.shipment.id, by)

    return await _state(request, number, shipment, "ask-now", means, who, form, state)


async def _state(
    request: Request,
    number: str,
    shipment: str,
    what: str,
    means: Means,
    who: Caller,
    form: str,
    state: Callable[[Kept], Awaitable[None]],
    *,
    typed: str = "",
) -> Response:
    """Do it if the form is ours and the package is the order's; say on the order's page if it cannot be done."""
    try:
        forms.check(request, means, who, form)
        await state(await _of_order(means, who, number, shipment))
    except StatementError as error:
        return await order.render(request, number, means, who, problem=error.code, tried=shipment, typed=typed)
    return forms.back(request, f"/orders/{quote(number, safe='')}", what)


async def _of_order(means: Means, who: Caller, number: str, shipment: str) -> Kept:
    """The package, which must be one of this order: the page says the order's name beside the button."""
    shipment_id = id_of(shipment)
    async with means.pool.connection() as connection:
        kept = await shipments.kept(connection, who.store_id, shipment_id) if shipment_id else None
    if kept is None or kept.order.number != number:
        raise MissingError("no_such_shipment", "This package is not of this order.")
    return kept


async def _local(means: Means, who: Caller, text: str) -> datetime | None:
    """A form's date and time, which are of the store's zone; None for an empty one."""
    if not text:
        return None
    async with means.pool.connection() as connection:
        store = (await stores.stores(connection, [who.store_id]))[who.store_id]
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(store.time_zone))
    except ValueError as error:
        raise InvalidError("bad_time", "Date and time cannot be read.") from error
