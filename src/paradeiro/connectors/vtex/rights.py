"""In: the connection to a VTEX account; out: which License Manager resources its key has, and what to do about the
others.

Each is checked with a request that changes nothing: a read, or a write to an order that does not exist.
"""

from collections.abc import Sequence

import msgspec

from paradeiro.connectors.vtex.channels import FEED_CONFIG
from paradeiro.connectors.vtex.wire import Wire, WireProblem
from paradeiro.domain.words import Outcome
from paradeiro.sdk.order_systems import Permission

_ORDERS = "/api/oms/pvt/orders"
_UNKNOWN_ORDER = f"{_ORDERS}/paradeiro-checks-its-key"
_EMPTY_TRACKING = {"trackingNumber": "", "trackingUrl": None, "dispatchedDate": None, "courier": None}
_WHERE = "Admin, Account settings, Application keys, the key's role: add the resource"
# Name, predefined roles that have it, and the request that needs it.
_CHECKS: tuple[tuple[str, str, str, str, Sequence[tuple[str, str]], bytes | None], ...] = (
    ("List Orders", "OMS - Full access", "GET", _ORDERS, (("page", "1"), ("per_page", "1")), None),
    ("View order", "OMS - Full access", "GET", _UNKNOWN_ORDER, (), None),
    (
        "Notify invoice",
        "OMS - Full access",
        "PATCH",
        f"{_UNKNOWN_ORDER}/invoice/0",
        (),
        msgspec.json.encode(_EMPTY_TRACKING),
    ),
    ("Feed v3 and Hook Admin", "no predefined role has it: make a custom one", "GET", FEED_CONFIG, (), None),
)


async def permissions(wire: Wire) -> list[Permission]:
    """Each right that we need. 401 is not a missing right but a wrong key: then the first line alone says so."""
    found = []
    for name, roles, method, path, params, body in _CHECKS:
        answer = await wire.ask(method, path, params=params, body=body)
        status = answer.status
        if status == 401:
            return [Permission("key and token", granted=False, remedy="VTEX does not know them: enter them again")]
        if status == 403:
            found.append(Permission(name, granted=False, remedy=f"{_WHERE} '{name}' ({roles})"))
        elif isinstance(answer, WireProblem) and answer.outcome in {Outcome.RETRY, Outcome.MALFORMED}:
            found.append(Permission(name, granted=None, remedy=f"VTEX did not answer that: {answer.message}"))
        else:
            found.append(Permission(name, granted=True))
    return found
