"""In: the way to a VTEX account; out: which License Manager resources its key has, and what to do about the others.

Each is tried with a request that changes nothing: one that reads, or one about an order that does not exist.
"""

from collections.abc import Sequence

import msgspec

from paradeiro.connectors.vtex.channels import FEED_CONFIG
from paradeiro.connectors.vtex.wire import Trouble, Wire
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import Right

_ORDERS = "/api/oms/pvt/orders"
_NOBODYS = f"{_ORDERS}/paradeiro-checks-its-key"
_NOTHING = {"trackingNumber": "", "trackingUrl": None, "dispatchedDate": None, "courier": None}
_WHERE = "Admin, Account settings, Application keys, the key's role: add the resource"
# Name, predefined roles that have it, and the request that needs it.
_TRIED: tuple[tuple[str, str, str, str, Sequence[tuple[str, str]], bytes | None], ...] = (
    ("List Orders", "OMS - Full access", "GET", _ORDERS, (("page", "1"), ("per_page", "1")), None),
    ("View order", "OMS - Full access", "GET", _NOBODYS, (), None),
    ("Notify invoice", "OMS - Full access", "PATCH", f"{_NOBODYS}/invoice/0", (), msgspec.json.encode(_NOTHING)),
    ("Feed v3 and Hook Admin", "no predefined role has it: make a custom one", "GET", FEED_CONFIG, (), None),
)


async def rights(wire: Wire) -> list[Right]:
    """Each right that we need. 401 is no missing right but a wrong key: the first line says so alone."""
    found = []
    for name, roles, method, path, params, body in _TRIED:
        answer = await wire.ask(method, path, params=params, body=body)
        status = answer.status
        if status == 401:
            return [Right("key and token", granted=False, remedy="VTEX does not know them: enter them again")]
        if status == 403:
            found.append(Right(name, granted=False, remedy=f"{_WHERE} '{name}' ({roles})"))
        elif isinstance(answer, Trouble) and answer.outcome in {Outcome.RETRY, Outcome.MALFORMED}:
            found.append(Right(name, granted=None, remedy=f"VTEX did not answer that: {answer.message}"))
        else:
            found.append(Right(name, granted=True))
    return found
