"""In: delivered packages of one contract; out: the pictures of the delivery, or why there are none. HTTP only."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import msgspec

from paradeiro.connectors.correios.gateway import Gateway, receipt_number, token_refused
from paradeiro.connectors.correios.images import NOT_YET, read_pictures
from paradeiro.connectors.correios.token import NoToken
from paradeiro.domain.words import Outcome, ProofKind
from paradeiro.sdk.contract import ProofAnswer, ProofAsked
from paradeiro.sdk.http import HttpAnswer, HttpFailure, http_problem

# Of `ar-digital`; `objetos/imagens` names no limit.
MOST_CODES: Final = 10
_ORDERS = "/srorastro/v1/objetos/imagens"
_RECEIPTS = "/srorastro/v1/recibo"
_SIGNED = "/srorastro/v1/ar-digital"
# Pictures are not urgent: one that is not ready after a second is fetched with its ticket the next time.
_PAUSES = (0.2, 0.8)


class Proofs:
    """The two interfaces for proofs of delivery."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def fetch(self, kind: ProofKind, asked: Sequence[ProofAsked]) -> list[ProofAnswer]:
        """One answer per package, in the given order."""
        codes = tuple(dict.fromkeys(each.tracking_code for each in asked))
        found: dict[str, ProofAnswer] = {}
        if kind is ProofKind.IMAGE:
            for ticket in dict.fromkeys(each.ticket for each in asked if each.ticket):
                found |= await self._redeem_ticket(ticket)
        rest = tuple(code for code in codes if code not in found)
        found |= await self._ask(kind, rest) if rest else {}
        return [found[each.tracking_code] for each in asked]

    async def _redeem_ticket(self, ticket: str) -> dict[str, ProofAnswer]:
        """The pictures of an earlier request that was not ready then. Missing ones are requested anew."""
        answer = await self._gateway.redeem(_RECEIPTS, ticket, pauses=(0.0,), is_ready=_accept_any)
        reply = read_pictures(ProofKind.IMAGE, answer.body) if answer is not None and answer.ok else None
        return {code: each for code, each in (reply or {}).items() if each.outcome is Outcome.FOUND}

    async def _ask(self, kind: ProofKind, codes: tuple[str, ...]) -> dict[str, ProofAnswer]:
        if kind is ProofKind.IMAGE:
            answer = await self._gateway.ask("POST", _ORDERS, body=msgspec.json.encode(list(codes)))
        else:
            answer = await self._gateway.ask("GET", _SIGNED, params=[("objetos", ",".join(codes))])
        if isinstance(answer, HttpAnswer) and answer.status == 400 and len(codes) > 1:
            # One bad code may fail the whole batch, as with tracking (facts, failure 7).
            found: dict[str, ProofAnswer] = {}
            for code in codes:
                found |= await self._ask(kind, (code,))
            return found
        if isinstance(answer, HttpFailure | NoToken) or not answer.ok:
            return _same_for_all(codes, _failure_answer(answer))
        return await self._redeem(codes, answer) if kind is ProofKind.IMAGE else _read_answer(kind, codes, answer)

    async def _redeem(self, codes: tuple[str, ...], reply: HttpAnswer) -> dict[str, ProofAnswer]:
        number = receipt_number(reply)
        if not number:
            return _same_for_all(codes, _unreadable_answer("the order of pictures was answered without a receipt"))
        ready = await self._gateway.redeem(_RECEIPTS, number, pauses=_PAUSES, is_ready=_accept_any)
        if ready is None:
            found = _same_for_all(codes, ProofAnswer("", Outcome.NOT_FOUND, message=NOT_YET))
        elif not ready.ok:
            found = _same_for_all(codes, _failure_answer(ready))
        else:
            found = _read_answer(ProofKind.IMAGE, codes, ready)
        return {code: replace(each, ticket=number) for code, each in found.items()}


def _accept_any(_: HttpAnswer) -> bool:
    return True


def _same_for_all(codes: Iterable[str], answer: ProofAnswer) -> dict[str, ProofAnswer]:
    return {code: replace(answer, tracking_code=code) for code in codes}


def _read_answer(kind: ProofKind, codes: tuple[str, ...], answer: HttpAnswer) -> dict[str, ProofAnswer]:
    """The answer for each code in a whole answer; a code that it does not name has no picture yet."""
    found = read_pictures(kind, answer.body)
    if found is None:
        return _same_for_all(codes, _unreadable_answer("an answer that is no list of pictures"))
    return {code: found.get(code) or ProofAnswer(code, Outcome.NOT_FOUND, message=NOT_YET) for code in codes}


def _unreadable_answer(message: str) -> ProofAnswer:
    """An unreadable answer. Its bytes may show persons: they are not passed on."""
    return ProofAnswer("", Outcome.MALFORMED, message=message)


def _failure_answer(answer: HttpAnswer | HttpFailure | NoToken) -> ProofAnswer:
    match answer:
        case NoToken():
            return ProofAnswer("", answer.outcome, message=answer.message)
        case HttpFailure():
            return ProofAnswer("", Outcome.RETRY, message=answer.message)
        case HttpAnswer(status=404):
            return ProofAnswer("", Outcome.NOT_FOUND, message=NOT_YET)
        case HttpAnswer():
            outcome = Outcome.AUTH_FAILED if token_refused(answer) else http_problem(answer)
            return ProofAnswer("", outcome or Outcome.MALFORMED, message=f"HTTP {answer.status}")
