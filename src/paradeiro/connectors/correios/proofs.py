"""In: delivered packages of one contract; out: the pictures that prove it, or why there are none. Only the wire."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import msgspec

from paradeiro.connectors.correios.gateway import Gateway, receipt_number, token_refused
from paradeiro.connectors.correios.images import NOT_YET, read_pictures
from paradeiro.connectors.correios.token import NoToken
from paradeiro.domain.words import Outcome, ProofKind
from paradeiro.sdk.contract import ProofAnswer, ProofAsked
from paradeiro.sdk.http import HttpAnswer, HttpFailure, trouble

# Of `ar-digital`; `objetos/imagens` names no limit.
MOST_CODES: Final = 10
_ORDERS = "/srorastro/v1/objetos/imagens"
_RECEIPTS = "/srorastro/v1/recibo"
_SIGNED = "/srorastro/v1/ar-digital"
# Nobody waits for a picture: what is not there after a second is fetched with its ticket the next time.
_PAUSES = (0.2, 0.8)


class Proofs:
    """The two interfaces that show what a delivery left behind."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def fetch(self, kind: ProofKind, asked: Sequence[ProofAsked]) -> list[ProofAnswer]:
        """One answer per package, in the order asked."""
        codes = tuple(dict.fromkeys(each.tracking_code for each in asked))
        found: dict[str, ProofAnswer] = {}
        if kind is ProofKind.IMAGE:
            for ticket in dict.fromkeys(each.ticket for each in asked if each.ticket):
                found |= await self._come_back(ticket)
        rest = tuple(code for code in codes if code not in found)
        found |= await self._ask(kind, rest) if rest else {}
        return [found[each.tracking_code] for each in asked]

    async def _come_back(self, ticket: str) -> dict[str, ProofAnswer]:
        """The pictures of an earlier order that was not ready then. What they lack is ordered anew."""
        answer = await self._gateway.redeem(_RECEIPTS, ticket, pauses=(0.0,), there=_anything)
        told = read_pictures(ProofKind.IMAGE, answer.body) if answer is not None and answer.ok else None
        return {code: each for code, each in (told or {}).items() if each.outcome is Outcome.FOUND}

    async def _ask(self, kind: ProofKind, codes: tuple[str, ...]) -> dict[str, ProofAnswer]:
        if kind is ProofKind.IMAGE:
            answer = await self._gateway.ask("POST", _ORDERS, body=msgspec.json.encode(list(codes)))
        else:
            answer = await self._gateway.ask("GET", _SIGNED, params=[("objetos", ",".join(codes))])
        if isinstance(answer, HttpAnswer) and answer.status == 400 and len(codes) > 1:
            # One code may spoil the others' answer, as with tracking (facts, failure 7).
            found: dict[str, ProofAnswer] = {}
            for code in codes:
                found |= await self._ask(kind, (code,))
            return found
        if isinstance(answer, HttpFailure | NoToken) or not answer.ok:
            return _all(codes, _failed(answer))
        return await self._redeemed(codes, answer) if kind is ProofKind.IMAGE else _told(kind, codes, answer)

    async def _redeemed(self, codes: tuple[str, ...], told: HttpAnswer) -> dict[str, ProofAnswer]:
        number = receipt_number(told)
        if not number:
            return _all(codes, _unread("the order of pictures was answered without a receipt"))
        ready = await self._gateway.redeem(_RECEIPTS, number, pauses=_PAUSES, there=_anything)
        if ready is None:
            found = _all(codes, ProofAnswer("", Outcome.NOT_FOUND, message=NOT_YET))
        elif not ready.ok:
            found = _all(codes, _failed(ready))
        else:
            found = _told(ProofKind.IMAGE, codes, ready)
        return {code: replace(each, ticket=number) for code, each in found.items()}


def _anything(_: HttpAnswer) -> bool:
    return True


def _all(codes: Iterable[str], answer: ProofAnswer) -> dict[str, ProofAnswer]:
    return {code: replace(answer, tracking_code=code) for code in codes}


def _told(kind: ProofKind, codes: tuple[str, ...], answer: HttpAnswer) -> dict[str, ProofAnswer]:
    """What a whole answer says about each code; one that it does not name has no picture yet."""
    found = read_pictures(kind, answer.body)
    if found is None:
        return _all(codes, _unread("an answer that is no list of pictures"))
    return {code: found.get(code) or ProofAnswer(code, Outcome.NOT_FOUND, message=NOT_YET) for code in codes}


def _unread(message: str) -> ProofAnswer:
    """Not understood. Its bytes may show persons: they are not handed on."""
    return ProofAnswer("", Outcome.MALFORMED, message=message)


def _failed(answer: HttpAnswer | HttpFailure | NoToken) -> ProofAnswer:
    match answer:
        case NoToken():
            return ProofAnswer("", answer.outcome, message=answer.message)
        case HttpFailure():
            return ProofAnswer("", Outcome.RETRY, message=answer.message)
        case HttpAnswer(status=404):
            return ProofAnswer("", Outcome.NOT_FOUND, message=NOT_YET)
        case HttpAnswer():
            outcome = Outcome.AUTH_FAILED if token_refused(answer) else trouble(answer)
            return ProofAnswer("", outcome or Outcome.MALFORMED, message=f"HTTP {answer.status}")
