"""In: what a party gave that lets us in for a while; out: the same, kept where all workers find it.

A refresh token that works once only must be kept before anything is done with what it gave, or the account is lost.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from paradeiro.domain.words import Outcome


@dataclass(frozen=True, slots=True)
class Tokens:
    """An access token with its end, and what gives the next one. Its repr shows neither."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NoTokens:
    """Why there are none: RETRY, or AUTH_FAILED when somebody must let us in anew. `in_doubt`: the party may have given
    some before the connection broke.
    """

    outcome: Outcome
    message: str
    in_doubt: bool = False


# Ask the party for new tokens with this refresh token. Raises nothing.
Ask = Callable[[str], Awaitable[Tokens | NoTokens]]
# The tokens in force, given those that are known to be over ('' for none) and how to ask for new ones.
Keep = Callable[[str, Ask], Awaitable[Tokens | NoTokens]]
