"""In: tracking codes; out: the carrier's raw answers, each with its outcome. HTTP only, no domain types."""

from collections.abc import Sequence
from urllib.parse import quote

import httpx

from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Answer, Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure, http_problem, new_client, retry_after, send_request


class ExampleCarrierSession:
    """An open connection of one account."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the order asked."""
        return [await self._ask(code) for code in tracking_codes]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, code: str) -> Answer:
        answer = await send_request(self._client, "GET", f"/v1/trackings/{quote(code, safe='')}")
        if isinstance(answer, HttpFailure):
            return Answer(code, Outcome.RETRY, message=answer.message)
        return Answer(
            code,
            _outcome(answer),
            body=answer.body,
            message="" if answer.ok else f"HTTP {answer.status}",
            http_status=answer.status,
            retry_after=retry_after(answer),
        )


def _outcome(answer: HttpAnswer) -> Outcome:
    # A web page instead of JSON comes from a proxy, not from the carrier.
    if answer.is_html:
        return Outcome.RETRY if answer.status >= 500 else Outcome.MALFORMED
    if answer.status == 404:
        return Outcome.NOT_FOUND
    return http_problem(answer) or Outcome.FOUND


def open_session(account: AccountRef, _: Clock) -> ExampleCarrierSession:
    """A session of one account. Its repr shows no setting."""
    token = account.settings["token"]
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    return ExampleCarrierSession(new_client(account.settings["base_url"], headers))
