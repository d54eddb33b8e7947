"""In: a request to a VTEX account; out: its answer, or a `WireProblem`. One rate allowance, one pause after 429.

Every request of the connector passes here. Contract: facts/vtex, section 2.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure, error_text, http_problem, new_client, retry_after, send_request

AT_ONCE = 5  # requests under way: the limit is the whole store's
ALLOWED_PER_MINUTE = 6000  # of a VTEX account, shared by all its API clients (facts/vtex, section 2.1)
DEFAULT_SHARE = 10.0
_PAUSE_AFTER_429 = 60.0
_SERVER_ERROR = 500  # from here on it is unknown whether the request was carried out


@dataclass(frozen=True, slots=True)
class WireProblem:
    """Why there is no answer. `outcome` is RETRY, AUTH_FAILED, REFUSED or MALFORMED."""

    outcome: Outcome
    message: str
    status: int | None = None
    retry_after: float | None = None
    in_doubt: bool = False


class Wire:
    """The connection to one VTEX account."""

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
    ) -> HttpAnswer | WireProblem:
        """One request, when the rate allowance permits it. After a 429 none is made until the pause is over."""
        async with self._slots:
            if self._account.spend is not None:
                await self._account.spend(self._per_minute)
            left = (self._stopped_until - self._clock()).total_seconds()
            if left > 0:
                return WireProblem(Outcome.RETRY, "VTEX asked us to slow down (429); we wait", 429, left)
            answer = await send_request(self._client, method, path, headers=headers, params=params, body=body)
        problem = problem_of(answer)
        if problem is None:
            assert isinstance(answer, HttpAnswer)
            return answer
        if problem.status == 429:
            self._stopped_until = self._clock() + timedelta(seconds=problem.retry_after or _PAUSE_AFTER_429)
        return problem


def share_of(text: str) -> float:
    """Our share of VTEX's rate limit, in percent; a tenth unless the account says otherwise."""
    try:
        share = float(text.strip().rstrip("%").replace(",", "."))
    except ValueError:
        return DEFAULT_SHARE
    return share if 0 < share <= 100 else DEFAULT_SHARE


def problem_of(answer: HttpAnswer | HttpFailure) -> WireProblem | None:
    """The problem of an answer; None if it may be read."""
    if isinstance(answer, HttpFailure):
        return WireProblem(Outcome.RETRY, answer.message, in_doubt=answer.in_doubt)
    outcome = http_problem(answer)
    if outcome is not None:
        wait = retry_after(answer) or (_PAUSE_AFTER_429 if answer.status == 429 else None)
        said = error_text(answer)
        return WireProblem(outcome, said, answer.status, wait, in_doubt=answer.status >= _SERVER_ERROR)
    if answer.is_html:
        return WireProblem(Outcome.MALFORMED, "a web page came instead of an answer", answer.status)
    return None
