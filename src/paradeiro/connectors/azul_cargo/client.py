"""In: invoices' keys, AWBs and orders of one account; out: one answer each, raw bytes with an outcome. HTTP only."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from paradeiro.connectors.azul_cargo.parse import bare_awb, parse
from paradeiro.connectors.azul_cargo.refusals import is_of_another, lacks_permission, refuses_token
from paradeiro.domain.orders.identifiers import IdentifierKind, identifier_of
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Answer, Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure, http_problem, json_object, new_client, retry_after, send_request

PRODUCTION = "https://ediapi.onlineapp.com.br/toolkit"
_LOGIN, _LOOK_UP = "/api/Autenticacao/AutenticarUsuario", "/api/Rastreio/Consultar"
# They say eight hours.
_LIFE = timedelta(hours=7)
# Successes that say "nothing yet".
_NOTHING_YET = frozenset({201, 203, 204})


@dataclass(frozen=True, slots=True)
class _NoToken:
    """Why there is no token."""

    answer: Answer


class AzulCargoSession:
    """One account's connection, with a token that is renewed before it ends. One login runs at a time."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        settings = account.settings
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        self._client = new_client(settings.get("base_url") or PRODUCTION, headers)
        self._email, self._password = settings.get("email") or "", settings.get("password") or ""
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = (settings.get("token") or "").strip()
        self._until: datetime | None = None  # of a token of the portal nobody says how long it lives

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order."""
        found = {code: await self._ask(code) for code in dict.fromkeys(tracking_codes)}
        return [found[code] for code in tracking_codes]

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def _ask(self, code: str) -> Answer:
        """Ask about one package; a refused token is renewed once."""
        stale = ""
        for _ in range(2):
            token = await self._valid_token(stale)
            if isinstance(token, _NoToken):
                return _about(code, token.answer)
            body = msgspec.json.encode({"Token": token, **_question(code)})
            answer = await send_request(self._client, "POST", _LOOK_UP, body=body)
            if isinstance(answer, HttpFailure):
                return Answer(code, Outcome.RETRY, message=answer.message)
            if not _is_token_refused(answer) or not self._email:
                return _read(code, answer)
            stale = token
        return Answer(code, Outcome.AUTH_FAILED, message="the token that they gave is refused", http_status=401)

    async def _valid_token(self, stale: str) -> str | _NoToken:
        async with self._lock:
            is_alive = self._until is None or self._clock() < self._until
            if self._token and self._token != stale and is_alive:
                return self._token
            given = await self._log_in()
            if isinstance(given, str):
                self._token, self._until = given, self._clock() + _LIFE
            return given

    async def _log_in(self) -> str | _NoToken:
        body = msgspec.json.encode({"Email": self._email, "Senha": self._password})
        answer = await send_request(self._client, "POST", _LOGIN, body=body)
        if isinstance(answer, HttpFailure):
            return _NoToken(Answer("", Outcome.RETRY, message=answer.message))
        outcome = http_problem(answer)
        if outcome is not None:
            refused = outcome in {Outcome.AUTH_FAILED, Outcome.REFUSED} and not _is_outage(answer)
            outcome = Outcome.AUTH_FAILED if refused else Outcome.MALFORMED if outcome is Outcome.REFUSED else outcome
            return _NoToken(_failed("", outcome, answer))
        told = json_object(answer.body)
        token = told.get("Value")
        if isinstance(token, str) and token and told.get("HasErrors") is False:
            return token
        outcome = Outcome.AUTH_FAILED if told.get("HasErrors") is True else Outcome.MALFORMED
        return _NoToken(Answer("", outcome, message=f"no token: {told.get('ErrorText') or 'no words'}"[:300]))


def _question(code: str) -> dict[str, str]:
    """What is asked: the unused fields stay empty. A key may have letters."""
    known = identifier_of(code)
    question = {"ChaveNfe": "", "Awb": "", "Pedido": ""}
    match known.kind:
        case IdentifierKind.INVOICE_KEY:
            return question | {"ChaveNfe": known.value}
        case IdentifierKind.ORDER:
            return question | {"Pedido": known.value}
        case _:
            return question | {"Awb": bare_awb(known.value)}


def _is_outage(answer: HttpAnswer) -> bool:
    return answer.is_html and answer.status not in {401, 403}


def _is_token_refused(answer: HttpAnswer) -> bool:
    """Whether a new token may help: not where the account lacks the permission."""
    text = json_object(answer.body).get("ErrorText")
    said = text if isinstance(text, str) else ""
    if answer.status == 401:
        return not lacks_permission(said)
    return answer.ok and refuses_token(said)


def _about(code: str, answer: Answer) -> Answer:
    return Answer(code, answer.outcome, b"", answer.message, answer.http_status, answer.retry_after)


def _failed(code: str, outcome: Outcome, answer: HttpAnswer) -> Answer:
    return Answer(code, outcome, answer.body, f"HTTP {answer.status}", answer.status, retry_after(answer))


def _read(code: str, answer: HttpAnswer) -> Answer:
    if answer.status in _NOTHING_YET:
        return Answer(code, Outcome.NOT_FOUND, answer.body, "they have nothing yet", answer.status)
    outcome = http_problem(answer)
    if outcome is not None and outcome is not Outcome.REFUSED:
        return _failed(code, outcome, answer)
    parsed = parse(answer.body)[0]
    if outcome is Outcome.REFUSED and parsed.outcome is Outcome.FOUND:
        return _failed(code, Outcome.MALFORMED, answer)
    in_vain = parsed.outcome is Outcome.REFUSED and is_of_another(parsed.message)
    return Answer(code, parsed.outcome, answer.body, parsed.message, answer.status, in_vain=in_vain)
