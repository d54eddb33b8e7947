"""In: whose data is asked for, or is to be forgotten; out: all that is known of them, or which orders were theirs."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from paradeiro.domain.words import Status
from paradeiro.flow import persons
from paradeiro.flow.persons import Whose
from paradeiro.web.api.once import OnceRoute, api_author
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.api.values import Line
from paradeiro.web.auth import MeansOf, Writer

router = APIRouter(tags=["customers"])
# What is exported is kept nowhere else, not even for a repeated request.
_once = APIRouter(route_class=OnceRoute)
_ERRORS = errors(400, 401, 403, 404, 409, 422)


class WhoseIn(Shape):
    """A person, by their e-mail address or by one order of theirs: exactly one of the two."""

    email: Annotated[str, Line] = Field("", max_length=320)
    order: Annotated[str, Line] = Field("", max_length=200)


class EventKept(Shape):
    at: datetime
    status: Status | None
    description: str
    city: str | None
    state: str | None


class MailKept(Shape):
    planned_at: datetime
    ended_at: datetime | None
    state: str
    status: str | None


class PackageKept(Shape):
    id: int
    carrier: str
    tracking_code: str
    registered_at: datetime
    status: str
    delivered_at: datetime | None
    items: list[str]
    events: list[EventKept]
    mails: list[MailKept]
    pictures: int


class OrderKept(Shape):
    number: str
    name: str
    email: str | None
    language: str
    postal_code: str | None
    mails_to: str | None
    ordered_at: datetime | None
    promised_at: datetime | None
    packages: list[PackageKept]


class PersonOut(Shape):
    """All that is known of one person at this store. `pictures` of deliveries have addresses of their own."""

    store: str
    taken_at: datetime
    orders: list[OrderKept]


class Erased(Shape):
    """The orders whose customer is not known any more. Their packages and timelines are."""

    orders: list[str]


@router.post("/customers/export", responses=_ERRORS)
async def export_customer(request: Request, body: WhoseIn, means: MeansOf, who: Writer) -> PersonOut:
    """All that is known of a person, to be handed to them (LGPD, article 18)."""
    whose = Whose(body.email, body.order)
    return shown(await persons.export(means, who.store_id, whose, api_author(request, who)))


@_once.post("/customers/erase", responses=_ERRORS)
async def erase_customer(request: Request, body: WhoseIn, means: MeansOf, who: Writer) -> Erased:
    """Forget who a person is. It cannot be undone; stating the order again does not bring them back."""
    whose = Whose(body.email, body.order)
    return Erased(orders=await persons.erase(means, who.store_id, whose, api_author(request, who)))


router.include_router(_once)


def shown(person: persons.Person) -> PersonOut:
    """The same as JSON."""
    return PersonOut(store=person.store, taken_at=person.taken_at, orders=[_order(each) for each in person.orders])


def _order(order: persons.OrderKept) -> OrderKept:
    return OrderKept(
        number=order.number,
        name=order.name,
        email=order.email,
        language=order.language,
        postal_code=order.postal_code,
        mails_to=order.mails_to,
        ordered_at=order.ordered_at,
        promised_at=order.promised_at,
        packages=[_package(each) for each in order.packages],
    )


def _package(package: persons.PackageKept) -> PackageKept:
    events = [
        EventKept(at=e.occurred_at, status=e.status, description=e.description, city=e.place.city, state=e.place.state)
        for e in package.events
    ]
    mails = [MailKept(**asdict(mail)) for mail in package.mails]
    plain = {name: getattr(package, name) for name in ("id", "carrier", "tracking_code", "registered_at", "status")}
    return PackageKept(
        **plain,
        delivered_at=package.delivered_at,
        items=list(package.items),
        events=events,
        mails=mails,
        pictures=package.pictures,
    )
