"""In: requests to Correios' bulk interface; out: receipts, and after a few attempts the answers."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.correios import PostOffice, wall_clock

_VALID = timedelta(days=1)


@dataclass(slots=True)
class Receipt:
    """The codes of a request, its time, and how often its answer was requested."""

    number: str
    codes: list[str]
    shown: str
    made_at: datetime
    looks: int = 0

    def body(self) -> dict[str, Any]:
        """The receipt as JSON."""
        return {
            "numero": self.number,
            "dtCriacao": wall_clock(self.made_at),
            "dtValidade": wall_clock(self.made_at + _VALID),
            "qtdObjetos": len(self.codes),
            "resultado": self.shown,
            "idioma": "PT",
        }


@dataclass(slots=True)
class ReceiptDesk:
    """Issues and redeems receipts: an answer is ready after so many early attempts and some simulated time."""

    post: PostOffice
    looks: int = 0
    delay: timedelta = timedelta(0)
    receipts: dict[str, Receipt] = field(default_factory=dict)

    def issue(self, codes: list[str], shown: str) -> Receipt:
        """A receipt for these codes."""
        receipt = Receipt(secrets.token_hex(16), codes, shown, self.post.clock())
        self.receipts[receipt.number] = receipt
        return receipt

    def redeem(self, number: str) -> Receipt | None:
        """The receipt that is ready under a number; None if unknown, not ready yet, or expired."""
        receipt = self.receipts.get(number)
        if receipt is None:
            return None
        receipt.looks += 1
        age = self.post.clock() - receipt.made_at
        return receipt if receipt.looks > self.looks and self.delay <= age <= _VALID else None


async def codes_of(request: Request, most: int) -> list[str] | None:
    """The codes in a request; None if they are no list of codes, or too many."""
    try:
        told = await request.json()
    except ValueError:
        return None
    is_list = isinstance(told, list) and all(isinstance(each, str) for each in told)
    return told if is_list and 1 <= len(told) <= most else None


@dataclass(slots=True)
class Bulk:
    """`rastro-async`. Its faults: `not_ready` is another status than 404, answers lack the codes in `left_out`, or only
    `most` codes are accepted at once.
    """

    post: PostOffice
    counter: ReceiptDesk
    most: int = 1000
    not_ready: int = 404
    left_out: set[str] = field(default_factory=set)

    def routes(self) -> list[Route]:
        """Its routes on the gateway."""
        return [
            Route("/rastro-async/v1/objetos/async", self.order, methods=["POST"]),
            Route("/rastro-async/v1/recibo/{number}", self.answer),
        ]

    async def order(self, request: Request) -> Response:
        self.post.count("async")
        refusal = self.post.check_request(request, released=self.post.contract.bulk)
        if refusal is not None:
            return refusal
        codes = await codes_of(request, self.most)
        shown = request.query_params.get("resultado", "")
        if codes is None or shown not in {"T", "U"}:
            return self.post.refusal(request, 400, f"informe de 1 a {self.most} objetos e resultado T ou U")
        return JSONResponse({"user": self.post.contract.user} | self.counter.issue(codes, shown).body(), 202)

    async def answer(self, request: Request) -> Response:
        self.post.count("async_receipt")
        refusal = self.post.check_request(request, released=self.post.contract.bulk)
        if refusal is not None:
            return refusal
        receipt = self.counter.redeem(request.path_params["number"])
        if receipt is None:
            return self.post.refusal(request, self.not_ready, "Recibo ainda não disponível")
        codes = [code for code in receipt.codes if code not in self.left_out]
        self.post.asked.append(codes)
        return JSONResponse({"objetos": [self.post.object_of(code, receipt.shown) for code in codes]})
