"""In: the scopes of an API key; out: what it may do. Pure."""

from collections.abc import Collection
from enum import StrEnum


class Area(StrEnum):
    """A part of the API that a key may be limited to."""

    SHIPMENTS = "shipments"  # packages: registered, read, asked about; files and tables of them
    ORDERS = "orders"  # orders and their invoices
    STATEMENTS = "statements"  # what a person or a system says of a package: events, deliveries, new labels
    CUSTOMERS = "customers"  # personal data: exported, erased; pictures of deliveries
    ENDPOINTS = "endpoints"  # webhooks: where news is sent
    NOTICES = "notices"  # what went wrong, accounts' health, messages sent again
    SETTINGS = "settings"  # who mails, channels, couriers, codes, accounts
    PEOPLE = "people"  # operators and API keys
    AUDIT = "audit"  # who did what
    VTEX = "vtex"  # the doors that speak VTEX's language


READ, WRITE = "read", "write"
# `read` and `write` alone are everything.
SCOPES = (READ, WRITE, *(f"{area}:{verb}" for area in Area for verb in (READ, WRITE)))


def scope_for(area: Area | None, verb: str) -> str:
    """The scope that is enough for a verb in an area; the whole verb where the area is unknown."""
    return f"{area}:{verb}" if area else verb


def allows(scopes: Collection[str], area: Area | None, verb: str) -> bool:
    """Whether a key with these scopes may do that."""
    return verb in scopes or (area is not None and scope_for(area, verb) in scopes)


def unknown_scopes(scopes: Collection[str]) -> list[str]:
    """The scopes that there are none of."""
    return sorted(set(scopes) - set(SCOPES))
