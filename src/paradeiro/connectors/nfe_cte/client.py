"""In: a cursor; out: what the tax authority's distribution service has after it, as raw bytes. HTTP only.

The cursor (NSU) is the company's, not ours: every system of the company that reads the same service shares it. So it is
never moved back, and after a refusal for misuse it goes on from where the tax authority says that the company is.
"""

from collections.abc import Mapping
from datetime import date

import httpx

from paradeiro.connectors.nfe_cte.certificate import CertificateError, tls_context
from paradeiro.connectors.nfe_cte.event import BUNDLE, ENVIRONMENT, TEST
from paradeiro.connectors.nfe_cte.signature import NO_BUNDLE
from paradeiro.connectors.nfe_cte.soap import SERVICES, Distributed, identity_problem, plain_nsu, question, read_answer
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Clock
from paradeiro.sdk.http import TIMEOUT_SECONDS, HttpFailure, http_problem, retry_after, send_request
from paradeiro.sdk.ways_in import FeedAnswer

_FOUND, _NONE, _MISUSE = "138", "137", "656"
# Asked again within the hour the service refuses, for all systems of the company.
HOUR = 3600.0
_GAP = (
    "The tax authority refused to give the documents after NSU {nsu}: another system of the company has read to "
    "{last}. Reading goes on from there. Fetch the events between them from that system, and upload them."
)
_OUTCOMES = {
    _NONE: Outcome.NOT_FOUND,
    _MISUSE: Outcome.RETRY,
    # Out of service for a while; the list of revoked certificates could not be reached.
    **dict.fromkeys(("108", "109", "286"), Outcome.RETRY),
    # The certificate is wrong, expired, without a tax number, of an unknown issuer, revoked, of another company.
    **dict.fromkeys(("280", "281", "282", "283", "284", "285", "593"), Outcome.AUTH_FAILED),
}
_FIRST = "0" * 15


class NfeCteSession:
    """One company's connection to one distribution service, if the account has one."""

    def __init__(self, account: AccountRef, _: Clock) -> None:
        settings = account.settings
        self._settings = settings
        self._service = SERVICES.get(_setting(settings, "service").lower(), SERVICES["cte"])
        self._tax_number = _setting(settings, "tax_number").upper()
        self._state = _setting(settings, "state")
        self._client: httpx.AsyncClient | None = None

    async def read_feed(self, cursor: str) -> FeedAnswer:
        """The events after a cursor. Without a tax number nothing is read: events then come as pushes and files."""
        if not self._tax_number:
            return FeedAnswer(Outcome.NOT_FOUND, cursor=cursor, message="this account reads no distribution service")
        problem = identity_problem(self._tax_number, self._state)
        if problem:
            return FeedAnswer(Outcome.AUTH_FAILED, cursor=cursor, message=problem)
        try:
            client = self._open()
        except CertificateError as error:
            return FeedAnswer(Outcome.AUTH_FAILED, cursor=cursor, message=str(error))
        return await self._ask(client, plain_nsu(cursor) or self._first())

    async def _ask(self, client: httpx.AsyncClient, nsu: str) -> FeedAnswer:
        """One question. A fault leaves the cursor where it is."""
        is_test = _setting(self._settings, ENVIRONMENT).lower() == TEST
        body = question(self._service, self._tax_number, self._state, nsu, is_test=is_test)
        headers = {"Content-Type": self._service.content_type}
        answer = await send_request(client, "POST", self._service.path, headers=headers, body=body)
        if isinstance(answer, HttpFailure):
            return FeedAnswer(Outcome.RETRY, cursor=nsu, message=answer.message)
        outcome = http_problem(answer)
        found = read_answer(answer.body, self._service) if outcome is None else None
        if found is not None:
            return _page(found, nsu)
        return FeedAnswer(
            # A 404 and the like concern the interface.
            Outcome.MALFORMED if outcome in {None, Outcome.REFUSED} else outcome or Outcome.MALFORMED,
            cursor=nsu,
            message=f"HTTP {answer.status}: no answer of {self._service.name}",
            http_status=answer.status,
            retry_after=retry_after(answer),
        )

    def feed_cursor(self, _: date) -> str:
        """Where the account begins: an NSU has no day. Reading from there again is refused (656) while other systems
        of the company are further on; what was read is stored here anyway.
        """
        return self._first()

    async def close(self) -> None:
        """Close the pool."""
        if self._client is not None:
            await self._client.aclose()

    def _first(self) -> str:
        return plain_nsu(_setting(self._settings, "first_nsu")) or _FIRST

    def _open(self) -> httpx.AsyncClient:
        """The pool, made when it is first used. Raises `CertificateError`."""
        if self._client is None:
            given = {name: self._settings.get(name, "") for name in ("certificate", "certificate_password", BUNDLE)}
            base_url = _setting(self._settings, "base_url") or self._service.production
            if not given["certificate"].strip() and base_url == self._service.production:
                message = "the account has no certificate"
                raise CertificateError(message)
            self._client = httpx.AsyncClient(
                base_url=base_url.rstrip("/"),
                verify=tls_context(given["certificate"], given["certificate_password"], given[BUNDLE]),
                timeout=httpx.Timeout(TIMEOUT_SECONDS),
                follow_redirects=False,
                trust_env=False,
            )
        return self._client


def _setting(settings: Mapping[str, str], name: str) -> str:
    value = (settings.get(name) or "").strip()
    return "" if value.lower() in NO_BUNDLE else value


def _page(found: Distributed, nsu: str) -> FeedAnswer:
    """What an answer means for the cursor. It is a text of fifteen digits, so that it compares as a number."""
    words = f"{found.state}: {found.words}"
    moved = found.last > nsu
    if found.state == _FOUND and found.last >= nsu:
        return FeedAnswer(Outcome.FOUND, found.events, found.last, more=moved and found.last < found.highest)
    if found.state == _NONE and moved:  # it looked at others' documents only
        return FeedAnswer(Outcome.FOUND, cursor=found.last, message=words, retry_after=HOUR)
    if found.state == _MISUSE and moved:
        gap = _GAP.format(nsu=nsu, last=found.last)
        return FeedAnswer(Outcome.FOUND, cursor=found.last, message=words, retry_after=HOUR, gap=gap)
    outcome = _OUTCOMES.get(found.state, Outcome.MALFORMED)
    wait = HOUR if found.state in {_NONE, _MISUSE} else None
    return FeedAnswer(outcome, cursor=nsu, message=words, retry_after=wait)
