"""In: an account's user and password; out: an access key that is valid now, or why there is none."""

import asyncio
from datetime import timedelta
from urllib.parse import urlencode

import httpx
import msgspec

from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure, error_text, http_problem, json_object, send_request
from paradeiro.sdk.tokens import NoTokens, Tokens

_PATH = "/api/v1/acesso/auth/login"
# They live about an hour, and say so nowhere that we read.
_LIFE = timedelta(minutes=50)
_MARGIN = timedelta(minutes=1)
# So long a failed login stands for the questions that wait: a wrong password is not tried once for each of them.
_NOT_AGAIN = timedelta(seconds=10)
_NAMES = ("access_key", "token", "tokenjwt", "access_token")
_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"


class Login:
    """The access key of one account, kept by the house for all workers where it can be."""

    def __init__(self, client: httpx.AsyncClient, account: AccountRef, clock: Clock) -> None:
        self._client = client
        self._settings = account.settings
        self._keep = account.keep
        self._clock = clock
        self._lock = asyncio.Lock()
        self._tokens: Tokens | None = None
        self._failed: NoTokens | None = None
        self._failed_at = clock()
        self._form = False  # how this tenant takes a login

    async def token(self, stale: str = "") -> Tokens | NoTokens:
        """A valid access key; `stale` is one that was refused."""
        async with self._lock:
            known = self._tokens
            if known is not None and known.access != stale and known.expires_at > self._clock() + _MARGIN:
                return known
            if self._failed is not None and self._clock() - self._failed_at < _NOT_AGAIN:
                return self._failed
            given = await (self._keep(stale, self._log_in) if self._keep is not None else self._log_in(""))
            self._tokens = given if isinstance(given, Tokens) else None
            self._failed = given if isinstance(given, NoTokens) else None
            self._failed_at = self._clock()
            return given

    async def _log_in(self, _: str) -> Tokens | NoTokens:
        """Log in as JSON, and as a form where the tenant wants that."""
        if not (self._settings.get("user") and self._settings.get("password")):
            return NoTokens(Outcome.AUTH_FAILED, "enter the user and the password of the carrier's interface")
        given = await self._ask()
        if isinstance(given, NoTokens) and given.outcome is Outcome.AUTH_FAILED:
            self._form = not self._form
            given = await self._ask()
            if isinstance(given, NoTokens):
                self._form = not self._form
        return given

    async def _ask(self) -> Tokens | NoTokens:
        who = {"usuario": self._settings["user"].strip(), "senha": self._settings["password"].strip()}
        body = urlencode(who).encode() if self._form else msgspec.json.encode(who)
        headers = {"Content-Type": _FORM if self._form else _JSON}
        answer = await send_request(self._client, "POST", _PATH, headers=headers, body=body)
        if isinstance(answer, HttpFailure):
            return NoTokens(Outcome.RETRY, f"login: {answer.message}")
        return self._read(answer)

    def _read(self, answer: HttpAnswer) -> Tokens | NoTokens:
        problem = http_problem(answer)
        said = json_object(answer.body)
        if answer.is_html or (problem is not None and problem not in {Outcome.AUTH_FAILED, Outcome.REFUSED}):
            return NoTokens(problem if problem is Outcome.MALFORMED else Outcome.RETRY, f"login: HTTP {answer.status}")
        data = said.get("data")
        found = [place.get(name) for place in (data, said) if isinstance(place, dict) for name in _NAMES]
        token = next((each for each in found if isinstance(each, str) and each.isascii() and each.isprintable()), "")
        if problem is None and token and " " not in token and said.get("status") not in (0, False):
            return Tokens(token, "", self._clock() + _LIFE)
        if problem is None and "status" not in said:
            return NoTokens(Outcome.MALFORMED, "login: an answer without a key")
        return NoTokens(Outcome.AUTH_FAILED, f"the carrier refuses user or password ({error_text(answer)})")
