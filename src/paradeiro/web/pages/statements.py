"""In: forms about a package: confirm, reopen, replace or restore its label, ask now; out: redirect to its order."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request, Response

from paradeiro.db.accounts import stores
from paradeiro.db.following import shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.flow.carriers import moving
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError, MissingError, StatementError
from paradeiro.flow.orders import label_replacement, statements
from paradeiro.flow.orders.label_replacement import NewLabel
from paradeiro.web.auth import Caller, Operator, RequestContext, page_actor
from paradeiro.web.pages import forms, order
from paradeiro.web.pages.layout import parse_id

router = APIRouter()
FormToken = Annotated[str, Form(max_length=200)]


@router.post("/orders/{number:path}/packages/{shipment}/confirm-delivery")
async def confirm_delivery(
    request: Request,
    number: str,
    shipment: str,
    context: RequestContext,
    who: Operator,
    form: FormToken = "",
    at: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Mark a package delivered."""

    async def apply(row: ShipmentRow) -> None:
        when = await _local_time(context, who, at.strip())
        await statements.confirm_delivery(
            context,
            who.store_id,
            row.shipment.id,
            delivered_at=when,
            by=page_actor(request, who),
        )
        if not (await _of_order(context, who, number, shipment)).shipment.snapshot.delivered:
            raise InvalidError("not_counted", "The statement was kept, and it does not count.")

    return await _apply(request, number, shipment, "confirm-delivery", context, who, form, apply, typed=at)


@router.post("/orders/{number:path}/packages/{shipment}/reopen")
async def reopen(
    request: Request,
    number: str,
    shipment: str,
    context: RequestContext,
    who: Operator,
    form: FormToken = "",
    reason: Annotated[str, Form(max_length=statements.LONGEST_TEXT)] = "",
) -> Response:
    """Take a delivery back."""

    async def apply(row: ShipmentRow) -> None:
        why = reason.replace("\x00", "")
        await statements.reopen(
            context,
            who.store_id,
            row.shipment.id,
            reason=why,
            by=page_actor(request, who),
        )

    return await _apply(request, number, shipment, "reopen", context, who, form, apply, typed=reason)


@router.post("/orders/{number:path}/packages/{shipment}/replace")
async def replace(
    request: Request,
    number: str,
    shipment: str,
    context: RequestContext,
    who: Operator,
    form: FormToken = "",
    code: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Replace the package's label by another one."""

    async def apply(row: ShipmentRow) -> None:
        by = page_actor(request, who)
        label = NewLabel(code.replace("\x00", ""))
        await label_replacement.replace_label(context, who.store_id, row.shipment.id, label, by)

    return await _apply(request, number, shipment, "replace", context, who, form, apply, typed=code)


@router.post("/orders/{number:path}/packages/{shipment}/move")
async def move(
    request: Request,
    number: str,
    shipment: str,
    context: RequestContext,
    who: Operator,
    form: FormToken = "",
    account: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Let another carrier's account follow the package."""

    async def apply(row: ShipmentRow) -> None:
        by = page_actor(request, who)
        await moving.move_shipment(context, who.store_id, row.shipment.id, parse_id(account) or 0, by)

    return await _apply(request, number, shipment, "move", context, who, form, apply)


@router.post("/orders/{number:path}/packages/{shipment}/restore")
async def restore(
    request: Request, number: str, shipment: str, context: RequestContext, who: Operator, form: FormToken = ""
) -> Response:
    """Take the replacement of the label back."""

    async def apply(row: ShipmentRow) -> None:
        by = page_actor(request, who)
        await label_replacement.restore_label(context, who.store_id, row.shipment.id, by)

    return await _apply(request, number, shipment, "restore", context, who, form, apply)


@router.post("/orders/{number:path}/packages/{shipment}/ask-now")
async def ask_now(
    request: Request, number: str, shipment: str, context: RequestContext, who: Operator, form: FormToken = ""
) -> Response:
    """Ask the carrier about the package at once."""

    async def apply(row: ShipmentRow) -> None:
        by = page_actor(request, who)
        await statements.check_now(context, who.store_id, row.shipment.id, by)

    return await _apply(request, number, shipment, "ask-now", context, who, form, apply)


async def _apply(
    request: Request,
    number: str,
    shipment: str,
    what: str,
    context: Context,
    who: Caller,
    form: str,
    apply: Callable[[ShipmentRow], Awaitable[None]],
    *,
    typed: str = "",
) -> Response:
    """Apply a statement if the form is valid and the package is the order's; else the order's page with the problem."""
    try:
        forms.check_form(request, context, who, form)
        await apply(await _of_order(context, who, number, shipment))
    except StatementError as error:
        return await order.render(request, number, context, who, problem=error.code, tried=shipment, typed=typed)
    return forms.redirect_back(request, f"/orders/{quote(number, safe='')}", what)


async def _of_order(context: Context, who: Caller, number: str, shipment: str) -> ShipmentRow:
    """The package, which must be one of this order. Raises `MissingError`."""
    shipment_id = parse_id(shipment)
    async with context.pool.connection() as connection:
        row = await shipments.shipment_row(connection, who.store_id, shipment_id) if shipment_id else None
    if row is None or row.order.number != number:
        raise MissingError("no_such_shipment", "This package is not of this order.")
    return row


async def _local_time(context: Context, who: Caller, text: str) -> datetime | None:
    """A form's date and time, in the store's time zone; None if empty. Raises `InvalidError`."""
    if not text:
        return None
    async with context.pool.connection() as connection:
        store = (await stores.stores(connection, [who.store_id]))[who.store_id]
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(store.time_zone))
    except ValueError as error:
        raise InvalidError("bad_time", "Date and time cannot be read.") from error
