"""In: an order's number; out: the order: where each package is, its timeline, what was told of it and to whom."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from paradeiro.db import audit, bounces, effects, events, reading, shipments
from paradeiro.db.events import ShownEvent
from paradeiro.db.orders import order_by_number
from paradeiro.db.pool import Connection
from paradeiro.db.reading import ShipmentLine
from paradeiro.db.set_aside import why_of
from paradeiro.db.shipments import Kept
from paradeiro.domain.records import Order
from paradeiro.flow.links import customers_address
from paradeiro.flow.means import Means, log
from paradeiro.flow.record import Surroundings, surround
from paradeiro.sdk.speech import Catalogue
from paradeiro.sdk.speech.places import place_name
from paradeiro.web.auth import WRITE, Caller, MeansOf, Operator
from paradeiro.web.pages import forms
from paradeiro.web.pages.layout import nothing_here, page, searchable, words_for
from paradeiro.web.pages.proofs import ProofsView, proofs_of
from paradeiro.web.pages.told import Telling, WouldTell, tellings, would_tell
from paradeiro.web.view import PackageView, package_view

router = APIRouter()
_MOST_PACKAGES = 200
_MOST_DEEDS = 100
_FORM = re.compile(
    r"(.+)/(?:packages/[0-9]+/(?:confirm-delivery|reopen|ask-now|replace|restore)|customer/(?:export|erase)|mail-again)"
)


@dataclass(frozen=True, slots=True)
class Package:
    """A package as its section shows it."""

    view: PackageView
    line: ShipmentLine
    carrier: str
    pickup_address: str
    followed: bool
    customers_page: str
    told: tuple[Telling, ...]
    would_tell: tuple[WouldTell, ...]
    tells_customer: bool
    proofs: ProofsView | None
    invoices: tuple[str, ...] = ()
    replaced_by: str = ""  # the code of the label that took its place
    replaces: tuple[str, ...] = ()  # codes whose place it took


@router.get("/orders/{number:path}")
async def show(request: Request, number: str, means: MeansOf, who: Operator) -> Response:
    """One order, whatever its number has in it; from an address that only takes forms, back to the form's page."""
    answer = await render(request, number, means, who)
    form = _FORM.fullmatch(number) if answer.status_code == 404 else None
    return RedirectResponse(f"/orders/{quote(form[1], safe='')}", 303) if form else answer


async def render(
    request: Request, number: str, means: Means, who: Caller, *, problem: str = "", tried: str = "", typed: str = ""
) -> Response:
    """The order's page, with the `problem` (an error's code) that kept a statement from being taken. The form of the
    package (or of the customer) that was `tried` stays open with what was `typed`.
    """
    if not searchable(number):
        return await nothing_here(request, means, who)
    async with means.pool.connection() as connection:
        found = await order_by_number(connection, who.store_id, number)
        if found is None:
            return await nothing_here(request, means, who)
        packages, hidden = await _packages(connection, means, who, found[1], words_for(request))
        suppressed = await bounces.suppression_of(connection, who.store_id, found[1])
        deeds = await audit.audit_lines(connection, who.store_id, order_number=found[1].number, limit=_MOST_DEEDS)
    return await page(
        request,
        means,
        who,
        "order.html",
        forms.status_of(problem) if problem else 200,
        order=found[1],
        packages=packages,
        hidden=hidden,
        deeds=deeds,
        suppressed=suppressed,
        problem=f"error.{problem}" if problem else "",
        done=forms.done(request),
        tried=tried,
        typed=typed,
    )


async def _packages(
    connection: Connection, means: Means, who: Caller, order: Order, words: Catalogue
) -> tuple[list[Package], list[tuple[str, str]]]:
    """The packages, and of those that cannot be shown the code and why."""
    kept = await shipments.of_order(connection, who.store_id, order.number)
    lines = await reading.shipment_lines(connection, who.store_id, order_number=order.number, limit=_MOST_PACKAGES)
    told = await effects.shown(connection, [k.shipment.id for k in kept])
    around = await surround(means, connection, [who.store_id])
    proofs = await proofs_of(connection, [k.shipment.id for k in kept])
    address = await customers_address(means, connection, who.store_id)
    by_id = {line.id: line for line in lines}
    said: Mapping[int, list[Telling]] = {k.shipment.id: [] for k in kept}
    for telling in tellings(told, means.connectors, words):
        said[telling.effect.shipment_id].append(telling)
    packages, hidden = [], []
    for each in (k for k in kept[:_MOST_PACKAGES] if k.shipment.id in by_id):
        shown = await events.shown(connection, each.shipment.id)
        would = await _would_tell(connection, means, around, each, shown) if WRITE in who.scopes else []
        about = (by_id[each.shipment.id], said[each.shipment.id], would, proofs.get(each.shipment.id))
        try:
            packages.append(_package(means, address, around, each, shown, *about, words))
        except (ValueError, TypeError, OverflowError, LookupError) as error:
            log.exception("a package cannot be shown; the others are", shipment=each.shipment.id)
            hidden.append((each.shipment.tracking_code, why_of(error)))
    codes = {k.shipment.id: k.shipment.tracking_code for k in kept}
    return [_with_labels(each, kept, codes) for each in packages], hidden


def _with_labels(package: Package, kept: Sequence[Kept], codes: Mapping[int, str]) -> Package:
    """The package with its invoices, and with what its label replaced and was replaced by."""
    shipment = package.view.kept.shipment
    return replace(
        package,
        invoices=tuple(n for n in (shipment.invoice.number, *(f.invoice.number for f in shipment.further)) if n),
        replaced_by=codes.get(shipment.replaced_by or 0, ""),
        replaces=tuple(k.shipment.tracking_code for k in kept if k.shipment.replaced_by == shipment.id),
    )


async def _would_tell(
    connection: Connection, means: Means, around: Surroundings, kept: Kept, shown: list[ShownEvent]
) -> list[WouldTell]:
    try:
        return await would_tell(connection, around, kept, [s.event for s in shown], means.now())
    except (ValueError, TypeError, OverflowError):  # a policy or an event of another version: a statement would say so
        return []


def _package(
    means: Means,
    address: str,
    around: Surroundings,
    kept: Kept,
    shown: list[ShownEvent],
    line: ShipmentLine,
    said: list[Telling],
    would: list[WouldTell],
    proofs: ProofsView | None,
    words: Catalogue,
) -> Package:
    shipment = kept.shipment
    zone = ZoneInfo(around.stores[shipment.store_id].time_zone)
    connector = means.connectors.get(shipment.carrier)
    return Package(
        view=package_view(kept, shown, now=means.now(), zone=zone, words=words, private=True),
        line=line,
        carrier=connector.title if connector else shipment.carrier,
        pickup_address=place_name(shipment.snapshot.pickup_address),
        followed=kept.account_id is not None,
        customers_page=f"{address}{shipment.tracking_token}",
        told=tuple(said),
        would_tell=tuple(would),
        tells_customer=any(each.customer for each in would),
        proofs=proofs,
    )
