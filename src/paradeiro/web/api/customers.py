"""In: a customer, by e-mail address or order; out: an export of their data, or the orders where it was erased."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from paradeiro.domain.words import Status
from paradeiro.flow.customers import personal_data
from paradeiro.flow.customers.personal_data import CustomerQuery
from paradeiro.web.api.idempotency import IdempotentRoute, api_actor
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.api.values import SingleLine
from paradeiro.web.auth import RequestContext, Writer

router = APIRouter(tags=["customers"])
# Exports are not idempotent routes: their answers must not be stored.
_idempotent_router = APIRouter(route_class=IdempotentRoute)
_ERRORS = errors(400, 401, 403, 404, 409, 422)


class CustomerQueryIn(Shape):
    """A person, by their e-mail address or by one order of theirs: exactly one of the two."""

    email: Annotated[str, SingleLine] = Field("", max_length=320)
    order: Annotated[str, SingleLine] = Field("", max_length=200)


class ExportedEvent(Shape):
    at: datetime
    status: Status | None
    description: str
    city: str | None
    state: str | None


class ExportedMail(Shape):
    planned_at: datetime
    ended_at: datetime | None
    state: str
    status: str | None


class ExportedPackage(Shape):
    id: int
    carrier: str
    tracking_code: str
    registered_at: datetime
    status: str
    delivered_at: datetime | None
    items: list[str]
    events: list[ExportedEvent]
    mails: list[ExportedMail]
    pictures: int


class ExportedOrder(Shape):
    number: str
    name: str
    email: str | None
    language: str
    postal_code: str | None
    mails_to: str | None
    ordered_at: datetime | None
    promised_at: datetime | None
    packages: list[ExportedPackage]


class CustomerExportOut(Shape):
    """All that is known of one person at this store. `pictures`: how many; they are read at their own addresses."""

    store: str
    taken_at: datetime
    orders: list[ExportedOrder]


class ErasedOut(Shape):
    """The orders whose customer data was erased. Their packages and timelines stay."""

    orders: list[str]


@router.post("/customers/export", responses=_ERRORS)
async def export_customer(
    request: Request, body: CustomerQueryIn, context: RequestContext, who: Writer
) -> CustomerExportOut:
    """All that is known of a person, to be handed to them (LGPD, article 18)."""
    whose = CustomerQuery(body.email, body.order)
    return export_out(await personal_data.export_customer(context, who.store_id, whose, api_actor(request, who)))


@_idempotent_router.post("/customers/erase", responses=_ERRORS)
async def erase_customer(request: Request, body: CustomerQueryIn, context: RequestContext, who: Writer) -> ErasedOut:
    """Erase a person's data. It cannot be undone; stating the order again does not restore it."""
    whose = CustomerQuery(body.email, body.order)
    return ErasedOut(orders=await personal_data.erase_customer(context, who.store_id, whose, api_actor(request, who)))


router.include_router(_idempotent_router)


def export_out(person: personal_data.CustomerExport) -> CustomerExportOut:
    """The same as JSON."""
    return CustomerExportOut(
        store=person.store, taken_at=person.taken_at, orders=[_exported_order(each) for each in person.orders]
    )


def _exported_order(order: personal_data.OrderExport) -> ExportedOrder:
    return ExportedOrder(
        number=order.number,
        name=order.name,
        email=order.email,
        language=order.language,
        postal_code=order.postal_code,
        mails_to=order.mails_to,
        ordered_at=order.ordered_at,
        promised_at=order.promised_at,
        packages=[_exported_package(each) for each in order.packages],
    )


def _exported_package(package: personal_data.PackageExport) -> ExportedPackage:
    events = [
        ExportedEvent(
            at=e.occurred_at, status=e.status, description=e.description, city=e.place.city, state=e.place.state
        )
        for e in package.events
    ]
    mails = [ExportedMail(**asdict(mail)) for mail in package.mails]
    plain = {name: getattr(package, name) for name in ("id", "carrier", "tracking_code", "registered_at", "status")}
    return ExportedPackage(
        **plain,
        delivered_at=package.delivered_at,
        items=list(package.items),
        events=events,
        mails=mails,
        pictures=package.pictures,
    )
