"""In: a question to a party; out: what it gives, or what stands for no answer when it does not end in time.

A connector bounds its own exchanges. This is the second guard: one that hangs all the same holds no job for ever, and
ends before the lease of what it was asked about does.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

_Given = TypeVar("_Given")

# One telling; the lease of an effect is two minutes.
SEND_SECONDS = 90.0
# One batch of shipments, deliveries or named orders; their leases are two minutes and more.
BATCH_SECONDS = 100.0
# One question for many, which takes a minute by itself; its lease is five.
MANY_SECONDS = 200.0
# One page of orders, each of them read by itself.
PAGE_SECONDS = 300.0


async def bounded(asking: Callable[[], Awaitable[_Given]], seconds: float, instead: Callable[[str], _Given]) -> _Given:
    """The answer to what `asking` begins; after so many seconds it is given up, and `instead` makes one of why."""
    try:
        async with asyncio.timeout(seconds):
            return await asking()
    except TimeoutError:
        return instead(f"it had not ended after {seconds:.0f} s and was given up")
