"""In: an account whose party gives tokens; out: those in force, asked for by one worker at a time and kept first."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from paradeiro.db import tokens
from paradeiro.db.pool import Pool, transaction
from paradeiro.db.stores import Account
from paradeiro.db.tokens import Kept
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import Clock
from paradeiro.sdk.tokens import Ask, NoTokens, Tokens

# Longer than any question takes (sdk/http.py): the turn is another's only when the worker that had it is gone.
_TURN = timedelta(seconds=90)
_LOOK_AGAIN_SECONDS = 0.5
_MOST_LOOKS = 40
# Before this much is left, new ones are asked for: none shall end on the way.
_SPARE = timedelta(minutes=5)
FIRST = "refresh_token"  # the account's setting that a person typed


@dataclass(frozen=True, slots=True)
class Keeper:
    """Where tokens are kept for all workers. `pace` as in `Means`: a turn guards against others and lasts real time."""

    pool: Pool
    secret_key: str = field(repr=False)
    clock: Clock
    pace: float = 1.0

    async def keep(self, account: Account, stale: str, ask: Ask) -> Tokens | NoTokens:
        """The tokens in force; new ones where those are over, or are `stale`, which the party no longer takes."""
        first = account.settings.get(FIRST, "")
        for _ in range(_MOST_LOOKS):
            async with transaction(self.pool) as connection:
                kept = await tokens.lock(connection, account.store_id, account.id, first=first, key=self.secret_key)
                now = self.clock()
                if kept is not None and kept.access != stale and kept.expires_at - _SPARE > now:
                    return Tokens(kept.access, kept.refresh, kept.expires_at)
                mine = await tokens.claim(connection, account.id, now=now, lease=now + _TURN * self.pace)
            if mine:
                return await self._renew(account, kept.refresh if kept else first, ask)
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        return NoTokens(Outcome.RETRY, "another worker is asking for new tokens")

    async def _renew(self, account: Account, refresh: str, ask: Ask) -> Tokens | NoTokens:
        """Ask, and keep what is given before anybody uses it. Killed in between, the account must be authorised anew:
        the party takes each refresh token once, and says so at the next question.
        """
        given = await ask(refresh)
        async with transaction(self.pool) as connection:
            if isinstance(given, NoTokens):
                await tokens.give_up(connection, account.id)
            else:
                kept = Kept(given.access, given.refresh, given.expires_at)
                await tokens.keep(connection, account.id, kept, key=self.secret_key)
        return given
