"""In: the path of a request; out: the area of the API that it belongs to. Pure.

A path that is not named here belongs to none: it takes a key with the whole scope, and a test finds it.
"""

import re

from paradeiro.flow.accounts.scopes import Area

# By the first part after /api/v1.
_API = {
    "shipments": Area.SHIPMENTS,
    "replies": Area.SHIPMENTS,
    "carriers": Area.SHIPMENTS,
    "files": Area.SHIPMENTS,
    "orders": Area.ORDERS,
    "untold": Area.ORDERS,
    "customers": Area.CUSTOMERS,
    "suppressions": Area.CUSTOMERS,
    "webhooks": Area.ENDPOINTS,
    "notices": Area.NOTICES,
    "accounts": Area.NOTICES,
    "keys": Area.SETTINGS,
    "codes": Area.SETTINGS,
    "couriers": Area.SETTINGS,
    "channels": Area.SETTINGS,
    "mailing": Area.SETTINGS,
    "audit": Area.AUDIT,
}
_VTEX = ("/api/oms/", "/pvt/", "/pub/", "/shipping-network/")
# Below a package or an invoice: what is said of it, and who received it.
_STATED = re.compile(r".*/(events|confirm-delivery|reopen|replace|restore|replaced-by|move)")
_OF_ACCOUNT = {"carriers": Area.SETTINGS, "files": Area.SHIPMENTS}
_RECEIVED = re.compile(r".*/proofs(/[^/]*)?")


def area_of(path: str) -> Area | None:
    """The area; None if it has none."""
    if path.startswith(_VTEX):
        return Area.VTEX
    if not path.startswith("/api/v1/"):
        return None
    part = path.removeprefix("/api/v1/").partition("/")[0]
    if part in {"shipments", "orders"} and _STATED.fullmatch(path):
        return Area.STATEMENTS
    if part == "shipments" and _RECEIVED.fullmatch(path):
        return Area.CUSTOMERS
    of_account = _OF_ACCOUNT.get(path.rpartition("/")[2]) if part == "accounts" else None
    return of_account or _API.get(part)
