"""In: an account of a seller at Mercado Livre; out: a session that carries our news to its orders. The wire only.

It reads before it writes: the order's shipment says whether it is ours to move (Mercado Envios 1) and what it shows
already, so nothing is told twice, no step is left out, and what is final there is left alone.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import msgspec

from paradeiro.connectors.mercado_livre.render import News, Wanted
from paradeiro.connectors.mercado_livre.words import SHIPPED, State
from paradeiro.domain.bounds import text_problem
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Clock, Request, Sent
from paradeiro.sdk.http import (
    HttpAnswer,
    HttpFailure,
    error_words,
    exchange,
    json_object,
    new_client,
    retry_after,
    trouble,
)
from paradeiro.sdk.tokens import NoTokens, Tokens

BASE_URL = "https://api.mercadolibre.com"
_ME1 = "me1"
_PAUSE_AFTER_429 = 60.0
_SERVER_ERROR = 500  # from here on an answer says nothing of what was done before it went wrong
_SHORTEST_LIFE, _LONGEST_LIFE = 60, 30 * 24 * 3600
_AUTHORISE = "authorise the application again and enter the new refresh token (docs/connectors/mercado_livre.md)"


@dataclass(frozen=True, slots=True)
class _Shown:
    """The order's shipment as Mercado Livre shows it."""

    id: str
    mode: str
    state: State
    tracking_number: str


class MercadoLivreSession:
    """An open session of one seller."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        self._settings = account.settings
        self._clock = clock
        self._keep = account.keep
        self._tokens: Tokens | None = None
        self._client = new_client(account.settings.get("base_url") or BASE_URL, {"Accept": "application/json"})

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, request: Request, telling_id: str) -> Sent:  # noqa: ARG002 - it is read before it is told
        """Tell what the order's shipment does not show yet, step by step."""
        wanted = msgspec.json.decode(request.body, type=Wanted)
        shown = await self._shown(request.path)
        if isinstance(shown, Sent):
            return shown
        if shown.mode != _ME1:
            return _nothing(f"told nothing: Mercado Livre follows this package itself ({shown.mode or 'no mode'})")
        if shown.state.final and (wanted.news is None or _state(wanted.news) != shown.state):
            return _nothing(f"told nothing: Mercado Livre shows {_said(shown.state)}, which is final there")
        numbered = await self._number(shown, wanted)
        if isinstance(numbered, Sent):
            return numbered
        if wanted.news is None:
            return _nothing(numbered)
        return await self._move(shown, wanted, wanted.news)

    async def already_done(self, request: Request, telling_id: str) -> bool | None:  # noqa: ARG002 - the same call for every sink
        """Whether the shipment shows all of it; None if it does not answer now."""
        wanted = msgspec.json.decode(request.body, type=Wanted)
        shown = await self._shown(request.path)
        if isinstance(shown, Sent):
            return None if shown.outcome is Outcome.RETRY else False
        if shown.tracking_number not in {wanted.tracking_number, *wanted.others}:
            return False
        return wanted.news is None or _state(wanted.news) == shown.state

    async def _shown(self, path: str) -> _Shown | Sent:
        answer = await self._ask("GET", path)
        if isinstance(answer, Sent):
            if answer.http_status == 404:
                return Sent(Outcome.REFUSED, message="Mercado Livre knows no shipment of this order", http_status=404)
            return answer
        read = json_object(answer.body)
        number, mode, status = read.get("id"), read.get("mode"), read.get("status")
        sayable = isinstance(number, int | str) and not text_problem(str(number), 100)
        if isinstance(number, bool) or not sayable or not isinstance(status, str):
            words = "the shipment cannot be understood: it has no id or status"
            return Sent(Outcome.MALFORMED, message=words, http_status=answer.status)
        state = State(status, _text(read.get("substatus")))
        return _Shown(str(number), _text(mode).lower(), state, _text(read.get("tracking_number")))

    async def _number(self, shown: _Shown, wanted: Wanted) -> str | Sent:
        """See to it that the shipment has a number: ours, or the one of another package of the order."""
        if shown.tracking_number == wanted.tracking_number:
            return "the number was there"
        if shown.tracking_number and shown.tracking_number in wanted.others:
            return f"the shipment goes by {shown.tracking_number}, another package of the order"
        body: dict[str, Any] = {"tracking_number": wanted.tracking_number}
        body |= {"service_id": wanted.service_id} if wanted.service_id else {}
        answer = await self._ask("PUT", f"/shipments/{shown.id}", msgspec.json.encode(body))
        if isinstance(answer, Sent):
            return answer
        if not json_object(answer.body):
            return Sent(
                Outcome.MALFORMED, message="the number was answered with no shipment", http_status=answer.status
            )
        return f"number {wanted.tracking_number}"

    async def _move(self, shown: _Shown, wanted: Wanted, news: News) -> Sent:
        """Tell the position; first that it is shipped, where that is not known there."""
        state = _state(news)
        if shown.state == state:
            return _nothing(f"{_said(state)} was there")
        if shown.state.status != SHIPPED.status and state != SHIPPED:
            first = News(SHIPPED.status, "", news.shipped_on, news.shipped_on, news.comment)
            told = await self._notify(shown, wanted, first)
            if told is not None:
                return told
        told = await self._notify(shown, wanted, news)
        return told or Sent(Outcome.FOUND, receipt=f"OK: {_said(state)}", http_status=200)

    async def _notify(self, shown: _Shown, wanted: Wanted, news: News) -> Sent | None:
        """One seller notification; None if it was taken."""
        payload: dict[str, Any] = {"comment": news.comment, "date": news.date}
        payload |= {"service_id": wanted.service_id} if wanted.service_id else {}
        body = {
            "payload": payload,
            "tracking_number": shown.tracking_number or wanted.tracking_number,
            "tracking_url": wanted.tracking_url,
            "status": news.status,
            "substatus": news.substatus or "null",  # the text, as in the contract's examples
        }
        answer = await self._ask("POST", f"/shipments/{shown.id}/seller_notifications", msgspec.json.encode(body))
        if isinstance(answer, Sent):
            return answer
        if str(json_object(answer.body).get("status", "")).upper() == "OK":
            return None
        return Sent(Outcome.MALFORMED, message="accepted without its OK", http_status=answer.status)

    async def _ask(self, method: str, path: str, body: bytes | None = None) -> HttpAnswer | Sent:
        """Ask with the token in force. One that is not taken any more is renewed, once."""
        stale = ""
        for _ in range(2):
            tokens = await self._token(stale)
            if isinstance(tokens, NoTokens):
                return Sent(tokens.outcome, message=tokens.message, in_doubt=tokens.in_doubt)
            headers = {"Authorization": f"Bearer {tokens.access}"}
            if body is not None:
                headers["Content-Type"] = "application/json"
            answer = await exchange(self._client, method, path, headers=headers, body=body)
            if isinstance(answer, HttpFailure):
                return Sent(Outcome.RETRY, message=answer.message, in_doubt=answer.in_doubt)
            if answer.status != 401:
                return _taken(answer)
            stale = tokens.access
        words = f"Mercado Livre refuses the token that it has just given: {_AUTHORISE}"
        return Sent(Outcome.AUTH_FAILED, message=words, http_status=401)

    async def _token(self, stale: str) -> Tokens | NoTokens:
        known = self._tokens
        if known is not None and known.access != stale and known.expires_at > self._clock() + timedelta(minutes=1):
            return known
        if self._keep is not None:
            given = await self._keep(stale, self._renewed)
        else:
            given = await self._renewed(known.refresh if known else self._settings["refresh_token"])
        self._tokens = given if isinstance(given, Tokens) else None
        return given

    async def _renewed(self, refresh: str) -> Tokens | NoTokens:
        """New tokens for a refresh token, which is worth nothing afterwards."""
        form = msgspec.structs.asdict(
            _Refresh("refresh_token", self._settings["client_id"], self._settings["client_secret"], refresh)
        )
        asked = self._client.build_request("POST", "/oauth/token", data=form)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await exchange(self._client, "POST", "/oauth/token", headers=headers, body=asked.content)
        if isinstance(answer, HttpFailure):
            return NoTokens(Outcome.RETRY, answer.message, answer.in_doubt)
        if not answer.ok:
            outcome = trouble(answer)
            if outcome in {Outcome.AUTH_FAILED, Outcome.REFUSED}:
                return NoTokens(
                    Outcome.AUTH_FAILED, f"Mercado Livre lets us in no more ({error_words(answer)}): {_AUTHORISE}"
                )
            return NoTokens(Outcome.RETRY, error_words(answer))
        return self._given(answer)

    def _given(self, answer: HttpAnswer) -> Tokens | NoTokens:
        try:
            given = msgspec.json.decode(answer.body, type=_Given)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return NoTokens(Outcome.RETRY, "the answer to a refresh token cannot be understood")
        lives = timedelta(seconds=min(max(given.expires_in, _SHORTEST_LIFE), _LONGEST_LIFE))
        return Tokens(given.access_token, given.refresh_token, self._clock() + lives)


class _Given(msgspec.Struct):
    access_token: Annotated[str, msgspec.Meta(min_length=1)]
    refresh_token: Annotated[str, msgspec.Meta(min_length=1)]
    expires_in: int


class _Refresh(msgspec.Struct):
    grant_type: str
    client_id: str
    client_secret: str
    refresh_token: str


def _taken(answer: HttpAnswer) -> HttpAnswer | Sent:
    """The answer if it is one; else what went wrong."""
    outcome = trouble(answer)
    if outcome is not None:
        wait = retry_after(answer) or (_PAUSE_AFTER_429 if answer.status == 429 else None)
        doubt = answer.status >= _SERVER_ERROR
        return Sent(outcome, "", error_words(answer), http_status=answer.status, retry_after=wait, in_doubt=doubt)
    if answer.is_html:
        return Sent(Outcome.MALFORMED, message="a web page came instead of an answer", http_status=answer.status)
    return answer


def _nothing(words: str) -> Sent:
    """Nothing (more) had to be told; the receipt says why."""
    return Sent(Outcome.FOUND, receipt=words, http_status=200)


def _state(news: News) -> State:
    return State(news.status, news.substatus)


def _said(state: State) -> str:
    return f"{state.status}/{state.substatus}" if state.substatus else state.status


def _text(value: object) -> str:
    """A text; the texts 'null' and '' and whatever is none are nothing."""
    return value.strip() if isinstance(value, str) and value.strip().lower() != "null" else ""
