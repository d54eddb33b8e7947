"""In: the path of a request; out: the area that it belongs to, an API's and a page's alike. Pure.

A path that is not named here belongs to none: it takes the whole scope, and a test finds it.
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
    "keys": Area.PEOPLE,
    "codes": Area.SETTINGS,
    "couriers": Area.SETTINGS,
    "channels": Area.SETTINGS,
    "mailing": Area.SETTINGS,
    "audit": Area.AUDIT,
}
_VTEX = ("/api/oms/", "/pvt/", "/pub/", "/shipping-network/")
# Below a package or an invoice: what is said of it, and who received it.
_STATED = re.compile(r".*/(events|confirm-delivery|reopen|replace|restore|replaced-by|move)")
_OF_ACCOUNT = {
    "carriers": Area.SETTINGS,
    "pause": Area.SETTINGS,
    "resume": Area.SETTINGS,
    "files": Area.SHIPMENTS,
}
_RECEIVED = re.compile(r".*/proofs(/[^/]*)?")
# Pages below an order's: its number may have slashes, so they are known by how they end.
_ORDER_PAGES = (
    (re.compile(r"/orders/.+/packages/[^/]+/proofs/[^/]+"), Area.CUSTOMERS),
    (re.compile(r"/orders/.+/customer/(export|erase)"), Area.CUSTOMERS),
    (re.compile(r"/orders/.+/mail-again"), Area.NOTICES),
    (re.compile(r"/orders/.+/packages/[^/]+/ask-now"), Area.SHIPMENTS),
    (re.compile(r"/orders/.+/packages/[^/]+/[^/]+"), Area.STATEMENTS),
    (re.compile(r"/notices/[^/]+/move"), Area.STATEMENTS),
    (re.compile(r"/accounts/[^/]+/ask-now"), Area.NOTICES),
)
# By the first part; what an account's page shows is what its notices say.
_PAGES = {
    "": Area.ORDERS,
    "orders": Area.ORDERS,
    "replies": Area.SHIPMENTS,
    "import": Area.SHIPMENTS,
    "files": Area.SHIPMENTS,
    "notices": Area.NOTICES,
    "accounts": Area.SETTINGS,
    "couriers": Area.SETTINGS,
    "codes": Area.SETTINGS,
    "people": Area.PEOPLE,
    "keys": Area.PEOPLE,
    "audit": Area.AUDIT,
}


def area_of(path: str) -> Area | None:
    """The area; None if it has none."""
    if not path.startswith(("/api/", *_VTEX)):
        ending = next((area for pattern, area in _ORDER_PAGES if pattern.fullmatch(path)), None)
        return ending or _PAGES.get(path.removeprefix("/").partition("/")[0])
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
