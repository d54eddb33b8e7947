"""In: the connection to a VTEX account; out: its feed read and committed; feed and hook configured, checked, ended.

One feed and one hook per application key: one that is not ours is left as it is. Contract: facts/vtex, section 2.9.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from paradeiro.connectors.vtex.parse import decode
from paradeiro.connectors.vtex.push import SECRET_HEADER
from paradeiro.connectors.vtex.wire import Wire, WireProblem
from paradeiro.domain.bounds import number_problem
from paradeiro.domain.words import Outcome
from paradeiro.sdk.http import json_object
from paradeiro.sdk.order_systems import FeedPage
from paradeiro.sdk.sessions import Subscribed

FEED, FEED_CONFIG, HOOK_CONFIG = "/api/orders/feed", "/api/orders/feed/config", "/api/orders/hook/config"
# By status, since filters by any field miss events (known issue 832400). An invoiced order has its packages.
FILTER = {"type": "FromWorkflow", "status": ["invoiced"]}
MOST_PER_LOT = 10
_QUEUE = {"visibilityTimeoutInSeconds": 240, "MessageRetentionPeriodInSeconds": 345600}
_NO_CONFIG = frozenset({b"", b"{}", b"null"})
_KEY_OF_ITS_OWN = "Make a key of its own for Paradeiro: VTEX keeps one feed and one hook per key"


class _Item(msgspec.Struct, rename="camel"):
    handle: str
    order_id: str | None = None


async def read_feed(wire: Wire) -> FeedPage:
    """One batch of the feed. 404: the key has none (any more; VTEX ends one that had no event for days)."""
    answer = await wire.ask("GET", FEED, params=(("maxlot", str(MOST_PER_LOT)),))
    if isinstance(answer, WireProblem):
        # 403 concerns the feed's own resource: the key may have all others, so it is no reason to pause the account.
        own = {404: Outcome.NOT_FOUND, 403: Outcome.REFUSED}.get(answer.status or 0, answer.outcome)
        return FeedPage(problem=own, message=_failure(answer).message, retry_after=answer.retry_after)
    try:
        items: list[_Item] = decode(answer.body, list[_Item])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return FeedPage(problem=Outcome.MALFORMED, message=f"the feed cannot be understood: {error}")
    named = dict.fromkeys(item.order_id.strip() for item in items if item.order_id and item.order_id.strip())
    # A number that cannot be stored must not prevent the commit of the batch; the sweep reports it in a notice.
    about = (number for number in named if not number_problem(number))
    return FeedPage(tuple(about), tuple(item.handle for item in items))


async def commit(wire: Wire, handles: Sequence[str]) -> Subscribed:
    """Confirm these items, so that they are not delivered again."""
    for start in range(0, len(handles), MOST_PER_LOT):
        lot = list(handles[start : start + MOST_PER_LOT])
        answer = await wire.ask("POST", FEED, body=msgspec.json.encode({"handles": lot}))
        if isinstance(answer, WireProblem):
            return _failure(answer)
    return Subscribed(Outcome.FOUND)


async def start_feed(wire: Wire) -> Subscribed:
    """Configure the feed, unless it is so already. A feed of another program is not touched."""
    there = await _config(wire, FEED_CONFIG)
    if isinstance(there, WireProblem):
        return _failure(there)
    if there.get("filter"):
        return Subscribed(Outcome.FOUND) if _same_filter(there) else _used_by_others("feed", there)
    body = msgspec.json.encode({"filter": FILTER, "queue": _QUEUE})
    answer = await wire.ask("POST", FEED_CONFIG, body=body)
    return _failure(answer) if isinstance(answer, WireProblem) else Subscribed(Outcome.FOUND)


async def end_feed(wire: Wire) -> Subscribed:
    """End the feed, if it is ours."""
    there = await _config(wire, FEED_CONFIG)
    if isinstance(there, WireProblem):
        return _failure(there)
    if not there.get("filter"):
        return Subscribed(Outcome.NOT_FOUND, message="there is no feed")
    return await _end(wire, FEED_CONFIG) if _same_filter(there) else _used_by_others("feed", there)


async def hook_at(wire: Wire, url: str) -> Subscribed:
    """Whether VTEX pushes to this address."""
    there = await _config(wire, HOOK_CONFIG)
    if isinstance(there, WireProblem):
        return _failure(there)
    if _url(there) == url:
        return Subscribed(Outcome.FOUND, id="hook")
    return Subscribed(Outcome.NOT_FOUND, message="VTEX pushes to another address" if _url(there) else "no hook")


async def set_hook(wire: Wire, url: str, secret: str) -> Subscribed:
    """Configure the hook; VTEX pings the address meanwhile. Doing it again restores one that VTEX ended."""
    there = await _config(wire, HOOK_CONFIG)
    if isinstance(there, WireProblem):
        return _failure(there)
    if _url(there) and _url(there) != url and _headers(there).get(SECRET_HEADER) != secret:
        return _used_by_others("hook", there)
    body = {"filter": FILTER, "hook": {"url": url, "headers": {SECRET_HEADER: secret}}}
    answer = await wire.ask("POST", HOOK_CONFIG, body=msgspec.json.encode(body))
    if not isinstance(answer, WireProblem):
        return Subscribed(Outcome.FOUND, id="hook")
    if answer.status == 400:
        words = "VTEX pinged the address and was not answered with 200 within 5 seconds, or it is not https"
        return Subscribed(answer.outcome, message=f"{words} ({answer.message})")
    return _failure(answer)


async def ping_hook(wire: Wire, url: str) -> Subscribed:
    """Have VTEX ping the address: it does so whenever the hook is configured."""
    there = await _config(wire, HOOK_CONFIG)
    if isinstance(there, WireProblem):
        return _failure(there)
    if _url(there) != url:
        return Subscribed(Outcome.NOT_FOUND)
    secret = _headers(there).get(SECRET_HEADER, "")
    return await set_hook(wire, url, secret) if secret else Subscribed(Outcome.REFUSED, message="its headers are gone")


async def end_hook(wire: Wire, url: str) -> Subscribed:
    """End the hook, if it has this address."""
    there = await hook_at(wire, url)
    return await _end(wire, HOOK_CONFIG) if there.outcome is Outcome.FOUND else there


async def _end(wire: Wire, path: str) -> Subscribed:
    answer = await wire.ask("DELETE", path)
    if isinstance(answer, WireProblem):
        return Subscribed(Outcome.NOT_FOUND) if answer.status == 404 else _failure(answer)
    return Subscribed(Outcome.NOT_FOUND, message="ended")


async def _config(wire: Wire, path: str) -> dict[str, Any] | WireProblem:
    """A configuration; empty where there is none (404, or an answer without one)."""
    answer = await wire.ask("GET", path)
    if isinstance(answer, WireProblem):
        return {} if answer.status == 404 else answer
    read = json_object(answer.body)
    if not read and answer.body.strip() not in _NO_CONFIG:
        return WireProblem(Outcome.MALFORMED, "the configuration of hook or feed cannot be understood")
    return read


def _same_filter(there: dict[str, Any]) -> bool:
    found = there["filter"]
    return isinstance(found, dict) and found.get("type") == FILTER["type"] and found.get("status") == FILTER["status"]


def _url(there: dict[str, Any]) -> str:
    hook = there.get("hook")
    return str(hook.get("url") or "") if isinstance(hook, dict) else ""


def _headers(there: dict[str, Any]) -> dict[str, str]:
    hook = there.get("hook")
    headers = hook.get("headers") if isinstance(hook, dict) else None
    return {str(k).lower(): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}


def _used_by_others(what: str, there: dict[str, Any]) -> Subscribed:
    known = there.get("filter")
    whose = _url(there) or (known.get("status") if isinstance(known, dict) else "") or "another filter"
    return Subscribed(Outcome.REFUSED, message=f"the key has a {what} already, not ours ({whose}). {_KEY_OF_ITS_OWN}")


def _failure(failure: WireProblem) -> Subscribed:
    message = failure.message
    if failure.status == 403:
        message += ". The key's role lacks the resource 'Feed v3 and Hook Admin'"
    return Subscribed(failure.outcome, message=message)
