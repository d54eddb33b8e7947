"""In: a customer's packages as the page shows them; out: the same as JSON, for a program that has the link."""

from datetime import date, datetime

from pydantic import BaseModel

from paradeiro.domain.words import Reason, Status
from paradeiro.web.track.package import Package


class HappeningOut(BaseModel):
    """One line of the timeline. `at` has the store's offset."""

    at: datetime
    text: str
    place: str
    withdrawn: bool


class PackageOut(BaseModel):
    """A package. `sentence`: its position, in the page's language; `then`: the next step; `act`: the reader's turn."""

    tracking_code: str
    carrier: str
    status: Status
    reason: Reason | None
    sentence: str
    since: datetime | None
    then: str
    act: bool
    late: str
    promised_at: datetime | None
    estimate: datetime | None
    delivered_at: datetime | None
    pickup_address: str | None
    pickup_until: date | None
    items: list[str]
    events: list[HappeningOut]


class TrackingOut(BaseModel):
    """All packages of one order, the link's own first. No personal data."""

    store: str
    order: str
    language: str
    packages: list[PackageOut]


def package_out(package: Package) -> PackageOut:
    """A package as JSON."""
    view, row = package.view, package.view.row
    snapshot = row.shipment.snapshot
    return PackageOut(
        tracking_code=row.shipment.shown_code,
        carrier=package.carrier,
        status=snapshot.status,
        reason=snapshot.reason,
        sentence=view.position.sentence,
        since=view.position.at,
        then=view.position.then,
        act=view.position.act,
        late=view.late,
        promised_at=row.order.promised_at,
        estimate=None if snapshot.status.final else snapshot.estimate,
        delivered_at=snapshot.delivered_at,
        pickup_address=snapshot.pickup_address,
        pickup_until=snapshot.pickup_deadline,
        items=list(package.items),
        events=[
            HappeningOut(at=e.at, text=e.text, place=e.place, withdrawn=e.withdrawn)
            for day in (*view.days, *view.earlier_days)
            for e in day.entries
        ],
    )
