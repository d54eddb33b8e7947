"""In: tracking codes of one contract; out: one answer per code, as raw bytes with an outcome. HTTP only."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from paradeiro.connectors.correios.bulk import Bulk
from paradeiro.connectors.correios.gateway import Gateway, token_refused
from paradeiro.connectors.correios.parse import parse
from paradeiro.connectors.correios.proofs import Proofs
from paradeiro.connectors.correios.slices import slice_answer
from paradeiro.connectors.correios.token import NoToken, TokenCache
from paradeiro.connectors.correios.webhook import Webhook
from paradeiro.domain.words import Outcome, ProofKind
from paradeiro.sdk.contract import AccountRef, Answer, Clock, ProofAnswer, ProofAsked
from paradeiro.sdk.http import HttpAnswer, HttpFailure, http_problem, new_client, retry_after
from paradeiro.sdk.sessions import Subscribed

PRODUCTION = "https://api.correios.com.br"
_PATH = "/srorastro/v1/objetos"
# Exactly this: `*`, or a browser's list, is refused with SRO-018; a shop lost 90 days that way (facts, failure 3).
_HEADERS = {"Accept": "application/json", "Accept-Language": "pt-BR"}
_BAD_LANGUAGE = b"SRO-018"


@dataclass(frozen=True, slots=True)
class _Refused:
    """The gateway answered 400 to a batch: one of its codes may be the reason."""

    body: bytes
    message: str


class CorreiosSession:
    """One contract's connection: pooled, with a token that is renewed before it expires."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        self._client = new_client(account.settings.get("base_url") or PRODUCTION, _HEADERS)
        self._gateway = Gateway(self._client, TokenCache(self._client, account.settings, clock))
        self._bulk = Bulk(self._gateway, account.settings, clock)
        self._proofs = Proofs(self._gateway)
        self._webhook = Webhook(self._gateway, account.settings)

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order. Faults of Correios are outcomes, not exceptions."""
        found = _assign_blame(await self._ask(tuple(dict.fromkeys(tracking_codes))))
        return [found[code] for code in tracking_codes]

    async def fetch_many(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """Answers for those of up to a thousand codes that `rastro-async` answered."""
        return await self._bulk.fetch(tracking_codes)

    async def fetch_proofs(self, kind: ProofKind, asked: Sequence[ProofAsked]) -> list[ProofAnswer]:
        """Proofs of delivery: one answer per code, in the given order."""
        return await self._proofs.fetch(kind, asked)

    async def subscription(self, url: str) -> Subscribed:
        """Whether Correios pushes to this address."""
        return await self._webhook.subscription(url)

    async def subscribe(self, url: str, secret: str, contact: str) -> Subscribed:
        """Have Correios push to this address."""
        return await self._webhook.subscribe(url, secret, contact)

    async def unsubscribe(self, url: str) -> Subscribed:
        """End the subscription."""
        return await self._webhook.unsubscribe(url)

    async def try_out(self, url: str) -> Subscribed:
        """Have Correios send a test push."""
        return await self._webhook.try_out(url)

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def _ask(self, codes: tuple[str, ...]) -> dict[str, Answer]:
        """Look up a batch; a refused batch is halved until the bad code is alone."""
        if not codes:
            return {}
        told = await self._fetch_batch(codes)
        if not isinstance(told, _Refused):
            return told
        if len(codes) == 1:
            return {codes[0]: Answer(codes[0], Outcome.REFUSED, told.body, told.message, 400)}
        middle = len(codes) // 2
        left, right = await asyncio.gather(self._ask(codes[:middle]), self._ask(codes[middle:]))
        return left | right

    async def _fetch_batch(self, codes: tuple[str, ...]) -> dict[str, Answer] | _Refused:
        params = [("codigosObjetos", code) for code in codes] + [("resultado", "T")]
        answer = await self._gateway.ask("GET", _PATH, params=params)
        match answer:
            case NoToken():
                return _no_token_answers(codes, answer)
            case HttpFailure():
                return _same_for_all(codes, Outcome.RETRY, message=answer.message)
            case HttpAnswer():
                return _read_batch(codes, answer)


def _assign_blame(found: dict[str, Answer]) -> dict[str, Answer]:
    """Decide who is at fault. Where no code of a batch was answered, a 400 without a code's error concerns the
    interface: else a change at Correios would mark every shipment's code as wrong.
    """
    if len(found) == 1 or any(answer.http_status == 200 or _is_code_problem(answer) for answer in found.values()):
        return found
    return {
        code: replace(answer, outcome=Outcome.MALFORMED) if answer.outcome is Outcome.REFUSED else answer
        for code, answer in found.items()
    }


def _is_code_problem(answer: Answer) -> bool:
    return answer.http_status == 400 and any(parsed.outcome is Outcome.REFUSED for parsed in parse(answer.body))


def _same_for_all(
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


def _no_token_answers(codes: Sequence[str], why: NoToken) -> dict[str, Answer]:
    return _same_for_all(codes, why.outcome, why.body, message=why.message, status=why.status, retry=why.retry_after)


def _read_batch(codes: tuple[str, ...], answer: HttpAnswer) -> dict[str, Answer] | _Refused:
    outcome = Outcome.AUTH_FAILED if token_refused(answer) else http_problem(answer)
    if outcome is Outcome.REFUSED and answer.status == 400 and _BAD_LANGUAGE not in answer.body:
        return _Refused(answer.body, _error_text(answer))
    if outcome is not None:
        if outcome is Outcome.REFUSED:
            # 404 and the like concern the interface, not a code.
            outcome = Outcome.MALFORMED
        message = f"HTTP {answer.status}: {_error_text(answer)}"
        return _same_for_all(
            codes, outcome, answer.body, message=message, status=answer.status, retry=retry_after(answer)
        )
    return _slice_batch(codes, answer)


def _error_text(answer: HttpAnswer) -> str:
    """The message of an error body, in one line."""
    if not answer.body.strip():
        return "no words"
    return next((parsed.message for parsed in parse(answer.body) if parsed.message), "an answer we did not expect")


def _slice_batch(codes: tuple[str, ...], answer: HttpAnswer) -> dict[str, Answer]:
    """Cut the batch answer into each code's own bytes, exactly as received."""
    named = slice_answer(answer.body, answer.status)
    if named is None:
        return _same_for_all(codes, Outcome.MALFORMED, answer.body, message=_error_text(answer), status=answer.status)
    missing = "the code is not in the answer" if named else "no objects in the answer"
    return {
        code: named.get(code) or Answer(code, Outcome.MALFORMED, answer.body, missing, answer.status) for code in codes
    }
