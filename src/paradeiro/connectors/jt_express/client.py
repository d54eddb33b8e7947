"""In: waybill numbers to look up with one key; out: one answer per number, as raw bytes with an outcome. HTTP only."""

from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec

from paradeiro.connectors.jt_express.envelope import FIELD
from paradeiro.connectors.jt_express.parse import parse
from paradeiro.connectors.jt_express.push import DIGEST, digest_of
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Answer, Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure, error_text, http_problem, new_client, retry_after, send_request

PRODUCTION = "https://openapi.jtjms-br.com"
_TRACE = "/webopenplatformapi/api/logistics/trace"
_HEADERS = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}


class JtExpressSession:
    """One console account's connection. Each question is signed."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        settings = account.settings
        self._clock = clock
        self._account = (settings.get("api_account") or "").strip()
        self._key = (settings.get("private_key") or "").strip()
        self._client = new_client(settings.get("base_url") or PRODUCTION, _HEADERS)

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per number, in the given order; how many one question may hold is not known for Brazil."""
        return [await self._look_up(code) for code in tracking_codes]

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def _look_up(self, code: str) -> Answer:
        if not (self._key and self._account.isascii() and self._account.isprintable() and self._account):
            return Answer(code, Outcome.AUTH_FAILED, message="enter api_account and private_key of the console")
        content = msgspec.json.encode({"billCodes": code})
        headers = {
            "apiAccount": self._account,
            "timestamp": str(int(self._clock().timestamp() * 1000)),
            DIGEST: digest_of(content, self._key),
        }
        body = urlencode({FIELD: content}).encode()
        told = await send_request(self._client, "POST", _TRACE, headers=headers, body=body)
        if isinstance(told, HttpFailure):
            return Answer(code, Outcome.RETRY, message=told.message)
        outcome, message = _outcome(code, told)
        return Answer(code, outcome, told.body, message, told.status, retry_after(told))


def _outcome(code: str, told: HttpAnswer) -> tuple[Outcome, str]:
    """The outcome of an answer. A web page is an outage, whatever its status."""
    problem = http_problem(told)
    if told.is_html and problem in {None, Outcome.REFUSED}:
        return Outcome.RETRY, "a web page came instead of an answer"
    if problem is not None:
        # 404 and the like concern the interface: they say 'not found' in a success.
        return (Outcome.MALFORMED if problem is Outcome.REFUSED else problem), error_text(told)
    parsed = parse(told.body)
    if any(each.tracking_code not in {"", tidy_code(code)} for each in parsed):
        return Outcome.MALFORMED, "the answer is about another number"
    return parsed[0].outcome, parsed[0].message
