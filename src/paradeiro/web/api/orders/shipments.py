"""In: packages registered, events and deliveries stated by API; out: shipments with their timelines."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from paradeiro.db.following import events, replies, shipments
from paradeiro.db.following.events import EventLine
from paradeiro.db.outbox import effects
from paradeiro.db.pool import LONG_AGO, Connection
from paradeiro.db.screens import lists
from paradeiro.db.screens.lists import ShipmentLine
from paradeiro.domain.words import Status, reason_or_other, status_or_unknown
from paradeiro.flow.context import Context
from paradeiro.flow.customers.tracking_links import tracking_link
from paradeiro.flow.errors import ConflictError, ExpiredError, MissingError
from paradeiro.flow.orders import statements
from paradeiro.flow.orders.intake import StatedOrder, state_order
from paradeiro.flow.orders.labels import invoices_of
from paradeiro.flow.record import RecordingResult
from paradeiro.web.api.cursors import Cursor, cursor_of, row_of
from paradeiro.web.api.idempotency import IdempotentRoute, api_actor
from paradeiro.web.api.orders.proofs import proofs_of
from paradeiro.web.api.shapes import (
    DeliveryIn,
    EffectOut,
    EventIn,
    EventOut,
    PackageTaken,
    RecordedOut,
    Registered,
    ReopenIn,
    ShipmentDetail,
    ShipmentIn,
    ShipmentOut,
    ShipmentPage,
    errors,
)
from paradeiro.web.auth import Caller, Reader, RequestContext, Writer

router = APIRouter(tags=["shipments"], route_class=IdempotentRoute)
Id = Annotated[int, Path(ge=1, le=2**62)]
_ERRORS = errors(400, 401, 403, 404, 409, 422)


@router.post("/shipments", status_code=201, responses=_ERRORS)
async def register_shipment(
    request: Request, body: ShipmentIn, context: RequestContext, who: Writer, response: Response
) -> Registered:
    """Follow a package. 201 for a new one, 200 for one that is followed already."""
    stated = body.registration()
    taken = await state_order(context, who.store_id, StatedOrder(stated.order, (stated,)), api_actor(request, who))
    done = taken.packages[0]
    if not any(each.created for each in taken.packages):
        response.status_code = 200
    shipment = await shipment_detail(context, who.store_id, done.shipment_id)
    packages = [PackageTaken(id=each.shipment_id, created=each.created) for each in taken.packages]
    return Registered(id=done.shipment_id, created=done.created, shipment=shipment, packages=packages)


@router.get("/shipments", responses=_ERRORS)
async def list_shipments(
    context: RequestContext,
    who: Reader,
    status: Status | None = None,
    tracking_code: str | None = None,
    order_number: str | None = None,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ShipmentPage:
    """Shipments, newest first."""
    before = row_of("shipments", cursor)
    async with context.pool.connection() as connection:
        lines = await lists.shipment_lines(
            connection,
            who.store_id,
            status=status,
            tracking_code=tracking_code,
            order_number=order_number,
            before=before,
            limit=limit + 1,
        )
    page = lines[:limit]
    more = cursor_of("shipments", page[-1].id) if len(lines) > limit else None
    return ShipmentPage(items=[_shipment_out(line) for line in page], next=more)


@router.get("/shipments/{shipment_id}", responses=_ERRORS)
async def read_shipment(shipment_id: Id, context: RequestContext, who: Reader) -> ShipmentDetail:
    """One shipment with its timeline and the messages about it."""
    return await shipment_detail(context, who.store_id, shipment_id)


@router.post("/shipments/{shipment_id}/events", status_code=201, responses=_ERRORS)
async def state_event(
    request: Request, shipment_id: Id, body: EventIn, context: RequestContext, who: Writer
) -> RecordedOut:
    """State an event. It is handled like a carrier's event; stated twice it is one event."""
    done = await statements.add_event(
        context,
        who.store_id,
        shipment_id,
        body.statement(),
        by=api_actor(request, who),
    )
    return await _recorded_out(context, who, shipment_id, done)


@router.post("/shipments/{shipment_id}/confirm-delivery", responses=_ERRORS)
async def confirm_delivery(
    request: Request, shipment_id: Id, body: DeliveryIn, context: RequestContext, who: Writer
) -> RecordedOut:
    """Mark a package delivered. Repeating it changes nothing."""
    done = await statements.confirm_delivery(
        context,
        who.store_id,
        shipment_id,
        delivered_at=body.delivered_at,
        by=api_actor(request, who),
        description=body.description,
    )
    return await _recorded_out(context, who, shipment_id, done)


@router.post("/shipments/{shipment_id}/reopen", responses=_ERRORS)
async def reopen(
    request: Request, shipment_id: Id, body: ReopenIn, context: RequestContext, who: Writer
) -> RecordedOut:
    """Take back a wrong delivery; the order system and the customer are sent a correction."""
    done = await statements.reopen(
        context,
        who.store_id,
        shipment_id,
        reason=body.reason,
        by=api_actor(request, who),
    )
    return await _recorded_out(context, who, shipment_id, done)


@router.post("/shipments/{shipment_id}/ask-now", status_code=202, responses=_ERRORS)
async def ask_now(request: Request, shipment_id: Id, context: RequestContext, who: Writer) -> ShipmentDetail:
    """Ask the carrier as soon as possible, whatever the schedule says."""
    await statements.check_now(context, who.store_id, shipment_id, api_actor(request, who))
    return await shipment_detail(context, who.store_id, shipment_id)


@router.post("/orders/{order_number:path}/invoices/{invoice_number:path}/events", status_code=201, responses=_ERRORS)
async def state_event_of_invoice(
    request: Request, order_number: str, invoice_number: str, body: EventIn, context: RequestContext, who: Writer
) -> RecordedOut:
    """The same by order and invoice number, for callers that do not know our id."""
    shipment_id = await _shipment_of_invoice(context, who, order_number, invoice_number)
    return await state_event(request, shipment_id, body, context, who)


@router.post("/orders/{order_number:path}/invoices/{invoice_number:path}/confirm-delivery", responses=_ERRORS)
async def confirm_delivery_of_invoice(
    request: Request, order_number: str, invoice_number: str, body: DeliveryIn, context: RequestContext, who: Writer
) -> RecordedOut:
    """The same by order and invoice number, for callers that do not know our id."""
    shipment_id = await _shipment_of_invoice(context, who, order_number, invoice_number)
    return await confirm_delivery(request, shipment_id, body, context, who)


@router.get("/replies/{reply_id}", responses=_ERRORS | errors(410))
async def raw_reply(reply_id: Id, context: RequestContext, who: Reader) -> Response:
    """The raw answer of a party, byte for byte, as plain text. 410 once it has expired; its events stay."""
    async with context.pool.connection() as connection:
        found = await replies.reply(connection, who.store_id, reply_id)
        gone = found is None and await replies.is_expired(connection, reply_id)
    if gone:
        raise ExpiredError(
            "reply_expired",
            f"Reply {reply_id} has expired: raw answers are kept for {context.reply_days} days, those that were not "
            "understood until their notice is resolved and as long again. The events read from it are kept.",
            {"reply_days": context.reply_days},
        )
    if found is None:
        raise MissingError("no_such_reply", f"There is no reply {reply_id} in this store.")
    # Never as HTML or JSON: foreign content must not run in a browser.
    headers = {"X-Content-Type-Options": "nosniff", "Content-Disposition": f'inline; filename="reply-{reply_id}.txt"'}
    return Response(found.body, media_type="text/plain; charset=utf-8", headers=headers)


async def _shipment_of_invoice(context: Context, who: Caller, order_number: str, invoice_number: str) -> int:
    async with context.pool.connection() as connection:
        row = await shipments.of_order(connection, who.store_id, order_number)
    if not row:
        raise MissingError("no_such_order", f"There is no order '{order_number}' with a package. Register it first.")
    mine = [k.shipment for k in row if invoice_number in {i.number for i in invoices_of(k)}]
    if not mine:
        known = sorted({i.number for k in row for i in invoices_of(k)})
        message = f"Order '{order_number}' has no invoice '{invoice_number}' with a package; it has {', '.join(known)}."
        raise MissingError("no_such_invoice", message, {"known": known})
    current = [s.id for s in mine if s.replaced_by is None] or [mine[-1].id]
    if len(current) > 1:
        message = f"Invoice '{invoice_number}' has {len(current)} packages: name the shipment by its id."
        raise ConflictError("several_packages", message, {"shipments": current})
    return current[0]


async def _recorded_out(context: Context, who: Caller, shipment_id: int, done: RecordingResult) -> RecordedOut:
    shipment = await shipment_detail(context, who.store_id, shipment_id)
    return RecordedOut(events=done.events, effects=done.effects, shipment=shipment)


async def shipment_detail(context: Context, store_id: int, shipment_id: int) -> ShipmentDetail:
    """A shipment in the API's shape; raises `MissingError`."""
    async with context.pool.connection() as connection:
        row = await shipments.shipment_row(connection, store_id, shipment_id)
        if row is None:
            raise MissingError("no_such_shipment", f"There is no shipment {shipment_id} in this store.")
        shipment_id = row.shipment.id
        line = await _shipment_line(connection, store_id, shipment_id)
        shown = await events.event_lines(connection, shipment_id)
        sent = await effects.effect_lines(connection, [shipment_id])
        pictures, searches = await proofs_of(connection, shipment_id)
        address = await tracking_link(context, connection, store_id)
    snapshot = row.shipment.snapshot
    return ShipmentDetail(
        **_shipment_out(line).model_dump(),
        estimate=snapshot.estimate,
        pickup_deadline=snapshot.pickup_deadline.isoformat() if snapshot.pickup_deadline else None,
        tracking_link=f"{address}{row.shipment.tracking_token}",
        events=[_event_out(event) for event in shown],
        effects=[
            EffectOut(
                id=e.id,
                sink=e.connector,
                account=e.account,
                sent_status=e.sent_status,
                invoice_number=e.invoice_number,
                kind=e.kind,
                state=e.state,
                attempts=e.attempts,
                receipt=e.receipt,
                message=e.message,
                came_back=e.came_back,
                created_at=e.created_at,
                ended_at=e.ended_at,
            )
            for e in sent
        ],
        proofs=pictures,
        proof_searches=searches,
    )


async def _shipment_line(connection: Connection, store_id: int, shipment_id: int) -> ShipmentLine:
    return (await lists.shipment_lines(connection, store_id, before=shipment_id + 1, limit=1))[0]


def _shipment_out(line: ShipmentLine) -> ShipmentOut:
    return ShipmentOut(
        id=line.id,
        order_number=line.order_number,
        invoice_number=line.invoice_number,
        carrier=line.carrier,
        tracking_code=line.tracking_code,
        carrier_code=line.carrier_code,
        status=status_or_unknown(line.status),
        reason=reason_or_other(line.reason),
        delivered_at=line.delivered_at,
        news_at=line.news_at,
        registered_at=line.registered_at or LONG_AGO,
        next_check=line.next_check,
        waits_for=line.waits_for,
        invoice_numbers=[number for number in (line.invoice_number, *line.further) if number],
        replaced_by=line.replaced_by,
        replaced_at=line.replaced_at,
    )


def _event_out(shown: EventLine) -> EventOut:
    event = shown.event
    return EventOut(
        occurred_at=event.occurred_at,
        code=event.code,
        status=event.status,
        reason=event.reason,
        city=event.place.city,
        state=event.place.state,
        country=event.place.country,
        unit=event.place.unit,
        description=event.description,
        detail=event.detail,
        source=event.source,
        actor=shown.actor,
        withdrawn=shown.withdrawn,
        zone_assumed=event.zone_assumed,
        recorded_at=shown.recorded_at,
        reply=f"/api/v1/replies/{shown.reply_id}" if shown.reply_id else None,
    )
