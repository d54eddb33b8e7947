"""In: calls of VTEX's Shipping Network to a carrier's app; out: what is known of packages, many per call.

Contract: openapi-shipping-network.json; facts/vtex, section 6: the hub asks once an hour for all packages under way.
"""

from collections.abc import Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Body, Path, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from paradeiro.db.accounts import stores
from paradeiro.db.operations.audit import Actor
from paradeiro.domain.records import Invoice, InvoicePackage, Item
from paradeiro.domain.words import Status
from paradeiro.flow.accounts.scopes import WRITE, Area, allows
from paradeiro.flow.context import Context
from paradeiro.flow.vtex_callers.stated_codes import KnownCode, carrier_of, follow_codes, known_codes, split_codes
from paradeiro.flow.vtex_callers.stated_invoices import carrier_of_courier, state_invoice
from paradeiro.sdk.public_history import deliverable_packages, packages_history
from paradeiro.sdk.wording import catalogue_for
from paradeiro.web.api.idempotency import api_actor
from paradeiro.web.auth import Reader, RequestContext, Writer
from paradeiro.web.vtex.errors import NETWORK
from paradeiro.web.vtex.network_shapes import AskedCode, NotifyIn, PackageIn
from paradeiro.web.vtex.oms import RequestActor
from paradeiro.web.vtex.shapes import in_path

router = APIRouter(prefix=f"{NETWORK}/{{app}}/v{{version}}/{{account}}/{{workspace}}")
App = Annotated[str, Path(), in_path(200)]
AskedCodes = Annotated[list[AskedCode], Body(), Field(max_length=2000)]
_UNKNOWN_CODE: dict[str, Any] = {
    "deliveredDate": None,
    "events": [],
    "hasReturnedToSender": False,
    "isDelivered": False,
}


@router.post("/tracking")
async def tracking(app: App, asked: AskedCodes, request: Request, context: RequestContext, who: Reader) -> JSONResponse:
    """What is known of each number. Unknown numbers are followed from now on, if the key has the scope `write`."""
    codes = [each.tracking_number for each in asked]
    known = await known_codes(context, who.store_id, codes)
    lacking = [each for code in codes for each in split_codes(code) if each not in known]
    if lacking and allows(who.scopes, Area.VTEX, WRITE):
        await follow_codes(context, who.store_id, lacking, app, api_actor(request, who))
    async with context.pool.connection() as connection:
        store = (await stores.stores(connection, [who.store_id]))[who.store_id]
    zone = ZoneInfo(store.time_zone)
    return JSONResponse({code: _tracking_json([known.get(each) for each in split_codes(code)], zone) for code in codes})


def _tracking_json(asked: Sequence[KnownCode | None], zone: ZoneInfo) -> dict[str, Any]:
    """The tracking answer for one number, events newest first as in the hub's own example. A number that holds several
    codes is delivered once all of them are.
    """
    known = [each for each in asked if each is not None]
    if not known:
        return _UNKNOWN_CODE
    packages = [
        InvoicePackage(k.row.shipment, k.timeline, counts=k.row.shipment.replaced_by is None or len(asked) == 1)
        for k in known
    ]
    rows = [
        {
            "city": line.city,
            "date": seen.event.occurred_at.astimezone(zone).isoformat(),
            "description": line.text,
            "state": line.state,
        }
        for seen, line, _ in packages_history(packages, zone, catalogue_for(known[0].row.order.customer.locale))
    ]
    snapshots = [p.timeline.snapshot for p in deliverable_packages(packages)]
    dates = [s.delivered_at for s in snapshots if s.delivered_at is not None]
    delivered = len(known) == len(asked) and len(dates) == len(snapshots)
    return {
        "deliveredDate": max(dates).astimezone(zone).isoformat() if delivered else None,
        "events": rows[::-1],
        "hasReturnedToSender": all(s.status is Status.RETURNED for s in snapshots),
        "isDelivered": delivered,
    }


@router.post("/notify")
async def notify(app: App, body: NotifyIn, context: RequestContext, who: Writer, by: RequestActor) -> JSONResponse:
    """Take the packages of a dispatch order that have a tracking number; answers the number of each package."""
    seen: dict[str, Any] = {}
    order = body.dispatch_order
    for package in order.packages:
        url = await _take_package(context, who.store_id, package, app, by)
        seen[package.id] = _notification_json(package.tracking_data.number, url, order.id)
    for package_id in order.package_ids:
        seen.setdefault(package_id, _notification_json("", "", order.id))
    return JSONResponse(seen)


def _notification_json(number: str, url: str, order_id: str) -> dict[str, Any]:
    return {"tracking": {"number": number, "url": url}, "notification": {"id": order_id}}


async def _take_package(context: Context, store_id: int, package: PackageIn, app: str, by: Actor) -> str:
    """Store a package's invoice and follow it. The carrier's public tracking page; empty if it has none."""
    number, bill, named = package.tracking_data.number, package.invoice_data, package.shipping_data.carrier_name
    if not (package.order_id and bill.number and number):
        return ""
    courier = named if carrier_of_courier(context, named) else app
    code = split_codes(number)[0]
    connector = await carrier_of(context, store_id, code, courier)
    invoice = Invoice(
        number=bill.number,
        value=bill.value,
        courier=connector.name if connector else named or app,
        tracking_code=number,
        items=tuple(Item(i.id, i.quantity, 0, i.name) for i in package.items),
    )
    await state_invoice(context, store_id, package.order_id, invoice, returns=False, by=by)
    return connector.tracking_url(code) if connector and connector.tracking_url else ""
