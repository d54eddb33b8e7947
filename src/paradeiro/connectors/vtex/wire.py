"""In: a question to a VTEX account; out: its answer, or in what way there is none. One allowance, one pause after 429.

Every request of the connector passes here. Contract: facts/vtex, section 2.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure, error_words, exchange, new_client, retry_after, trouble

AT_ONCE = 5  # requests under way: the limit is the whole store's
ALLOWED_PER_MINUTE = 6000  # of a VTEX account, by all who ask it (facts/vtex, section 2.1)
DEFAULT_SHARE = 10.0
_PAUSE_AFTER_429 = 60.0
_SERVER_ERROR = 500  # from here on an answer says nothing of what was done before it went wrong


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no answer. `outcome` is RETRY, AUTH_FAILED, REFUSED or MALFORMED."""

    outcome: Outcome
    message: str
    status: int | None = None
    retry_after: float | None = None
    in_doubt: bool = False


class Wire:
    """The way to one VTEX account."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        settings = account.settings
        self._account = account
        self._clock = clock
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._per_minute = ALLOWED_PER_MINUTE * share_of(settings.get("share", "")) / 100
        self._stopped_until = clock()
        self._client = new_client(
            settings["base_url"],
            {
                "X-VTEX-API-AppKey": settings["app_key"],
                "X-VTEX-API-AppToken": settings["app_token"],
                "Accept": "application/json",
                # Declared as required on every operation, also where there is no body (openapi-orders.json).
                "Content-Type": "application/json",
            },
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> HttpAnswer | Trouble:
        """One request, when its turn has come. After a 429 none is made until the pause is over."""
        async with self._slots:
            if self._account.spend is not None:
                await self._account.spend(self._per_minute)
            left = (self._stopped_until - self._clock()).total_seconds()
            if left > 0:
                return Trouble(Outcome.RETRY, "VTEX asked us to slow down (429); we wait", 429, left)
            answer = await exchange(self._client, method, path, headers=headers, params=params, body=body)
        problem = problem_of(answer)
        if problem is None:
            assert isinstance(answer, HttpAnswer)
            return answer
        if problem.status == 429:
            self._stopped_until = self._clock() + timedelta(seconds=problem.retry_after or _PAUSE_AFTER_429)
        return problem


def share_of(text: str) -> float:
    """The share of what VTEX allows that is ours, in percent; a tenth unless the account says otherwise."""
    try:
        share = float(text.strip().rstrip("%").replace(",", "."))
    except ValueError:
        return DEFAULT_SHARE
    return share if 0 < share <= 100 else DEFAULT_SHARE


def problem_of(answer: HttpAnswer | HttpFailure) -> Trouble | None:
    """What is wrong with an answer; None if it may be read."""
    if isinstance(answer, HttpFailure):
        return Trouble(Outcome.RETRY, answer.message, in_doubt=answer.in_doubt)
    outcome = trouble(answer)
    if outcome is not None:
        wait = retry_after(answer) or (_PAUSE_AFTER_429 if answer.status == 429 else None)
        said = error_words(answer)
        return Trouble(outcome, said, answer.status, wait, in_doubt=answer.status >= _SERVER_ERROR)
    if answer.is_html:
        return Trouble(Outcome.MALFORMED, "a web page came instead of an answer", answer.status)
    return None
