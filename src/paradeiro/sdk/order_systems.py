"""In: nothing; out: what a session of an order system gives: orders, by sweep, by number, by its queue."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from paradeiro.domain.records import Order
from paradeiro.domain.words import Outcome
from paradeiro.sdk.sessions import Session, Subscribed


@dataclass(frozen=True, slots=True)
class OrdersPage:
    """Orders that changed at the order system. `cursor` is opaque and passed back at the next call; `more`: another
    page is available now. `problem` is RETRY or AUTH_FAILED, with `message`, else None. `total`: how many orders this
    sweep lists in all, as far as known.
    """

    orders: tuple[Order, ...] = ()
    cursor: str = ""
    more: bool = False
    problem: Outcome | None = None
    message: str = ""
    retry_after: float | None = None
    total: int = 0


@dataclass(frozen=True, slots=True)
class NamedOrders:
    """Orders read by their numbers: the `orders` found, those `missing`, those `unread` for a reason of their own (in
    `message`). With a `problem`, which is the party's, none was read.
    """

    orders: tuple[Order, ...] = ()
    missing: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    problem: Outcome | None = None
    message: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Items of our queue at the order system: the orders that changed (`about`), and the `handles` to commit them. With
    a `problem` nothing was taken; NOT_FOUND: there is no queue (any more).
    """

    about: tuple[str, ...] = ()
    handles: tuple[str, ...] = field(default=(), repr=False)
    problem: Outcome | None = None
    message: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """One right that a key must have at its party. `granted` None: unknown. `remedy`: what to do."""

    name: str
    granted: bool | None
    remedy: str = ""


class OrderSystemSession(Session, Protocol):
    async def orders(self, cursor: str, watch: Sequence[str]) -> OrdersPage:
        """Orders seen since `cursor` (empty at first), and the order numbers in `watch` read again."""
        ...


@runtime_checkable
class HintedSession(Session, Protocol):
    """An order system's session that reads orders by number, as named by pushes or a feed."""

    async def named(self, numbers: Sequence[str]) -> NamedOrders:
        """These orders, as they are now."""
        ...

    async def permissions(self) -> list[Permission]:
        """The rights of the account's key, of all that we need. Checked without changing anything."""
        ...

    def beginning(self, days: int) -> str:
        """The cursor of a sweep over the orders of so many days."""
        ...


@runtime_checkable
class FeedSession(Session, Protocol):
    """A session of an order system that offers a queue."""

    async def feed(self) -> FeedPage:
        """Some items of the queue. They are delivered again, after a while, until committed."""
        ...

    async def commit(self, handles: Sequence[str]) -> Subscribed:
        """Confirm these items. Only after their content is stored."""
        ...

    async def start_feed(self) -> Subscribed:
        """Create the queue; an existing one of ours is left as it is."""
        ...

    async def end_feed(self) -> Subscribed:
        """Remove the queue. NOT_FOUND when there is none."""
        ...
