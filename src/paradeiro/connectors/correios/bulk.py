"""In: up to a thousand tracking codes of one contract; out: what `rastro-async` answers about them, if it does."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import msgspec
import structlog

from paradeiro.connectors.correios.gateway import Gateway, receipt_number
from paradeiro.connectors.correios.slices import cut
from paradeiro.connectors.correios.token import NoToken
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import Answer, Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure

# The id of the interface, as a token's `apis` name it.
RASTRO_ASYNC: Final = 534
MOST_CODES: Final = 1000
# Correios' own helper sends a thousand, an integrator writes that 500 are the limit: this many after a refusal.
_FEWER_CODES = 500
_ORDERS = "/rastro-async/v1/objetos/async"
_RECEIPTS = "/rastro-async/v1/recibo"
# Integrators look after 2 to 5 seconds.
_PAUSES = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 10.0, 10.0, 10.0)
_LONGEST_SECONDS = 60.0
# After a question that led nowhere, few are asked about at a time for so long.
_REST = timedelta(minutes=10)
_ON = frozenset({"yes", "sim", "true", "on", "1"})
_OFF = frozenset({"no", "não", "nao", "false", "off", "0"})
# Whatever else an object may be, the ordinary way shall say it.
_TAKEN = frozenset({Outcome.FOUND, Outcome.NOT_FOUND, Outcome.REFUSED})
_NOT_OURS = frozenset({403, 404, 405, 410})
_TOO_MANY = frozenset({400, 413})

log = structlog.get_logger()


class Bulk:
    """The way for many, as long as it is one: then nobody notices, since all that it does not answer is asked for in
    the ordinary way.
    """

    def __init__(self, gateway: Gateway, settings: Mapping[str, str], clock: Clock) -> None:
        self._gateway = gateway
        self._settings = settings
        self._clock = clock
        self._most = MOST_CODES
        self._closed = False
        self._rests_until = clock()

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """Answers about those of the codes that it could answer about."""
        codes = tuple(dict.fromkeys(tracking_codes))
        if not codes or not await self._is_there():
            return []
        found: list[Answer] = []
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                await self._ask(codes, found)
        except TimeoutError:
            self._rest("it took too long")
        return found

    async def _is_there(self) -> bool:
        """Whether the contract has the interface, by the token or else by what the account says."""
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
            told = await self._gateway.ask(
                "POST", _ORDERS, params=[("resultado", "T")], body=msgspec.json.encode(list(part))
            )
            if isinstance(told, HttpAnswer) and told.status in _TOO_MANY and len(part) > _FEWER_CODES:
                self._most = _FEWER_CODES
                continue
            answers = await self._redeemed(part, told)
            if answers is None:
                break
            found += answers
            at += len(part)

    async def _redeemed(self, codes: tuple[str, ...], told: HttpAnswer | HttpFailure | NoToken) -> list[Answer] | None:
        """The answers that a receipt stands for; None if there will be none, which is told once and leads to a rest."""
        number = receipt_number(told) if isinstance(told, HttpAnswer) and told.ok else ""
        if not number:
            self._refused(told)
            return None
        ready = await self._gateway.redeem(_RECEIPTS, number, pauses=_PAUSES, there=_is_whole)
        if ready is None:
            self._rest("its answer was not ready in time")
            return None
        if not ready.ok:
            self._refused(ready)
            return None
        named = cut(ready.body, ready.status) or {}
        return [named[code] for code in codes if code in named and named[code].outcome in _TAKEN]

    def _refused(self, told: HttpAnswer | HttpFailure | NoToken) -> None:
        if isinstance(told, HttpAnswer) and told.status in _NOT_OURS:
            self._closed = True
            log.info("rastro-async is not ours: packages are asked for fifty at a time", status=told.status)
        elif isinstance(told, HttpAnswer):
            self._rest(f"HTTP {told.status}, and no receipt")
        else:
            self._rest(told.message)

    def _rest(self, why: str) -> None:
        self._rests_until = self._clock() + _REST
        log.info("rastro-async did not answer: packages are asked for fifty at a time for a while", why=why)


def _is_whole(answer: HttpAnswer) -> bool:
    """Whether it is a list of objects. Half of one is asked for again: the receipt stands for the whole."""
    return bool(cut(answer.body, answer.status))
