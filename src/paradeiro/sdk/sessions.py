"""In: nothing; out: what every session has, the result of a call about a subscription, a session that asks nothing."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from paradeiro.domain.words import Outcome


@runtime_checkable
class Session(Protocol):
    """An open connection of one account: pools, tokens. Made by `Connector.open`, closed by the flow's owner."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The result of a call about a party's pushes. `outcome`: FOUND (it pushes, or will try), NOT_FOUND (it does not),
    else the failure, with `message` for a person. `notes`: what a person should know although it succeeded. `id` is the
    party's own name for the subscription.
    """

    outcome: Outcome
    id: str = ""
    message: str = ""
    notes: tuple[str, ...] = ()


class SilentSession:
    """The session of an account that nothing is asked of: its party pushes, or writes files. It has no connection."""

    async def close(self) -> None:
        """Nothing is open."""
