"""In: a call to a connector; out: its result, or a substitute when it does not end in time.

Connectors have timeouts of their own. This is the second guard: a hanging call ends before the lease of its rows.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

_Result = TypeVar("_Result")

# Sending one message; the lease of an effect is two minutes.
SEND_SECONDS = 90.0
# One batch of shipments, deliveries or named orders; their leases are two minutes and more.
BATCH_SECONDS = 100.0
# One bulk request, which takes a minute; its lease is five.
MANY_SECONDS = 200.0
# One page of orders, each read with a request of its own.
PAGE_SECONDS = 300.0


async def with_time_limit(
    call: Callable[[], Awaitable[_Result]], seconds: float, on_timeout: Callable[[str], _Result]
) -> _Result:
    """The result of `call()`; after `seconds` it is cancelled, and `on_timeout(message)` makes the result."""
    try:
        async with asyncio.timeout(seconds):
            return await call()
    except TimeoutError:
        return on_timeout(f"it had not ended after {seconds:.0f} s and was given up")
