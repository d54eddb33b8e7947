"""In: an account's credentials and the clock; out: a token that is valid now, or why there is none."""

import asyncio
import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec

from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure, http_problem, retry_after, send_request

# Ask for a new one only in the last half hour of the old one's 24 (Correios' own rule).
_RENEW_BEFORE = timedelta(minutes=30)
# The token service answers 3 requests a second; the fourth gets 429. A little less: they may bunch on their way.
_PAUSE_SECONDS = 0.4
# When it last answered which client: a session with new credentials counts as the same one.
_answered_at: dict[tuple[str, str], float] = {}
_DEFAULT_LIFE = timedelta(hours=23)
_LONGEST_ID = 10


class _TokenAnswer(msgspec.Struct):
    """An answer of the token service; the times are wall clock, the offset is in a field of its own."""

    token: str
    expiraEm: str | None = None  # noqa: N815 - Correios' name
    zoneOffset: str | None = None  # noqa: N815 - Correios' name
    # Only parts of these are used: unexpected types must not make the token unusable.
    cartaoPostagem: Any = None  # noqa: N815 - Correios' name
    contrato: Any = None
    api: Any = None
    apis: Any = None


@dataclass(frozen=True, slots=True)
class NoToken:
    """Why there is no token."""

    outcome: Outcome
    message: str
    retry_after: float | None = None
    status: int | None = None
    body: bytes = field(default=b"", repr=False)


class TokenCache:
    """Holds one token; only one request for a new one runs at a time."""

    def __init__(self, client: httpx.AsyncClient, settings: Mapping[str, str], clock: Clock) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._until: datetime | None = None
        self._turn = 0
        self._failed: NoToken | None = None
        # The number of the contract that the last token is for; empty if it named none.
        self.contract = ""
        # The ids of the interfaces that it opens; empty if it named none, as for a ready-made key.
        self.apis: frozenset[int] = frozenset()

    async def token(self) -> str | NoToken:
        """A valid token: the account's API key if there is one, else one from the token service."""
        ready = self._settings.get("api_key")
        if ready:
            return (
                ready
                if _is_header_safe(ready)
                else NoToken(Outcome.AUTH_FAILED, "the key has blanks or odd characters")
            )
        if not (self._settings.get("user") and self._settings.get("access_code")):
            return NoToken(Outcome.AUTH_FAILED, "enter a ready-made key, or the user and the access code to the API")
        if self._valid():
            return self._token or ""
        turn = self._turn
        async with self._lock:
            if self._valid():
                return self._token or ""
            # Callers that waited for a failed request get its result: wrong credentials are tried once, not n times.
            if self._turn == turn or self._failed is None:
                token_answer = await self._renew()
                self._failed = token_answer if isinstance(token_answer, NoToken) else None
                self._turn += 1
                return token_answer
            return self._failed

    def forget(self, token: str) -> bool:
        """The gateway refused this token. True if a new one can be had."""
        if self._settings.get("api_key"):
            return False
        if self._token == token:
            self._token = self._until = None
        return True

    def _valid(self) -> bool:
        return self._token is not None and self._until is not None and self._clock() < self._until

    async def _renew(self) -> str | NoToken:
        # Real seconds: the service's limit does not know our clock.
        asker = (str(self._client.base_url), self._settings.get("user", ""))
        wait = _answered_at.get(asker, float("-inf")) + _PAUSE_SECONDS - time.monotonic()
        await asyncio.sleep(max(wait, 0))
        path, body = self._token_request()
        user, code = self._settings.get("user", ""), self._settings.get("access_code", "")
        known = base64.b64encode(f"{user}:{code}".encode()).decode()
        headers = {"Authorization": f"Basic {known}", "Content-Type": "application/json"}
        try:
            answer = await send_request(self._client, "POST", path, headers=headers, body=body)
        finally:
            # From the answer, not from the sending: two requests cannot arrive closer together then.
            _answered_at[asker] = time.monotonic()
        if isinstance(answer, HttpFailure):
            return NoToken(Outcome.RETRY, f"the token service: {answer.message}")
        return self._store(answer)

    def _token_request(self) -> tuple[str, bytes | None]:
        """The request by posting card, by contract, or by user, whichever the account names."""
        for setting, name in (("posting_card", "cartaopostagem"), ("contract", "contrato")):
            number = self._settings.get(setting)
            if number:
                question: dict[str, object] = {"numero": number}
                dr = self._settings.get("dr", "")
                if dr.isascii() and dr.isdigit():
                    question["dr"] = int(dr)
                return f"/token/v1/autentica/{name}", msgspec.json.encode(question)
        return "/token/v1/autentica", None

    def _store(self, answer: HttpAnswer) -> str | NoToken:
        outcome = http_problem(answer)
        if outcome is not None:
            message = f"the token service answered HTTP {answer.status}"
            return NoToken(
                _failure_outcome(answer.status, outcome), message, retry_after(answer), answer.status, answer.body
            )
        try:
            token_answer = msgspec.json.decode(answer.body, type=_TokenAnswer)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return NoToken(Outcome.RETRY, "the token service answered something that is no token")
        if not _is_header_safe(token_answer.token):
            return NoToken(Outcome.RETRY, "the token service answered a token that cannot be sent")
        self._token, self._until = token_answer.token, self._renew_at(token_answer)
        self.contract, self.apis = _contract_number(token_answer), _api_ids(token_answer)
        return token_answer.token

    def _renew_at(self, token_answer: _TokenAnswer) -> datetime:
        """When to renew. Without an offset the time is Brasília's; reading it as UTC would renew 3 hours off."""
        try:
            end = (
                datetime.fromisoformat(f"{token_answer.expiraEm or ''}{token_answer.zoneOffset or '-03:00'}")
                - _RENEW_BEFORE
            )
        except (ValueError, OverflowError):
            return self._clock() + _DEFAULT_LIFE
        return end if end.tzinfo is not None else self._clock() + _DEFAULT_LIFE


def _failure_outcome(status: int, outcome: Outcome) -> Outcome:
    """The outcome of a refused token request. 400 is a wrong card or contract; a redirect or 404 concerns the
    interface, not the password.
    """
    if outcome is not Outcome.REFUSED:
        return outcome
    return Outcome.AUTH_FAILED if status == 400 else Outcome.MALFORMED


def _is_header_safe(token: str) -> bool:
    """Whether a token can be sent in a header: visible ASCII. Keys are pasted with invisible characters and
    line ends.
    """
    return token.isascii() and token.isprintable() and bool(token) and " " not in token


def _contract_number(token_answer: _TokenAnswer) -> str:
    card, contract = token_answer.cartaoPostagem, token_answer.contrato
    found = card.get("contrato") if isinstance(card, dict) else None
    found = found or (contract.get("numero") if isinstance(contract, dict) else None)
    return str(found) if isinstance(found, int | str) else ""


def _api_ids(token_answer: _TokenAnswer) -> frozenset[int]:
    """The interfaces' ids, wherever the token service put them: of the card, of the contract, of the user."""
    found: set[int] = set()
    for scope in (
        token_answer.cartaoPostagem,
        token_answer.contrato,
        {"api": token_answer.api, "apis": token_answer.apis},
    ):
        named = [scope.get("api"), scope.get("apis")] if isinstance(scope, dict) else []
        for each in (one for many in named if isinstance(many, list) for one in many):
            number = str(each.get("api") if isinstance(each, dict) else each)
            found |= {int(number)} if number.isdecimal() and len(number) < _LONGEST_ID else set()
    return frozenset(found)
