"""In: a push as received and the secret in its headers; out: the order to read now, or why it is no valid push. Pure.

VTEX signs nothing: it sends the headers that the hook was configured with, and ours contain a secret. The content of a
push is not trusted; the order that it names is read. Contract: facts/vtex, section 2.9.
"""

import hmac
import json
from collections.abc import Mapping

from paradeiro.domain.bounds import number_problem
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import HOOK_SECRET, Push, PushRead

# The one header that the contract of the hook's configuration names, and requires (openapi-orders.json).
SECRET_HEADER = "key"  # noqa: S105 - the header's name


def read_push(push: Push, settings: Mapping[str, str]) -> PushRead:
    """The order that a push names. Never raises, whatever the bytes are."""
    told = _object(push.body)
    # The ping that checks the address; whether it has the headers is not documented. It names nothing.
    if told is not None and told == {"hookConfig": "ping"}:
        return PushRead(Outcome.NOT_FOUND, message="the ping of the configuration", identity="ping")
    problem = _secret_problem(push, settings.get(HOOK_SECRET, ""))
    if problem:
        return PushRead(Outcome.AUTH_FAILED, message=problem)
    if told is None:
        return PushRead(Outcome.MALFORMED, message="it is not a JSON object")
    order = told.get("OrderId")
    if not isinstance(order, str) or not order.strip() or number_problem(order):
        return PushRead(Outcome.MALFORMED, message="it names no order")
    # At least once, in any order; State may be null (facts/vtex, section 2.9).
    same = json.dumps([order, told.get("State"), told.get("LastChange")])
    return PushRead(Outcome.FOUND, (order,), identity=same)


def _secret_problem(push: Push, secret: str) -> str:
    """Why the push is not proven to be from VTEX; empty if it is."""
    if not secret:
        return "there is no secret to check it with"
    given = push.headers.get(SECRET_HEADER, "")
    if not given:
        return f"there is no header '{SECRET_HEADER}'"
    right = hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())
    return "" if right else "the secret is another"


def _object(body: bytes) -> dict[str, object] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
