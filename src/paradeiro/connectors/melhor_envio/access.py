"""In: an account's credentials; out: a token that is valid now, or why there is none. Refresh tokens work once."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

import httpx
import msgspec

from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure, error_text, http_problem, send_request
from paradeiro.sdk.tokens import NoTokens, Tokens

_PATH = "/oauth/token"
_SHORTEST_LIFE, _LONGEST_LIFE = 60, 60 * 24 * 3600
_AUTHORISE = "authorise the application again and enter the new refresh token (docs/connectors/melhor_envio.md)"
_NEVER = datetime(2100, 1, 1, tzinfo=UTC)


class _TokenAnswer(msgspec.Struct):
    access_token: Annotated[str, msgspec.Meta(min_length=1)]
    refresh_token: Annotated[str, msgspec.Meta(min_length=1)]
    expires_in: int


class Access:
    """The tokens of one account: a ready-made one, or those of the application, kept by the house for all workers."""

    def __init__(self, client: httpx.AsyncClient, account: AccountRef, clock: Clock) -> None:
        self._client = client
        self._settings: Mapping[str, str] = account.settings
        self._keep = account.keep
        self._clock = clock
        self._tokens: Tokens | None = None

    async def token(self, stale: str) -> Tokens | NoTokens:
        """A valid token. `stale`: the one that they have just refused; empty for none."""
        ready_made = (self._settings.get("token") or "").strip()
        if ready_made and not (self._settings.get("refresh_token") and stale == ready_made):
            refused = NoTokens(Outcome.AUTH_FAILED, "the token is refused: make a new one in the panel")
            return refused if stale == ready_made else Tokens(ready_made, "", _NEVER)
        known = self._tokens
        if known is not None and known.access != stale and known.expires_at > self._clock() + timedelta(minutes=1):
            return known
        if self._keep is not None:
            given = await self._keep(stale, self._renew)
        else:
            given = await self._renew(known.refresh if known else self._settings.get("refresh_token") or "")
        self._tokens = given if isinstance(given, Tokens) else None
        return given

    async def _renew(self, refresh: str) -> Tokens | NoTokens:
        """New tokens for a refresh token, which is invalid afterwards."""
        form = {
            "grant_type": "refresh_token",
            "client_id": self._settings.get("client_id") or "",
            "client_secret": self._settings.get("client_secret") or "",
            "refresh_token": refresh,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await send_request(self._client, "POST", _PATH, headers=headers, body=urlencode(form).encode())
        if isinstance(answer, HttpFailure):
            return NoTokens(Outcome.RETRY, answer.message, answer.in_doubt)
        if not answer.ok:
            refused = http_problem(answer) in {Outcome.AUTH_FAILED, Outcome.REFUSED}
            words = f"they let us in no more ({error_text(answer)}): {_AUTHORISE}"
            return NoTokens(Outcome.AUTH_FAILED, words) if refused else NoTokens(Outcome.RETRY, error_text(answer))
        return self._read(answer)

    def _read(self, answer: HttpAnswer) -> Tokens | NoTokens:
        try:
            given = msgspec.json.decode(answer.body, type=_TokenAnswer)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return NoTokens(Outcome.RETRY, "the answer to a refresh token cannot be understood")
        lives = timedelta(seconds=min(max(given.expires_in, _SHORTEST_LIFE), _LONGEST_LIFE))
        return Tokens(given.access_token, given.refresh_token, self._clock() + lives)
