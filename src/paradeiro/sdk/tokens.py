"""In: tokens that a party issued; out: the same, stored where all workers find them.

A refresh token that works only once must be stored before its tokens are used, or the account is lost.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from paradeiro.domain.words import Outcome


@dataclass(frozen=True, slots=True)
class Tokens:
    """An access token with its expiry, and the refresh token for the next one. Its repr shows neither."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NoTokens:
    """Why there are no tokens: RETRY, or AUTH_FAILED when a person must authorise again. `in_doubt`: the party may have
    issued some before the connection broke.
    """

    outcome: Outcome
    message: str
    in_doubt: bool = False


# Requests new tokens from the party with this refresh token. Raises nothing.
TokenRequest = Callable[[str], Awaitable[Tokens | NoTokens]]
# Gives the valid tokens; takes the access token known to be expired ('' for none) and how to request new ones.
TokenStore = Callable[[str, TokenRequest], Awaitable[Tokens | NoTokens]]
