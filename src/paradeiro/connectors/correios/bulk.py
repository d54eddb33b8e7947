"""In: up to a thousand tracking codes of one contract; out: the answers of `rastro-async`, if it gives any."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import msgspec
import structlog

from paradeiro.connectors.correios.gateway import Gateway, receipt_number
from paradeiro.connectors.correios.slices import slice_answer
from paradeiro.connectors.correios.token import NoToken
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import Answer, Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure

# The id of the interface, as a token's `apis` name it.
RASTRO_ASYNC: Final = 534
MOST_CODES: Final = 1000
# Correios' own helper sends a thousand, an integrator writes that 500 are the limit: this many after a refusal.
_FEWER_CODES = 500
_REQUEST_PATH = "/rastro-async/v1/objetos/async"
_RECEIPT_PATH = "/rastro-async/v1/recibo"
# Integrators poll after 2 to 5 seconds.
_PAUSES = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 10.0, 10.0, 10.0)
_LONGEST_SECONDS = 60.0
# After a failure the bulk interface is not used for so long.
_PAUSE_AFTER_FAILURE = timedelta(minutes=10)
_ON = frozenset({"yes", "sim", "true", "on", "1"})
_OFF = frozenset({"no", "não", "nao", "false", "off", "0"})
# Objects with any other outcome are looked up by the ordinary interface.
_TAKEN = frozenset({Outcome.FOUND, Outcome.NOT_FOUND, Outcome.REFUSED})
_NOT_OURS = frozenset({403, 404, 405, 410})
_TOO_MANY = frozenset({400, 413})

log = structlog.get_logger()


class Bulk:
    """The bulk interface, used while it works. Its failures have no effect: codes that it does not answer are looked up
    by the ordinary interface.
    """

    def __init__(self, gateway: Gateway, settings: Mapping[str, str], clock: Clock) -> None:
        self._gateway = gateway
        self._settings = settings
        self._clock = clock
        self._most = MOST_CODES
        self._closed = False
        self._rests_until = clock()

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """Answers for those of the codes that it answered."""
        codes = tuple(dict.fromkeys(tracking_codes))
        if not codes or not await self._is_enabled():
            return []
        found: list[Answer] = []
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                await self._ask(codes, found)
        except TimeoutError:
            self._pause("it took too long")
        return found

    async def _is_enabled(self) -> bool:
        """Whether the contract has the interface, by the token or else by the account's setting."""
        if self._closed or self._clock() < self._rests_until:
            return False
        said = self._settings.get("async", "").strip().lower()
        if said in _OFF:
            return False
        token = await self._gateway.tokens.token()
        if isinstance(token, NoToken):
            return False
        return said in _ON or RASTRO_ASYNC in self._gateway.tokens.apis

    async def _ask(self, codes: tuple[str, ...], found: list[Answer]) -> None:
        at = 0
        while at < len(codes) and not self._closed:
            part = codes[at : at + self._most]
            reply = await self._gateway.ask(
                "POST", _REQUEST_PATH, params=[("resultado", "T")], body=msgspec.json.encode(list(part))
            )
            if isinstance(reply, HttpAnswer) and reply.status in _TOO_MANY and len(part) > _FEWER_CODES:
                self._most = _FEWER_CODES
                continue
            answers = await self._redeem(part, reply)
            if answers is None:
                break
            found += answers
            at += len(part)

    async def _redeem(self, codes: tuple[str, ...], reply: HttpAnswer | HttpFailure | NoToken) -> list[Answer] | None:
        """The answers for a receipt; None if there are none, which is logged once and pauses the interface."""
        number = receipt_number(reply) if isinstance(reply, HttpAnswer) and reply.ok else ""
        if not number:
            self._handle_refusal(reply)
            return None
        ready = await self._gateway.redeem(_RECEIPT_PATH, number, pauses=_PAUSES, is_ready=_is_whole)
        if ready is None:
            self._pause("its answer was not ready in time")
            return None
        if not ready.ok:
            self._handle_refusal(ready)
            return None
        named = slice_answer(ready.body, ready.status) or {}
        return [named[code] for code in codes if code in named and named[code].outcome in _TAKEN]

    def _handle_refusal(self, reply: HttpAnswer | HttpFailure | NoToken) -> None:
        if isinstance(reply, HttpAnswer) and reply.status in _NOT_OURS:
            self._closed = True
            log.info("rastro-async is not ours: packages are asked for fifty at a time", status=reply.status)
        elif isinstance(reply, HttpAnswer):
            self._pause(f"HTTP {reply.status}, and no receipt")
        else:
            self._pause(reply.message)

    def _pause(self, why: str) -> None:
        self._rests_until = self._clock() + _PAUSE_AFTER_FAILURE
        log.info("rastro-async did not answer: packages are asked for fifty at a time for a while", why=why)


def _is_whole(answer: HttpAnswer) -> bool:
    """Whether it is a list of objects. A truncated one is requested again: the receipt stays valid."""
    return bool(slice_answer(answer.body, answer.status))
