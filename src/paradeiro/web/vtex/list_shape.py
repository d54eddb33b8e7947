"""In: the query of VTEX's list of orders; out: our `OrderQuery`, and its result in VTEX's shape. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from paradeiro.db.orders.order_search import FoundOrder, OrderQuery, SortedBy
from paradeiro.domain.bounds import EARLIEST, LATEST, is_placeholder_date
from paradeiro.flow.errors import InvalidError
from paradeiro.web.vtex.order_shape import vtex_time
from paradeiro.web.vtex.shapes import checked_text, parse_time

# VTEX's own limits: 30 pages of at most 100.
MOST_PAGES = 30
MOST_PER_PAGE = 100
_PER_PAGE = 15
_RANGE = re.compile(r"\w+:\[(\S+) TO (\S+)\]")
_SORTED: dict[str, SortedBy] = {"creationDate": "creationDate", "orderId": "orderId"}
_PAGING = frozenset({"page", "per_page", "orderBy"})
# jQuery's cache buster; no filter.
_NO_FILTER = "_"
_KNOWN = _PAGING | {"q", "f_status", "f_creationDate", "f_invoicedDate", "f_hasInputInvoice"}
_INVOICED, _HANDLING = "invoiced", "handling"


def query_of(asked: Mapping[str, str]) -> OrderQuery:
    """The query. Raises `InvalidError` for an unknown filter: ignoring it would show the wrong orders."""
    for name, value in asked.items():
        if name not in _KNOWN and name != _NO_FILTER and value:
            known = ", ".join(sorted(_KNOWN))
            raise InvalidError("unknown_filter", f"'{name[:40]}' is not known here. Known: {known}.")
    by, _, direction = asked.get("orderBy", "").partition(",")
    if by and (by not in _SORTED or direction not in {"", "asc", "desc"}):
        raise InvalidError("bad_order", f"orderBy is creationDate or orderId, then ',asc' or ',desc'; not '{by[:40]}'.")
    try:
        words = checked_text(asked.get("q", ""))[:200]
    except ValueError as error:
        raise InvalidError("bad_words", f"q: {error}.") from error
    return OrderQuery(
        words=words,
        invoiced=_invoiced_filter(asked.get("f_status", "")),
        returned=_boolean_filter(asked.get("f_hasInputInvoice", "")),
        created=_range(asked.get("f_creationDate", ""), "f_creationDate"),
        issued=_range(asked.get("f_invoicedDate", ""), "f_invoicedDate"),
        by=_SORTED.get(by, "creationDate"),
        descending=direction != "asc",
        page=_number(asked.get("page", ""), "page", 1, MOST_PAGES),
        size=_number(asked.get("per_page", ""), "per_page", _PER_PAGE, MOST_PER_PAGE),
    )


def selects_nothing(asked: Mapping[str, str]) -> bool:
    """Whether the status filter excludes all our orders: they are either `handling` or `invoiced`."""
    wanted = set(filter(None, asked.get("f_status", "").split(",")))
    return bool(wanted) and wanted.isdisjoint({_INVOICED, _HANDLING})


def _invoiced_filter(statuses: str) -> bool | None:
    wanted = set(statuses.split(",")) & {_INVOICED, _HANDLING}
    return None if len(wanted) != 1 else _INVOICED in wanted


def _boolean_filter(text: str) -> bool | None:
    if text and text.lower() not in {"true", "false"}:
        raise InvalidError("bad_filter", f"f_hasInputInvoice is true or false, not '{text[:40]}'.")
    return text.lower() == "true" if text else None


def _number(text: str, name: str, default: int, most: int) -> int:
    if not text:
        return default
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 4 and 1 <= int(plain) <= most):
        raise InvalidError("bad_page", f"{name} is a number from 1 to {most}, not '{text[:40]}'.")
    return int(plain)


def _range(text: str, name: str) -> tuple[datetime, datetime] | None:
    if not text:
        return None
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        form = f"{name.removeprefix('f_')}:[2026-01-01T02:00:00.000Z TO 2026-01-02T01:59:59.999Z]"
        raise InvalidError("bad_range", f"{name}: write {form}.")
    # An open end is often written as year 1 or 9999.
    since = EARLIEST if is_placeholder_date(match[1]) else parse_time(match[1], name)
    return since, LATEST if is_placeholder_date(match[2]) else parse_time(match[2], name)


def list_json(orders: Sequence[FoundOrder], total: int, query: OrderQuery, zone: ZoneInfo) -> dict[str, Any]:
    """The page, in VTEX's shape. Statistics are not computed: they are zeros."""
    return {
        "list": [_line(order, zone) for order in orders],
        "facets": [],
        "paging": {
            "total": total,
            "pages": -(-total // query.size),
            "currentPage": query.page,
            "perPage": query.size,
        },
        "stats": {"stats": {"totalValue": _stats(), "totalItems": _stats()}},
    }


def _stats() -> dict[str, Any]:
    numbers = ("Count", "Max", "Mean", "Min", "Missing", "StdDev", "Sum", "SumOfSquares")
    none = dict.fromkeys(numbers, 0)
    whole = none | {"Facets": None}
    return none | {"Facets": {"origin": {"Fulfillment": whole, "Marketplace": whole}, "currencyCode": {"BRL": whole}}}


def _line(order: FoundOrder, zone: ZoneInfo) -> dict[str, Any]:
    promised = order.promised_at.astimezone(zone).isoformat() if order.promised_at else None
    return {
        "orderId": order.number,
        "creationDate": vtex_time(order.created_at),
        "clientName": order.customer_name,
        "items": None,
        "totalValue": order.value,
        "paymentNames": "",
        "status": _INVOICED if order.invoiced else _HANDLING,
        "statusDescription": "Faturado" if order.invoiced else "Preparando Entrega",
        "marketPlaceOrderId": order.marketplace_number,
        "sequence": "",
        "salesChannel": "",
        "affiliateId": order.channel or "",
        "origin": "Fulfillment" if order.marketplace_number else "Marketplace",
        "workflowInErrorState": False,
        "workflowInRetry": False,
        "lastMessageUnread": None,
        "ShippingEstimatedDate": promised,
        "ShippingEstimatedDateMax": None,
        "ShippingEstimatedDateMin": None,
        "orderIsComplete": True,
        "listId": None,
        "listType": None,
        "authorizedDate": None,
        "callCenterOperatorName": None,
        "totalItems": order.items,
        "currencyCode": "",
    }
