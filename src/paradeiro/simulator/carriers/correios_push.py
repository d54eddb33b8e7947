"""In: subscriptions at Correios' webhook interface, the clock; out: signed HTTP posts when an event becomes visible.

It follows the documents (facts/correios, section 1.6); what they leave open (payload, the signature's form, how a
subscription ends) is an attribute here, so that every reading can be tested.
"""

import asyncio
import base64
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.correios import PostOffice, json_body, wall_clock
from paradeiro.simulator.scenario.ground_truth import Happening

FLAVOURS = ("flat", "short", "object", "list", "payload")
FORMS = ("hex", "base64", "sha256=hex", "sha256=base64")
_BASE = "/webhook/v1/servicos/wh-rastro/assinaturas"
_KEY = re.compile(r"[A-Z]{2,3}-(0|[1-9]\d*)")
_TEST_CODE = "AA123456785BR"
_TRIES = 3
_LOOK_SECONDS = 0.2


@dataclass(slots=True)
class Subscription:
    """One subscription: event types, address, secret, and whose packages."""

    id: str
    body: dict[str, Any]
    contracts: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """As the interface shows it: without the secret."""
        addresses = [{k: v for k, v in each.items() if k != "secret"} for each in self.body["enderecos"]]
        numbers = [{"numero": number} for number in self.contracts]
        return {**self.body, "id": int(self.id), "enderecos": addresses, "contratos": numbers}


@dataclass(slots=True)
class SentPush:
    """One push: its content and recipient, its simulated time, and the answer to the last attempt."""

    at: datetime
    subscription: str
    url: str
    code: str
    event: str
    body: bytes
    headers: dict[str, str]
    status: int | None = None
    tries: int = 0


@dataclass(slots=True)
class PushService:
    """The webhook interface. Its faults: each push in so many `copies`, with `bad_signatures`, after a `delay`."""

    post: PostOffice
    flavour: str = "flat"
    form: str = "hex"
    delay: timedelta = timedelta(seconds=5)
    copies: int = 1
    bad_signatures: bool = False
    removable: bool = True
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    sent: list[SentPush] = field(default_factory=list)
    waiting: list[SentPush] = field(default_factory=list)
    coming: list[tuple[datetime, str, Happening]] = field(default_factory=list)
    _ids: "count[int]" = field(default_factory=lambda: count(1001))

    def __post_init__(self) -> None:
        now = self.post.clock()
        all_of = [(h.visible_at, p.code, h) for p in self.post.packages.values() for h in p.happenings]
        # The next one last; events visible already are not pushed.
        self.coming = sorted((each for each in all_of if each[0] > now), key=lambda each: each[0], reverse=True)

    def routes(self) -> list[Route]:
        """Its routes on the gateway."""
        return [
            Route(_BASE, self.list_or_make, methods=["GET", "POST"]),
            Route(_BASE + "/{id}", self.remove, methods=["DELETE"]),
            Route(_BASE + "/{id}/contratos", self.attach, methods=["POST"]),
            Route(_BASE + "/{id}/teste", self.test, methods=["POST"]),
            Route(_BASE + "/{id}/eventos", self.events),
        ]

    def _refusal(self, request: Request) -> Response | None:
        self.post.calls["webhook"] = self.post.calls.get("webhook", 0) + 1
        return self.post.check_token(request, released=self.post.contract.pushes)

    def _known(self, request: Request) -> Subscription | Response:
        found = self.subscriptions.get(request.path_params["id"])
        return found or self.post.refusal(request, 404, "WHK-404: Assinatura não encontrada")

    async def list_or_make(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        if request.method == "GET":
            return JSONResponse([each.shown() for each in self.subscriptions.values()])
        body = await json_body(request)
        problem = _problem(body)
        if problem:
            return self.post.refusal(request, 400, f"WHK-400: {problem}")
        made = Subscription(str(next(self._ids)), body)
        self.subscriptions[made.id] = made
        return JSONResponse(made.shown(), 201)

    async def remove(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        if not self.removable:
            return self.post.refusal(request, 405, "Método não permitido")
        known = self._known(request)
        if isinstance(known, Response):
            return known
        del self.subscriptions[known.id]
        return Response(status_code=204)

    async def attach(self, request: Request) -> Response:
        known = self._refusal(request) or self._known(request)
        if isinstance(known, Response):
            return known
        number = (await json_body(request)).get("numero")
        if number != self.post.contract.number:
            return self.post.refusal(request, 400, "WHK-401: Contrato inválido")
        if number in known.contracts:
            return self.post.refusal(request, 409, "WHK-402: Contrato já vinculado")
        known.contracts.append(number)
        return JSONResponse(known.shown(), 201)

    async def test(self, request: Request) -> Response:
        known = self._refusal(request) or self._known(request)
        if isinstance(known, Response):
            return known
        now = self.post.clock()
        event = Happening(now, now, "BDE/01", None, "Evento de teste")
        self._queue(known, _TEST_CODE, event)
        await self.push_due()
        return JSONResponse({"mensagem": "Evento de teste enviado"})

    async def events(self, request: Request) -> Response:
        known = self._refusal(request) or self._known(request)
        if isinstance(known, Response):
            return known
        mine = [each for each in self.sent if each.subscription == known.id]
        return JSONResponse([{"tipo": e.event, "payload": e.body.decode(), "status": e.status} for e in mine])

    def next_at(self) -> datetime | None:
        """When the next push is due; None if none is, or without a subscription."""
        return self.coming[-1][0] + self.delay if self.coming and self.subscriptions else None

    async def push_due(self) -> int:
        """Push the events visible by now, and those that failed before. Returns the number of posts that were answered
        2xx.
        """
        now = self.post.clock()
        while self.coming and self.coming[-1][0] + self.delay <= now:
            _, code, happening = self.coming.pop()
            for each in self.subscriptions.values():
                if each.contracts:
                    self._queue(each, code, happening)
        queue, self.waiting = self.waiting, []
        if not queue:
            return 0
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            return sum([await self._send(client, each) for each in queue])

    def _queue(self, subscription: Subscription, code: str, happening: Happening) -> None:
        kind, _, number = happening.code.partition("/")
        key = f"{kind}-{int(number)}"
        body = self._body(code, key, happening)
        for address in subscription.body["enderecos"]:
            if key in {each["tipo"] for each in address["tipoEventos"]}:
                headers = {"content-type": "application/json", "x-correios-hook-event": key}
                headers["x-correios-signature"] = self._signature(address["secret"], body)
                push = SentPush(self.post.clock(), subscription.id, address["url"], code, key, body, headers)
                self.waiting += [push, *(SentPush(**_fields(push)) for _ in range(self.copies - 1))]

    async def _send(self, client: httpx.AsyncClient, push: SentPush) -> bool:
        if push.tries == 0:
            self.sent.append(push)
        push.tries += 1
        try:
            answer = await client.post(push.url, content=push.body, headers=push.headers)
            push.status = answer.status_code
        except httpx.HTTPError:
            push.status = None
        well = push.status is not None and push.status < 300
        if not well and push.tries < _TRIES:
            self.waiting.append(push)
        return well

    def _signature(self, secret: str, body: bytes) -> str:
        key = f"{secret}?" if self.bad_signatures else secret
        mark = hmac.new(key.encode(), body, sha256).digest()
        text = base64.b64encode(mark).decode() if self.form.endswith("base64") else mark.hex()
        return f"sha256={text}" if self.form.startswith("sha256=") else text

    def _body(self, code: str, key: str, happening: Happening) -> bytes:
        at, text = wall_clock(happening.happened_at), happening.text
        flat = {"codigoObjeto": code, "tipoEvento": key, "descricao": text, "dtEvento": at}
        told: dict[str, Any] = {
            "flat": flat,
            "short": {"codObjeto": code, "tpEvento": key, "descricao": text, "criadoEm": at},
            "object": {"evento": {"objeto": code, "tpEvento": key, "descricao": text, "dtEvento": at}},
            "list": [flat],
            "payload": {"id": len(self.sent), "payload": json.dumps(flat, ensure_ascii=False)},
        }
        return json.dumps(told[self.flavour], ensure_ascii=False).encode()

    async def run(self) -> None:
        """Push by the running clock, until cancelled."""
        while True:
            await self.push_due()
            await asyncio.sleep(_LOOK_SECONDS)


def _fields(push: SentPush) -> dict[str, Any]:
    return {name: getattr(push, name) for name in SentPush.__dataclass_fields__}


def _problem(body: dict[str, Any]) -> str:
    """What is wrong with a subscription; empty for nothing."""
    missing = [name for name in ("descricao", "email", "language", "enderecos") if not body.get(name)]
    if missing:
        return f"campos obrigatórios: {', '.join(missing)}"
    addresses: Sequence[Any] = body["enderecos"]
    for each in addresses:
        if not all(each.get(name) for name in ("nome", "url", "secret", "tipoEventos")):
            return "endereço incompleto"
        wrong = [kind["tipo"] for kind in each["tipoEventos"] if not _KEY.fullmatch(kind["tipo"])]
        if wrong:
            return f"tipo de evento inválido: {wrong[0]}"
    return ""
