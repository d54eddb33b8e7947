"""In: what VTEX's Shipping Network asks a carrier's app; out: what is known of packages. Many to a call.

Contract: openapi-shipping-network.json; facts/vtex, section 6: the hub asks once an hour for all that is under way.
"""

from collections.abc import Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Body, Path, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from paradeiro.db import stores
from paradeiro.db.audit import By
from paradeiro.domain.records import Carried, Invoice, Item
from paradeiro.domain.words import Status
from paradeiro.flow.means import Means
from paradeiro.flow.stated_codes import CodeKnown, carrier_of, codes_asked, follow_codes, known_codes
from paradeiro.flow.stated_invoices import courier_named, state_invoice
from paradeiro.sdk.history import counting, history_of
from paradeiro.sdk.speech import catalogue_for
from paradeiro.web.api.once import api_author
from paradeiro.web.auth import WRITE, MeansOf, Reader, Writer
from paradeiro.web.vtex.errors import NETWORK
from paradeiro.web.vtex.network_shapes import AskedCode, NotifyIn, PackageIn
from paradeiro.web.vtex.oms import Stater
from paradeiro.web.vtex.shapes import in_path

router = APIRouter(prefix=f"{NETWORK}/{{app}}/v{{version}}/{{account}}/{{workspace}}")
App = Annotated[str, Path(), in_path(200)]
Asked = Annotated[list[AskedCode], Body(), Field(max_length=2000)]
_NOTHING: dict[str, Any] = {"deliveredDate": None, "events": [], "hasReturnedToSender": False, "isDelivered": False}


@router.post("/tracking")
async def tracking(app: App, asked: Asked, request: Request, means: MeansOf, who: Reader) -> JSONResponse:
    """What is known of each number. One that nobody registered is followed from now on, if the key may write."""
    codes = [each.tracking_number for each in asked]
    known = await known_codes(means, who.store_id, codes)
    lacking = [each for code in codes for each in codes_asked(code) if each not in known]
    if lacking and WRITE in who.scopes:
        await follow_codes(means, who.store_id, lacking, app, api_author(request, who))
    async with means.pool.connection() as connection:
        store = (await stores.stores(connection, [who.store_id]))[who.store_id]
    zone = ZoneInfo(store.time_zone)
    return JSONResponse({code: _told([known.get(each) for each in codes_asked(code)], zone) for code in codes})


def _told(asked: Sequence[CodeKnown | None], zone: ZoneInfo) -> dict[str, Any]:
    """Newest first, as the hub's own example has it; of several codes in one question delivered once all are."""
    known = [each for each in asked if each is not None]
    if not known:
        return _NOTHING
    packages = [
        Carried(k.kept.shipment, k.timeline, counts=k.kept.shipment.replaced_by is None or len(asked) == 1)
        for k in known
    ]
    rows = [
        {
            "city": line.city,
            "date": told.event.occurred_at.astimezone(zone).isoformat(),
            "description": line.text,
            "state": line.state,
        }
        for told, line, _ in history_of(packages, zone, catalogue_for(known[0].kept.order.customer.locale))
    ]
    snapshots = [p.timeline.snapshot for p in counting(packages)]
    dates = [s.delivered_at for s in snapshots if s.delivered_at is not None]
    delivered = len(known) == len(asked) and len(dates) == len(snapshots)
    return {
        "deliveredDate": max(dates).astimezone(zone).isoformat() if delivered else None,
        "events": rows[::-1],
        "hasReturnedToSender": all(s.status is Status.RETURNED for s in snapshots),
        "isDelivered": delivered,
    }


@router.post("/notify")
async def notify(app: App, body: NotifyIn, means: MeansOf, who: Writer, by: Stater) -> JSONResponse:
    """Take the packages of a dispatch order that have a number; the answer says which number each has."""
    told: dict[str, Any] = {}
    order = body.dispatch_order
    for package in order.packages:
        url = await _take(means, who.store_id, package, app, by)
        told[package.id] = _notified(package.tracking_data.number, url, order.id)
    for package_id in order.package_ids:
        told.setdefault(package_id, _notified("", "", order.id))
    return JSONResponse(told)


def _notified(number: str, url: str, order_id: str) -> dict[str, Any]:
    return {"tracking": {"number": number, "url": url}, "notification": {"id": order_id}}


async def _take(means: Means, store_id: int, package: PackageIn, app: str, by: By) -> str:
    """Keep a package's invoice and follow it; where a person may look its number up."""
    number, bill, named = package.tracking_data.number, package.invoice_data, package.shipping_data.carrier_name
    if not (package.order_id and bill.number and number):
        return ""
    courier = named if courier_named(means, named) else app
    code = codes_asked(number)[0]
    connector = await carrier_of(means, store_id, code, courier)
    invoice = Invoice(
        number=bill.number,
        value=bill.value,
        courier=connector.name if connector else named or app,
        tracking_code=number,
        items=tuple(Item(i.id, i.quantity, 0, i.name) for i in package.items),
    )
    await state_invoice(means, store_id, package.order_id, invoice, returns=False, by=by)
    return connector.tracking_url(code) if connector and connector.tracking_url else ""
