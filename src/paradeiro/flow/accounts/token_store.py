"""In: an account whose party issues tokens; out: valid tokens, renewed by one worker at a time, stored before use."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from paradeiro.db.accounts import tokens
from paradeiro.db.accounts.stores import Account
from paradeiro.db.accounts.tokens import StoredTokens
from paradeiro.db.pool import Pool, transaction
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import Clock
from paradeiro.sdk.tokens import NoTokens, TokenRequest, Tokens

# Longer than any request takes (sdk/http.py): a lease expires only when its worker died.
_RENEWAL_LEASE = timedelta(seconds=90)
_POLL_SECONDS = 0.5
_MAX_POLLS = 40
# Renew when less than this is left, so that no token expires during a request.
_EXPIRY_MARGIN = timedelta(minutes=5)
FIRST = "refresh_token"  # the account's setting that a person typed


@dataclass(frozen=True, slots=True)
class TokenStore:
    """Tokens shared by all workers. `pace` as in `Context`: a lease is held against other processes, in real time."""

    pool: Pool
    secret_key: str = field(repr=False)
    clock: Clock
    pace: float = 1.0

    async def current_tokens(self, account: Account, stale: str, ask: TokenRequest) -> Tokens | NoTokens:
        """Valid tokens, renewed if they expired or equal `stale` (an access token that the party refused)."""
        first = account.settings.get(FIRST, "")
        # Without a refresh token any other credential makes other tokens.
        typed = first or "\n".join(f"{name}={value}" for name, value in sorted(account.settings.items()))
        for _ in range(_MAX_POLLS):
            async with transaction(self.pool) as connection:
                stored = await tokens.lock_tokens(
                    connection, account.store_id, account.id, typed=typed, key=self.secret_key
                )
                now = self.clock()
                if stored is not None and stored.access != stale and stored.expires_at - _EXPIRY_MARGIN > now:
                    return Tokens(stored.access, stored.refresh, stored.expires_at)
                mine = await tokens.claim_refresh(
                    connection, account.id, now=now, lease=now + _RENEWAL_LEASE * self.pace
                )
            if mine:
                return await self._renew(account, stored.refresh if stored else first, ask)
            await asyncio.sleep(_POLL_SECONDS)
        return NoTokens(Outcome.RETRY, "another worker is asking for new tokens")

    async def _renew(self, account: Account, refresh: str, ask: TokenRequest) -> Tokens | NoTokens:
        """Request new tokens and store them before use. If the worker dies in between, the account must be authorised
        again: the party accepts each refresh token once.
        """
        renewed = await ask(refresh)
        async with transaction(self.pool) as connection:
            if isinstance(renewed, NoTokens):
                await tokens.release_refresh(connection, account.id)
            else:
                stored = StoredTokens(renewed.access, renewed.refresh, renewed.expires_at)
                await tokens.put_tokens(connection, account.id, stored, key=self.secret_key)
        return renewed
