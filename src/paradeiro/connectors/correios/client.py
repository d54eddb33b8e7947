"""In: tracking codes of one contract; out: one answer per code, as raw bytes with an outcome. Only the wire."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec

from paradeiro.connectors.correios.parse import parse
from paradeiro.connectors.correios.token import NoToken, TokenKeeper
from paradeiro.connectors.correios.webhook import Webhook
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Answer, Clock, Subscribed
from paradeiro.sdk.http import HttpAnswer, HttpFailure, exchange, new_client, retry_after, trouble

PRODUCTION = "https://api.correios.com.br"
_PATH = "/srorastro/v1/objetos"
# Exactly this: `*`, or a browser's list, is refused with SRO-018; a shop lost 90 days that way (facts, failure 3).
_HEADERS = {"Accept": "application/json", "Accept-Language": "pt-BR"}
_BAD_LANGUAGE = b"SRO-018"
_NO_TOKEN = b"GTW-008"
_OBJECTS = b'"objetos"'
_OTHER_CONTRACT = "SRO-009"
# Halving a batch of which every code is refused takes 99 questions; the gateway bears a burst of 55.
_AT_ONCE = 8


class _Root(msgspec.Struct):
    """An answer's root, its objects left as the bytes they came in."""

    objetos: list[msgspec.Raw] | None = None


class _Object(msgspec.Struct):
    """Of an object, only what decides what kind of answer it is."""

    codObjeto: str | None = None  # noqa: N815 - Correios' name
    eventos: list[msgspec.Raw] | None = None


class _Name(msgspec.Struct):
    codObjeto: str | None = None  # noqa: N815 - Correios' name


@dataclass(frozen=True, slots=True)
class _Refused:
    """The gateway said 400 to a batch: one of its codes may be the reason."""

    body: bytes
    message: str


class CorreiosSession:
    """One contract's connection: pooled, with a token that is renewed before it ends."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        self._client = new_client(account.settings.get("base_url") or PRODUCTION, _HEADERS)
        self._tokens = TokenKeeper(self._client, account.settings, clock)
        self._webhook = Webhook(self._client, self._tokens, account.settings)
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the order asked. The outside's faults are outcomes, not exceptions."""
        found = _blamed(await self._ask(tuple(dict.fromkeys(tracking_codes))))
        return [found[code] for code in tracking_codes]

    async def subscription(self, url: str) -> Subscribed:
        """Whether Correios pushes to this address."""
        return await self._webhook.subscription(url)

    async def subscribe(self, url: str, secret: str, contact: str) -> Subscribed:
        """Have Correios push to this address."""
        return await self._webhook.subscribe(url, secret, contact)

    async def unsubscribe(self, url: str) -> Subscribed:
        """Have it stop."""
        return await self._webhook.unsubscribe(url)

    async def try_out(self, url: str) -> Subscribed:
        """Have it send a test."""
        return await self._webhook.try_out(url)

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def _ask(self, codes: tuple[str, ...]) -> dict[str, Answer]:
        """Ask for a batch; a batch that is refused is halved until the bad code stands alone."""
        if not codes:
            return {}
        told = await self._once(codes)
        if not isinstance(told, _Refused):
            return told
        if len(codes) == 1:
            return {codes[0]: Answer(codes[0], Outcome.REFUSED, told.body, told.message, 400)}
        middle = len(codes) // 2
        left, right = await asyncio.gather(self._ask(codes[:middle]), self._ask(codes[middle:]))
        return left | right

    async def _once(self, codes: tuple[str, ...]) -> dict[str, Answer] | _Refused:
        params = [("codigosObjetos", code) for code in codes] + [("resultado", "T")]
        for attempt in (1, 2):
            token = await self._tokens.token()
            if not isinstance(token, str):
                return _without_token(codes, token)
            headers = {"Authorization": f"Bearer {token}"}
            async with self._turns:
                answer = await exchange(self._client, "GET", _PATH, params=params, headers=headers)
            if isinstance(answer, HttpFailure):
                return _all(codes, Outcome.RETRY, message=answer.message)
            if attempt == 2 or not _token_refused(answer) or not self._tokens.forget(token):
                return _sorted_out(codes, answer)
        raise AssertionError("the second attempt returns")


def _blamed(found: dict[str, Answer]) -> dict[str, Answer]:
    """Who is at fault. Where no code of a batch was served, a 400 that names no fault of a code speaks of the
    interface: else a change of theirs would make every shipment's code a wrong one.
    """
    if len(found) == 1 or any(answer.http_status == 200 or _of_a_code(answer) for answer in found.values()):
        return found
    return {
        code: replace(answer, outcome=Outcome.MALFORMED) if answer.outcome is Outcome.REFUSED else answer
        for code, answer in found.items()
    }


def _of_a_code(answer: Answer) -> bool:
    return answer.http_status == 400 and any(parsed.outcome is Outcome.REFUSED for parsed in parse(answer.body))


def _token_refused(answer: HttpAnswer) -> bool:
    """Whether the token was refused. With which status `GTW-008` comes was never recorded, so any will do."""
    return answer.status == 401 or (_NO_TOKEN in answer.body and _OBJECTS not in answer.body)


def _all(
    codes: Sequence[str],
    outcome: Outcome,
    body: bytes = b"",
    *,
    message: str,
    status: int | None = None,
    retry: float | None = None,
) -> dict[str, Answer]:
    """The same outcome for every code of a batch."""
    return {code: Answer(code, outcome, body, message, status, retry) for code in codes}


def _without_token(codes: Sequence[str], why: NoToken) -> dict[str, Answer]:
    return _all(codes, why.outcome, why.body, message=why.message, status=why.status, retry=why.retry_after)


def _sorted_out(codes: tuple[str, ...], answer: HttpAnswer) -> dict[str, Answer] | _Refused:
    outcome = Outcome.AUTH_FAILED if _token_refused(answer) else trouble(answer)
    if outcome is Outcome.REFUSED and answer.status == 400 and _BAD_LANGUAGE not in answer.body:
        return _Refused(answer.body, _words(answer))
    if outcome is not None:
        if outcome is Outcome.REFUSED:
            # 404 and the like speak of the interface, not of a code.
            outcome = Outcome.MALFORMED
        message = f"HTTP {answer.status}: {_words(answer)}"
        return _all(codes, outcome, answer.body, message=message, status=answer.status, retry=retry_after(answer))
    return _sliced(codes, answer)


def _words(answer: HttpAnswer) -> str:
    """What an error body says, in one line."""
    if not answer.body.strip():
        return "no words"
    return next((parsed.message for parsed in parse(answer.body) if parsed.message), "an answer we did not expect")


def _sliced(codes: tuple[str, ...], answer: HttpAnswer) -> dict[str, Answer]:
    """Cut the batch answer into each code's own bytes, exactly as received."""
    try:
        raws = msgspec.json.decode(answer.body, type=_Root).objetos or []
        named = _by_code(_named(raw, answer.status) for raw in raws)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _all(codes, Outcome.MALFORMED, answer.body, message=_words(answer), status=answer.status)
    missing = "the code is not in the answer" if named else "no objects in the answer"
    return {
        code: named.get(code) or Answer(code, Outcome.MALFORMED, answer.body, missing, answer.status) for code in codes
    }


def _by_code(answers: Iterable[Answer]) -> dict[str, Answer]:
    """One answer per code. Of an object told twice the one with events counts, then the longer one."""
    found: dict[str, Answer] = {}
    for answer in answers:
        known = found.setdefault(answer.tracking_code, answer)
        found[answer.tracking_code] = max(known, answer, key=lambda a: (a.outcome is Outcome.FOUND, len(a.body)))
    return found


def _name_of(body: bytes) -> str | None:
    """The code of an odd object. One that has none spoils no other of its batch."""
    try:
        return msgspec.json.decode(body, type=_Name).codObjeto
    except msgspec.ValidationError:
        return None


def _named(raw: msgspec.Raw, status: int) -> Answer:
    """One object's answer. Where there are events, whether they can be read is decided when they are recorded."""
    body = bytes(raw)
    try:
        found = msgspec.json.decode(body, type=_Object)
    except msgspec.ValidationError:
        found = _Object(_name_of(body))
    code = (found.codObjeto or "").upper()
    if found.eventos:
        return Answer(code, Outcome.FOUND, body, "", status)
    parsed = parse(body)[0]
    return Answer(code, parsed.outcome, body, parsed.message, status, in_vain=_OTHER_CONTRACT in parsed.message)
