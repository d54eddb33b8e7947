"""In: an order as VTEX shows it now, and a request that may have been carried out; out: whether it was. Pure."""

import re
from datetime import datetime, timedelta
from urllib.parse import unquote

import msgspec

from paradeiro.connectors.vtex.parse import decode

_PATH = re.compile(r"/api/oms/pvt/orders/([^/]+)/invoice/([^/]+)(?:/tracking)?")
# VTEX may take the local time that we send for UTC or for the store's: no zone is further from UTC than 14 hours.
_WIDEST_ZONE = timedelta(hours=14)


class _Row(msgspec.Struct):
    city: str | None = None
    state: str | None = None
    description: str | None = None


class _CourierStatus(msgspec.Struct, rename="camel"):
    finished: bool | None = None
    delivered_date: str | None = None
    data: list[_Row] | None = None


class _Package(msgspec.Struct, rename="camel"):
    invoice_number: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    courier_status: _CourierStatus | None = None


class _Attachment(msgspec.Struct):
    packages: list[_Package] | None = None


class _Order(msgspec.Struct, rename="camel"):
    package_attachment: _Attachment | None = None


class _Requested(msgspec.Struct, rename="camel"):
    """A body of PATCH (tracking number) or of PUT (tracking status)."""

    tracking_number: str | None = None
    is_delivered: bool | None = None
    delivered_date: str | None = None
    events: list[_Row] | None = None


def target_of(path: str) -> tuple[str, str] | None:
    """The order id as in the path (escaped) and the invoice number (plain); None for another path."""
    match = _PATH.fullmatch(path)
    return (match.group(1), unquote(match.group(2))) if match else None


def shows(order: bytes, invoice: str, request: bytes) -> bool | None:
    """Whether the order's invoice shows what the request contains; None if the order cannot be read."""
    try:
        read: _Order = decode(order, _Order)
        asked = msgspec.json.decode(request, type=_Requested)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    packages = (read.package_attachment.packages if read.package_attachment else None) or []
    mine = [p for p in packages if p.invoice_number == invoice]
    return any(_shows(package, asked) for package in mine)


def has_number_and_url(order: bytes, invoice: str, request: bytes) -> bool:
    """Whether the invoice has this tracking number, and a URL to look it up: then neither has to be sent again."""
    try:
        read: _Order = decode(order, _Order)
        asked = msgspec.json.decode(request, type=_Requested)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
    packages = (read.package_attachment.packages if read.package_attachment else None) or []
    mine = [p for p in packages if p.invoice_number == invoice and p.tracking_url]
    return bool(asked.tracking_number) and any(p.tracking_number == asked.tracking_number for p in mine)


def _shows(package: _Package, asked: _Requested) -> bool:
    if asked.is_delivered is None:
        return bool(asked.tracking_number) and package.tracking_number == asked.tracking_number
    status = package.courier_status or _CourierStatus()
    rows = {_key(row) for row in status.data or []}
    return (
        bool(status.finished) == asked.is_delivered
        and _same_day(status.delivered_date, asked.delivered_date)
        and all(_key(event) in rows for event in asked.events or [])
        and (bool(asked.events) or not rows)
    )


def _key(row: _Row) -> tuple[str, str, str]:
    # The platform may normalise spaces and case.
    city, state, words = (" ".join((text or "").split()).casefold() for text in (row.city, row.state, row.description))
    return (city, state, words)


def _same_day(shown: str | None, asked: str | None) -> bool:
    """Whether the delivered date shown can be the requested one. Orders of before 2023 show none at all."""
    if asked is None or not shown:
        return True
    try:
        there, here = datetime.fromisoformat(shown), datetime.fromisoformat(asked)
    except ValueError:
        return False
    return abs(there.replace(tzinfo=None) - here.replace(tzinfo=None)) <= _WIDEST_ZONE
