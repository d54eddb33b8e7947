"""In: packages registered, events and deliveries stated by API; out: shipments with their timelines."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from paradeiro.db import effects, events, reading, replies, shipments
from paradeiro.db.events import ShownEvent
from paradeiro.db.pool import LONG_AGO, Connection
from paradeiro.db.reading import ShipmentLine
from paradeiro.domain.words import Source, Status, reason_shown, status_shown
from paradeiro.flow import statements
from paradeiro.flow.errors import ConflictError, ExpiredError, MissingError
from paradeiro.flow.intake import StatedOrder, state_order
from paradeiro.flow.labels import invoices_of
from paradeiro.flow.links import customers_address
from paradeiro.flow.means import Means
from paradeiro.flow.record import Recorded
from paradeiro.web.api.cursors import Cursor, cursor_of, row_of
from paradeiro.web.api.once import OnceRoute, api_author
from paradeiro.web.api.proofs import proofs_of
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
from paradeiro.web.auth import Caller, MeansOf, Reader, Writer, origin_of

router = APIRouter(tags=["shipments"], route_class=OnceRoute)
Id = Annotated[int, Path(ge=1, le=2**62)]
_ERRORS = errors(400, 401, 403, 404, 409, 422)


@router.post("/shipments", status_code=201, responses=_ERRORS)
async def register_shipment(
    request: Request, body: ShipmentIn, means: MeansOf, who: Writer, response: Response
) -> Registered:
    """Follow a package. 201 for a new one, 200 for one that is followed already."""
    stated = body.registration()
    taken = await state_order(means, who.store_id, StatedOrder(stated.order, (stated,)), api_author(request, who))
    done = taken.packages[0]
    if not any(each.created for each in taken.packages):
        response.status_code = 200
    shipment = await detail(means, who.store_id, done.shipment_id)
    packages = [PackageTaken(id=each.shipment_id, created=each.created) for each in taken.packages]
    return Registered(id=done.shipment_id, created=done.created, shipment=shipment, packages=packages)


@router.get("/shipments", responses=_ERRORS)
async def list_shipments(
    means: MeansOf,
    who: Reader,
    status: Status | None = None,
    tracking_code: str | None = None,
    order_number: str | None = None,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ShipmentPage:
    """Shipments, newest first."""
    before = row_of("shipments", cursor)
    async with means.pool.connection() as connection:
        lines = await reading.shipment_lines(
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
    return ShipmentPage(items=[_line(line) for line in page], next=more)


@router.get("/shipments/{shipment_id}", responses=_ERRORS)
async def read_shipment(shipment_id: Id, means: MeansOf, who: Reader) -> ShipmentDetail:
    """One shipment with its timeline and what was told."""
    return await detail(means, who.store_id, shipment_id)


@router.post("/shipments/{shipment_id}/events", status_code=201, responses=_ERRORS)
async def state_event(request: Request, shipment_id: Id, body: EventIn, means: MeansOf, who: Writer) -> RecordedOut:
    """State that something happened. It goes the same way as a carrier's news; the same twice is one event."""
    done = await statements.add_event(
        means,
        who.store_id,
        shipment_id,
        body.statement(),
        source=Source.API,
        author=who.name,
        origin=origin_of(request),
    )
    return await _recorded(means, who, shipment_id, done)


@router.post("/shipments/{shipment_id}/confirm-delivery", responses=_ERRORS)
async def confirm_delivery(
    request: Request, shipment_id: Id, body: DeliveryIn, means: MeansOf, who: Writer
) -> RecordedOut:
    """Mark a package delivered. Doing it twice is doing it once."""
    done = await statements.confirm_delivery(
        means,
        who.store_id,
        shipment_id,
        delivered_at=body.delivered_at,
        source=Source.API,
        author=who.name,
        origin=origin_of(request),
        description=body.description,
    )
    return await _recorded(means, who, shipment_id, done)


@router.post("/shipments/{shipment_id}/reopen", responses=_ERRORS)
async def reopen(request: Request, shipment_id: Id, body: ReopenIn, means: MeansOf, who: Writer) -> RecordedOut:
    """Take back a delivery that was not one; the order system and the customer are told."""
    done = await statements.reopen(
        means,
        who.store_id,
        shipment_id,
        why=body.reason,
        source=Source.API,
        author=who.name,
        origin=origin_of(request),
    )
    return await _recorded(means, who, shipment_id, done)


@router.post("/shipments/{shipment_id}/ask-now", status_code=202, responses=_ERRORS)
async def ask_now(request: Request, shipment_id: Id, means: MeansOf, who: Writer) -> ShipmentDetail:
    """Ask the carrier as soon as possible, whatever the schedule says."""
    await statements.ask_now(means, who.store_id, shipment_id, api_author(request, who))
    return await detail(means, who.store_id, shipment_id)


@router.post("/orders/{order_number:path}/invoices/{invoice_number:path}/events", status_code=201, responses=_ERRORS)
async def state_event_of_invoice(
    request: Request, order_number: str, invoice_number: str, body: EventIn, means: MeansOf, who: Writer
) -> RecordedOut:
    """The same, for whoever knows the order and the invoice but not our id."""
    shipment_id = await _of_invoice(means, who, order_number, invoice_number)
    return await state_event(request, shipment_id, body, means, who)


@router.post("/orders/{order_number:path}/invoices/{invoice_number:path}/confirm-delivery", responses=_ERRORS)
async def confirm_delivery_of_invoice(
    request: Request, order_number: str, invoice_number: str, body: DeliveryIn, means: MeansOf, who: Writer
) -> RecordedOut:
    """The same, for whoever knows the order and the invoice but not our id."""
    shipment_id = await _of_invoice(means, who, order_number, invoice_number)
    return await confirm_delivery(request, shipment_id, body, means, who)


@router.get("/replies/{reply_id}", responses=_ERRORS | errors(410))
async def raw_reply(reply_id: Id, means: MeansOf, who: Reader) -> Response:
    """The raw answer of a party, byte for byte, as plain text. 410 once it has expired: events outlive replies."""
    async with means.pool.connection() as connection:
        found = await replies.reply(connection, who.store_id, reply_id)
        gone = found is None and await replies.expired(connection, reply_id)
    if gone:
        raise ExpiredError(
            "reply_expired",
            f"Reply {reply_id} has expired: raw answers are kept for {means.reply_days} days, those that were not "
            "understood until their notice is resolved and as long again. The events read from it are kept.",
            {"reply_days": means.reply_days},
        )
    if found is None:
        raise MissingError("no_such_reply", f"There is no reply {reply_id} in this store.")
    # Never as HTML or JSON: what a stranger wrote must not run in anybody's browser.
    headers = {"X-Content-Type-Options": "nosniff", "Content-Disposition": f'inline; filename="reply-{reply_id}.txt"'}
    return Response(found.body, media_type="text/plain; charset=utf-8", headers=headers)


async def _of_invoice(means: Means, who: Caller, order_number: str, invoice_number: str) -> int:
    async with means.pool.connection() as connection:
        kept = await shipments.of_order(connection, who.store_id, order_number)
    if not kept:
        raise MissingError("no_such_order", f"There is no order '{order_number}' with a package. Register it first.")
    mine = [k.shipment for k in kept if invoice_number in {i.number for i in invoices_of(k)}]
    if not mine:
        known = sorted({i.number for k in kept for i in invoices_of(k)})
        message = f"Order '{order_number}' has no invoice '{invoice_number}' with a package; it has {', '.join(known)}."
        raise MissingError("no_such_invoice", message, {"known": known})
    standing = [s.id for s in mine if s.replaced_by is None] or [mine[-1].id]
    if len(standing) > 1:
        message = f"Invoice '{invoice_number}' has {len(standing)} packages: name the shipment by its id."
        raise ConflictError("several_packages", message, {"shipments": standing})
    return standing[0]


async def _recorded(means: Means, who: Caller, shipment_id: int, done: Recorded) -> RecordedOut:
    shipment = await detail(means, who.store_id, shipment_id)
    return RecordedOut(events=done.events, effects=done.effects, shipment=shipment)


async def detail(means: Means, store_id: int, shipment_id: int) -> ShipmentDetail:
    """A shipment as the API shows it; raises `MissingError`."""
    async with means.pool.connection() as connection:
        kept = await shipments.kept(connection, store_id, shipment_id)
        if kept is None:
            raise MissingError("no_such_shipment", f"There is no shipment {shipment_id} in this store.")
        shipment_id = kept.shipment.id
        line = await _own_line(connection, store_id, shipment_id)
        shown = await events.shown(connection, shipment_id)
        told = await effects.shown(connection, [shipment_id])
        pictures, searches = await proofs_of(connection, shipment_id)
        address = await customers_address(means, connection, store_id)
    snapshot = kept.shipment.snapshot
    return ShipmentDetail(
        **_line(line).model_dump(),
        estimate=snapshot.estimate,
        pickup_deadline=snapshot.pickup_deadline.isoformat() if snapshot.pickup_deadline else None,
        tracking_link=f"{address}{kept.shipment.tracking_token}",
        events=[_event(event) for event in shown],
        effects=[
            EffectOut(
                id=e.id,
                sink=e.connector,
                account=e.account,
                told_status=e.told_status,
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
            for e in told
        ],
        proofs=pictures,
        proof_searches=searches,
    )


async def _own_line(connection: Connection, store_id: int, shipment_id: int) -> ShipmentLine:
    return (await reading.shipment_lines(connection, store_id, before=shipment_id + 1, limit=1))[0]


def _line(line: ShipmentLine) -> ShipmentOut:
    return ShipmentOut(
        id=line.id,
        order_number=line.order_number,
        invoice_number=line.invoice_number,
        carrier=line.carrier,
        tracking_code=line.tracking_code,
        status=status_shown(line.status),
        reason=reason_shown(line.reason),
        delivered_at=line.delivered_at,
        news_at=line.news_at,
        registered_at=line.registered_at or LONG_AGO,
        next_check=line.next_check,
        waits_for=line.waits_for,
        invoice_numbers=[number for number in (line.invoice_number, *line.further) if number],
        replaced_by=line.replaced_by,
        replaced_at=line.replaced_at,
    )


def _event(shown: ShownEvent) -> EventOut:
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
        author=shown.author,
        withdrawn=shown.withdrawn,
        zone_assumed=event.zone_assumed,
        recorded_at=shown.recorded_at,
        reply=f"/api/v1/replies/{shown.reply_id}" if shown.reply_id else None,
    )
