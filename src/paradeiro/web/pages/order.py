"""In: an order's number, and what an operator states about its packages; out: the order with its timelines."""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from paradeiro.db import effects, events, reading, shipments, stores
from paradeiro.db.orders import order_by_number
from paradeiro.domain.words import Source
from paradeiro.flow import statements
from paradeiro.flow.errors import InvalidError, StatementError
from paradeiro.flow.means import Means
from paradeiro.web.auth import COOKIE, WRITE, Caller, MeansOf, Operator, form_token
from paradeiro.web.pages.layout import WORDS, page, plain
from paradeiro.web.pages.proofs import proofs_of
from paradeiro.web.view import PackageView, package_view

router = APIRouter()
_KINDS = {
    "tracking_number": "número de rastreio",
    "order_update": "histórico",
    "customer_mail": "e-mail",
    "customer_correction": "e-mail de correção",
    "marketplace_invoice": "nota fiscal",
    "marketplace_tracking_number": "número de rastreio",
    "marketplace_update": "histórico",
}
_STATES = {
    "pending": "na fila",
    "sending": "enviando",
    "done": "aceito",
    "superseded": "substituído por notícia mais nova",
    "refused": "recusado",
}
_OUTCOMES = {
    "": "ainda não perguntado",
    "found": "respondeu",
    "not_found": "ainda não conhece o código",
    "retry": "não respondeu",
    "auth_failed": "recusou as credenciais",
    "malformed": "resposta ilegível, guardada",
    "refused": "recusou o código",
}


@router.get("/orders/{number}")
async def show(request: Request, number: str, means: MeansOf, who: Operator) -> Response:
    """One order."""
    return await _show(request, number, means, who)


async def _show(request: Request, number: str, means: Means, who: Caller, *, problem: str = "") -> Response:
    async with means.pool.connection() as connection:
        found = await order_by_number(connection, who.store_id, number)
        if found is None:
            return plain("missing.html", 404)
        kept = await shipments.of_order(connection, who.store_id, number)
        store = (await stores.stores(connection, [who.store_id]))[who.store_id]
        told = await effects.shown(connection, [k.shipment.id for k in kept])
        lines = {
            line.id: line
            for line in await reading.shipment_lines(connection, who.store_id, order_number=number, limit=200)
        }
        proofs = await proofs_of(connection, [k.shipment.id for k in kept])
        zone = ZoneInfo(store.time_zone)
        views: list[PackageView] = []
        for each in kept:
            shown = await events.shown(connection, each.shipment.id)
            views.append(package_view(each, shown, now=means.now(), zone=zone, words=WORDS, private=True))
    return await page(
        request,
        means,
        who,
        "order.html",
        422 if problem else 200,
        order=found[1],
        views=views,
        lines=lines,
        told=told,
        proofs=proofs,
        kinds=_KINDS,
        states=_STATES,
        outcomes=_OUTCOMES,
        problem=problem,
        titles={name: connector.title for name, connector in means.connectors.items()},
        link=lambda k: f"{means.public_url}/t/{k.shipment.tracking_token}",
    )


def _check(request: Request, means: Means, who: Caller, form: str) -> None:
    """Only a form of ours, sent by somebody who may write."""
    who.needs(WRITE)
    if form != form_token(request.cookies.get(COOKIE, ""), means.secret_key):
        raise InvalidError("stale_form", "Esta página ficou velha: recarregue e tente de novo.")


@router.post("/orders/{number}/packages/{shipment_id}/{what}")
async def state(
    request: Request,
    number: str,
    shipment_id: int,
    what: str,
    means: MeansOf,
    who: Operator,
    form: Annotated[str, Form()] = "",
    at: Annotated[str, Form(max_length=40)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Confirm a delivery, reopen it, or ask the carrier now."""
    try:
        _check(request, means, who, form)
        await _do(means, who, shipment_id, what, at=at, reason=reason)
    except StatementError as error:
        return await _show(request, number, means, who, problem=error.message)
    return RedirectResponse(f"/orders/{quote(number, safe='')}", 303)


async def _do(means: Means, who: Caller, shipment_id: int, what: str, *, at: str, reason: str) -> None:
    by = {"source": Source.OPERATOR, "author": who.name}
    match what:
        case "confirm-delivery":
            delivered_at = await _local(means, who, at)
            await statements.confirm_delivery(means, who.store_id, shipment_id, delivered_at=delivered_at, **by)  # type: ignore[arg-type]  # both by name
        case "reopen":
            await statements.reopen(means, who.store_id, shipment_id, why=reason, **by)  # type: ignore[arg-type]  # both by name
        case "ask-now":
            async with means.pool.connection() as connection:
                await shipments.ask_now(connection, who.store_id, shipment_id, now=means.now())
        case _:
            raise InvalidError("no_such_action", "Esta ação não existe.")


async def _local(means: Means, who: Caller, text: str) -> datetime | None:
    """A form's date and time, which are of the store's zone; None for an empty one."""
    if not text:
        return None
    async with means.pool.connection() as connection:
        store = (await stores.stores(connection, [who.store_id]))[who.store_id]
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(store.time_zone))
    except ValueError as error:
        raise InvalidError("bad_time", "A data e a hora não se leem: use o formato 2026-11-23T14:20.") from error
