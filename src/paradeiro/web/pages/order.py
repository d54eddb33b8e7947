"""In: an order's number; out: its page: each package's position, timeline, messages, and the audit entries."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from paradeiro.db.carriers.legs import Leg, legs_of
from paradeiro.db.customers import bounces
from paradeiro.db.following import events, shipments
from paradeiro.db.following.events import EventLine
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations import audit
from paradeiro.db.operations.set_aside import error_text
from paradeiro.db.orders.orders import order_by_number
from paradeiro.db.outbox import effects
from paradeiro.db.pool import Connection
from paradeiro.db.screens import lists
from paradeiro.db.screens.lists import ShipmentLine
from paradeiro.domain.records import Order
from paradeiro.domain.words import PartyKind
from paradeiro.flow.accounts.scopes import WRITE, Area
from paradeiro.flow.context import Context, log
from paradeiro.flow.customers.tracking_links import tracking_link
from paradeiro.flow.following.recording_context import RecordingContext, load_recording_context
from paradeiro.sdk.wording import Catalogue
from paradeiro.sdk.wording.places import place_name
from paradeiro.web.auth import Caller, Operator, RequestContext
from paradeiro.web.package_view import PackageView, package_view
from paradeiro.web.pages import forms
from paradeiro.web.pages.layout import is_searchable, not_found_page, page, words_for
from paradeiro.web.pages.proofs import ProofsView, proofs_of
from paradeiro.web.pages.sent_messages import PlannedMessage, SentMessage, planned_messages, sent_messages

router = APIRouter()
_MOST_PACKAGES = 200
_MOST_ENTRIES = 100
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
    messages: tuple[SentMessage, ...]
    planned_messages: tuple[PlannedMessage, ...]
    mails_customer: bool
    proofs: ProofsView | None
    invoices: tuple[str, ...] = ()
    replaced_by: str = ""  # the code of the label that took its place
    replaces: tuple[str, ...] = ()  # codes whose place it took
    other_accounts: tuple[tuple[int, str], ...] = ()  # carriers' accounts that could follow it: id and name
    legs: tuple[Leg, ...] = ()


@router.get("/orders/{number:path}")
async def show(request: Request, number: str, context: RequestContext, who: Operator) -> Response:
    """One order; its number may have slashes. GET at an address that only takes forms is redirected to the order."""
    answer = await render(request, number, context, who)
    form = _FORM.fullmatch(number) if answer.status_code == 404 else None
    return RedirectResponse(f"/orders/{quote(form[1], safe='')}", 303) if form else answer


async def render(
    request: Request, number: str, context: Context, who: Caller, *, problem: str = "", tried: str = "", typed: str = ""
) -> Response:
    """The order's page, with the `problem` (an error's code) for which a form was refused. That form (`tried`: the
    package's id, or `customer`) stays open with what was `typed`.
    """
    if not is_searchable(number):
        return await not_found_page(request, context, who)
    async with context.pool.connection() as connection:
        found = await order_by_number(connection, who.store_id, number)
        if found is None:
            return await not_found_page(request, context, who)
        packages, hidden = await _packages(connection, context, who, found[1], words_for(request))
        suppressed = await bounces.suppression_of(connection, who.store_id, found[1])
        entries = await audit.audit_lines(connection, who.store_id, order_number=found[1].number, limit=_MOST_ENTRIES)
    return await page(
        request,
        context,
        who,
        "order.html",
        forms.status_of(problem) if problem else 200,
        order=found[1],
        packages=packages,
        hidden=hidden,
        audit_entries=entries,
        suppressed=suppressed,
        problem=f"error.{problem}" if problem else "",
        done=forms.done_message(request),
        tried=tried,
        typed=typed,
    )


async def _packages(
    connection: Connection, context: Context, who: Caller, order: Order, words: Catalogue
) -> tuple[list[Package], list[tuple[str, str]]]:
    """The packages; for those that cannot be shown: tracking code and reason."""
    rows = await shipments.of_order(connection, who.store_id, order.number)
    lines = await lists.shipment_lines(connection, who.store_id, order_number=order.number, limit=_MOST_PACKAGES)
    sent = await effects.effect_lines(connection, [k.shipment.id for k in rows])
    recording = await load_recording_context(context, connection, [who.store_id])
    proofs = await proofs_of(connection, [k.shipment.id for k in rows])
    parts = await legs_of(connection, [k.shipment.id for k in rows])
    address = await tracking_link(context, connection, who.store_id)
    by_id = {line.id: line for line in lines}
    messages: Mapping[int, list[SentMessage]] = {k.shipment.id: [] for k in rows}
    for message in sent_messages(sent, context.connectors, words):
        messages[message.effect.shipment_id].append(message)
    packages, hidden = [], []
    for each in (k for k in rows[:_MOST_PACKAGES] if k.shipment.id in by_id):
        shown = await events.event_lines(connection, each.shipment.id)
        may_state = who.may(WRITE, Area.STATEMENTS)
        planned = await _planned_messages(connection, context, recording, each, shown) if may_state else []
        about = (by_id[each.shipment.id], messages[each.shipment.id], planned, proofs.get(each.shipment.id))
        try:
            packages.append(_package_view(context, address, recording, each, shown, *about, words))
        except (ValueError, TypeError, OverflowError, LookupError) as error:
            log.exception("a package cannot be shown; the others are", shipment=each.shipment.id)
            hidden.append((each.shipment.tracking_code, error_text(error)))
    codes = {k.shipment.id: k.shipment.shown_code for k in rows}
    return [replace(_with_labels(each, rows, codes), legs=_legs(each, parts)) for each in packages], hidden


def _legs(package: Package, parts: Sequence[Leg]) -> tuple[Leg, ...]:
    """The legs of one package."""
    return tuple(leg for leg in parts if leg.shipment_id == package.line.id)


def _with_labels(package: Package, rows: Sequence[ShipmentRow], codes: Mapping[int, str]) -> Package:
    """The package with its invoices, and with what its label replaced and was replaced by."""
    shipment = package.view.row.shipment
    return replace(
        package,
        invoices=tuple(n for n in (shipment.invoice.number, *(f.invoice.number for f in shipment.further)) if n),
        replaced_by=codes.get(shipment.replaced_by or 0, ""),
        replaces=tuple(k.shipment.shown_code for k in rows if k.shipment.replaced_by == shipment.id),
    )


async def _planned_messages(
    connection: Connection, context: Context, recording: RecordingContext, row: ShipmentRow, shown: list[EventLine]
) -> list[PlannedMessage]:
    try:
        return await planned_messages(connection, recording, row, [s.event for s in shown], context.now())
    except (ValueError, TypeError, OverflowError):  # a policy or an event of another version: the form reports it
        return []


def _package_view(
    context: Context,
    address: str,
    recording: RecordingContext,
    row: ShipmentRow,
    shown: list[EventLine],
    line: ShipmentLine,
    messages: list[SentMessage],
    planned: list[PlannedMessage],
    proofs: ProofsView | None,
    words: Catalogue,
) -> Package:
    shipment = row.shipment
    zone = ZoneInfo(recording.stores[shipment.store_id].time_zone)
    connector = context.connectors.get(shipment.carrier)
    return Package(
        view=package_view(row, shown, now=context.now(), zone=zone, words=words, private=True),
        line=line,
        carrier=connector.title if connector else shipment.carrier,
        pickup_address=place_name(shipment.snapshot.pickup_address),
        followed=row.account_id is not None,
        customers_page=f"{address}{shipment.tracking_token}",
        messages=tuple(messages),
        planned_messages=tuple(planned),
        mails_customer=any(each.customer for each in planned),
        proofs=proofs,
        other_accounts=tuple(
            (a.id, a.name)
            for a in recording.accounts
            if a.kind is PartyKind.CARRIER and a.id != row.account_id and a.store_id == shipment.store_id
        ),
    )
