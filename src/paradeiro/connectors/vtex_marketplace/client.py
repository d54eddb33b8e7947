"""In: an account at a VTEX marketplace; out: a session that sends our requests to it. HTTP only.

Contract: facts/vtex section 4b. Faults of the marketplace are outcomes, never exceptions.
"""

from collections.abc import Callable

from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Clock, Request, Sent
from paradeiro.sdk.http import (
    HttpAnswer,
    HttpFailure,
    embedded_refusal,
    error_text,
    http_problem,
    json_object,
    new_client,
    retry_after,
    send_request,
)

_PAUSE_AFTER_429 = 60.0
_SERVER_ERROR = 500  # from here on it is unknown whether the request was carried out


class VtexMarketplaceSession:
    """An open session with one marketplace."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:  # noqa: ARG002 - the same call for every connector
        settings = account.settings
        keys = "X-API" if settings.get("key_headers", "").strip().lower() == "api" else "X-VTEX-API"
        self._client = new_client(
            settings["base_url"],
            {
                f"{keys}-AppKey": settings["app_key"],
                f"{keys}-AppToken": settings["app_token"],
                "Accept": "application/json",
            },
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, request: Request, telling_id: str) -> Sent:
        """Send one request, with its `telling_id`: the protocol ignores it, other servers may use it."""
        headers = {**dict(request.headers), "Idempotency-Key": telling_id}
        answer = await send_request(self._client, request.method, request.path, headers=headers, body=request.body)
        return _sent(answer, _delivery_receipt if request.path.endswith("/delivered") else _receipt)

    async def already_done(self, request: Request, telling_id: str) -> bool:  # noqa: ARG002 - the same call for every sink
        """Never known: the protocol has nothing to read. Sending the same twice is harmless there (README)."""
        return False


def _sent(answer: HttpAnswer | HttpFailure, receipt_of: Callable[[bytes], str | None]) -> Sent:
    if isinstance(answer, HttpFailure):
        return Sent(Outcome.RETRY, message=answer.message, in_doubt=answer.in_doubt)
    outcome = http_problem(answer)
    if outcome is not None:
        wait = retry_after(answer) or (_PAUSE_AFTER_429 if answer.status == 429 else None)
        doubt = answer.status >= _SERVER_ERROR
        return Sent(outcome, "", error_text(answer), http_status=answer.status, retry_after=wait, in_doubt=doubt)
    if answer.is_html:
        words = "a web page came instead of an answer"
        return Sent(Outcome.MALFORMED, message=words, http_status=answer.status)
    no = embedded_refusal(answer)
    if no:
        return Sent(Outcome.REFUSED, message=f"refused inside a success: {no}", http_status=answer.status)
    receipt = receipt_of(answer.body)
    if receipt is None:
        return Sent(Outcome.MALFORMED, message="accepted without a receipt", http_status=answer.status)
    return Sent(Outcome.FOUND, receipt=receipt, http_status=answer.status)


def _receipt(body: bytes) -> str | None:
    """The receipt of {date, orderId, receipt}; its date where the receipt is null; None for any other answer."""
    read = json_object(body)
    return next((v for k in ("receipt", "date") if isinstance(v := read.get(k), str) and v), None)


def _delivery_receipt(body: bytes) -> str | None:
    """The same for a separate delivery call: date and orderId are texts, receipt may be null (facts/vtex,
    section 4d).
    """
    read = json_object(body)
    date, order, receipt = read.get("date"), read.get("orderId"), read.get("receipt")
    whole = isinstance(date, str) and date and isinstance(order, str) and order
    return (receipt or str(date)) if whole and (receipt is None or isinstance(receipt, str)) else None
