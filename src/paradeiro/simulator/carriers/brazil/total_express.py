"""In: questions to Total Express; out: its feed of lots (SOAP) and its answers by AWB, order or dates (REST).

The feed gives what was not yet fetched: a lot that was given counts as read, but a day can be asked for again.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, ClassVar
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.correios import json_body, wall_clock
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.scenario.ground_truth import Happening, Package

ZONE = ZoneInfo("America/Sao_Paulo")
_MOST_AWBS = 50
_TOO_SOON = timedelta(minutes=5)
_LOT_EVERY = 20 * 60  # seconds
_NOT_AUTHORISED, _DONE, _INVALID, _ASKED_TOO_SOON = 0, 1, 3, 5
_ASKED_DAY = re.compile(r"<(?:\w+:)?DataConsulta\b[^>]*>\s*([^<]*?)\s*</")
_QUESTION = re.compile(r"<(?:\w+:)?ObterTracking\b")

VOCABULARY: dict[str, tuple[int, str]] = {
    "registered": (0, "ARQUIVO RECEBIDO"),
    "accepted": (83, "COLETA REALIZADA"),
    "moved": (102, "TRANSFERENCIA PARA: - SAO"),
    "arrived": (101, "RECEBIDA E PROCESSADA NO CD - : PAG"),
    "handed_on": (106, "REDESPACHO TRANSPORTADORA"),
    "out": (104, "PROCESSO DE ENTREGA"),
    "absent": (21, "CLIENTE AUSENTE / ESTABELECIMENTO FECHADO"),
    "refused": (9, "RECUSADA - MERCADORIA EM DESACORDO"),
    "counter": (29, "CLIENTE RETIRA NA TRANSPORTADORA"),
    "damaged": (14, "MERCADORIA AVARIADA"),
    "lost": (142, "EXTRAVIO"),
    "returning": (26, "DEVOLUÇÃO RECEBIDA NO CD"),  # at the depot, not at the shop
    "returned": (61, "DEVOLVIDA AO REMETENTE"),
    "delivered": (1, "ENTREGA REALIZADA"),
    "paper": (70, "AVISO ENTREGA / EXECUÇÃO SERVIÇO"),
}
_Told = list[tuple[Package, list[Happening]]]


@dataclass(slots=True)
class TotalExpress(SimulatedCarrier):
    """`read`: the lots that were given; `asked_at`: when the feed was last answered, by the day that was asked for.

    `out_of_order`: whether the feed answers that it is unavailable (2) or at fault (4).
    """

    user: str = "loja-total"
    password: str = "senha-total"  # noqa: S105 - of the simulated account
    sender_id: str = "1234"
    out_of_order: int | None = None
    read: set[int] = field(default_factory=set)
    asked_at: dict[str, datetime] = field(default_factory=dict)

    name: ClassVar[str] = "total_express"
    courier: ClassVar[str] = "Total Express"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    events_field: ClassVar[str] = "statusDeEncomenda"
    secret_fields: ClassVar[tuple[str, ...]] = ("password",)
    feed_path: ClassVar[str] = "webservice24"

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:  # noqa: ARG003 - its codes are counted
        """An AWB, whose last letters are small ones."""
        return f"TXAU{100_000_000 + number}tx"

    def app(self) -> Starlette:
        rest = ("/ics-tracking-encomenda-lv/v1/tracking", "/previsao_entrega_atualizada.php")
        return Starlette(
            routes=[
                Route("/webservice24.php", self.feed, methods=["POST"]),
                *(Route(path, self.look_up, methods=["POST"]) for path in rest),
            ]
        )

    def settings(self, url: str) -> dict[str, str]:
        known = {"user": self.user, "password": self.password, "sender_id": self.sender_id}
        return {"base_url": url, "feed_url": url, **known}

    def _may(self, request: Request) -> bool:
        proof = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {proof}"

    # ── the feed ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def feed(self, request: Request) -> Response:
        """`ObterTracking`: always status 200, `CodigoProc` says how it went."""
        body = (await request.body()).decode("latin-1")
        day = next(iter(_ASKED_DAY.findall(body)), "")
        self.count("ObterTracking", *([day] if day else []))
        refusal = self._refusal(request, body, day)
        if refusal is not None:
            return _soap(refusal, [])
        self.asked_at[day] = self.clock()
        numbers = self._lots_of(day) if day else [n for n in self._lots() if n not in self.read]
        self.read |= set() if day else set(numbers)
        return _soap(_DONE, [_lot(number, self._in_lot(number)) for number in numbers])

    def _refusal(self, request: Request, body: str, day: str) -> int | None:
        if not self._may(request):
            return _NOT_AUTHORISED
        if not _QUESTION.search(body) or (day and not re.fullmatch(r"\d{4}-\d\d-\d\d", day)):
            return _INVALID
        if self.out_of_order is not None:
            return self.out_of_order
        last = self.asked_at.get(day)
        return _ASKED_TOO_SOON if last is not None and self.clock() - last < _TOO_SOON else None

    def _lots(self) -> list[int]:
        """The lots that are made by now: each of what became visible in twenty minutes."""
        now = int(self.clock().timestamp()) // _LOT_EVERY
        made = {_lot_number(h) for p in self.packages for h in p.visible(self.clock())}
        return sorted(n for n in made if n < now)

    def _lots_of(self, day: str) -> list[int]:
        return [n for n in self._lots() if _generated(n).isoformat() == day]

    def _in_lot(self, number: int) -> _Told:
        found = [(p, [h for h in p.visible(self.clock()) if _lot_number(h) == number]) for p in self.packages]
        return [(package, happenings) for package, happenings in found if happenings]

    # ── REST ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def look_up(self, request: Request) -> Response:
        """The newer path answers {data: […]}, the older one a list; a single AWB is one object there."""
        asked = await json_body(request)
        awbs = [str(each) for each in asked.get("awbs") or ([asked["awb"]] if asked.get("awb") else [])]
        self.count("tracking", *(awbs or [str(asked.get("pedido") or asked.get("data_inicial") or "")]))
        if not self._may(request):
            return JSONResponse({"code": 0, "message": "Usuario ou senha invalidos"})
        found = self._found(asked, awbs)
        if found is None or len(awbs) > _MOST_AWBS:
            return JSONResponse({"code": 400, "message": "Argumentos invalidos"})
        if awbs and not found:
            return JSONResponse({"code": 404, "message": "AWB nao encontrado"}, 404)
        newer = request.url.path.startswith("/ics")
        told = [self._encomenda(package, newer=newer) for package in found]
        if newer:
            return JSONResponse({"data": told})
        return JSONResponse(told[0] if asked.get("awb") else told)

    def _found(self, asked: dict[str, Any], awbs: list[str]) -> list[Package] | None:
        """None: not one of the four questions. A package is known when its file is, before its first status shows."""
        known = [p for p in self.packages if any(h.happened_at <= self.clock() for h in p.happenings)]
        if asked.get("awbs"):
            return [p for p in known if p.code in awbs]
        if str(asked.get("remetenteId", "")) != self.sender_id:
            return None
        if asked.get("awb") or asked.get("pedido"):
            return [p for p in known if (p.code if awbs else p.order_id) == str(asked.get("awb") or asked["pedido"])]
        try:
            first, last = (date.fromisoformat(str(asked.get(each))[:10]) for each in ("data_inicial", "data_final"))
        except ValueError:
            return None
        return [p for p in known if first <= _day(p.happenings[0].happened_at) <= last]

    def _encomenda(self, package: Package, *, newer: bool) -> dict[str, Any]:
        expected = f"{_day(package.promised_at)}"
        number = "statusId" if newer else "statusid"
        statuses = [
            {number: VOCABULARY[h.code][0], "status": VOCABULARY[h.code][1], "data": wall_clock(h.happened_at)}
            for h in package.visible(self.clock())
        ]
        return {
            "pedido": package.order_id,
            "id_cliente": "",
            "awb": package.code,
            "nfiscal": package.invoice_number,
            "detalhes": {
                "dataPrev": {"PrevEntrega": expected, "PrevEntregaAtualizada": expected},
                "statusDeEncomenda": statuses,
            },
        }


def _day(at: datetime) -> date:
    return at.astimezone(ZONE).date()


def _lot_number(happening: Happening) -> int:
    return int(happening.visible_at.timestamp()) // _LOT_EVERY


def _generated(number: int) -> date:
    """The day on which a lot was made, at the end of its twenty minutes."""
    return datetime.fromtimestamp((number + 1) * _LOT_EVERY, tz=ZONE).date()


def _tag(name: str, kind: str, value: Any) -> str:
    return f'<{name} xsi:type="xsd:{kind}">{escape(str(value))}</{name}>'


def _array(name: str, kind: str, items: Iterable[str]) -> str:
    listed = [f'<item xsi:type="tns:{kind}">{item}</item>' for item in items]
    inside = "".join(listed)
    return f'<{name} xsi:type="SOAP-ENC:Array" SOAP-ENC:arrayType="tns:{kind}[{len(listed)}]">{inside}</{name}>'


def _lot(number: int, told: _Told) -> str:
    parcels = [
        _tag("Awb", "string", package.code)
        + _tag("Pedido", "string", package.order_id)
        + _tag("NotaFiscal", "nonNegativeInteger", package.invoice_number)
        + _tag("SerieNotaFiscal", "string", "1")
        + _tag("IdCliente", "string", "")
        + _tag("CodigoObjeto", "string", "")
        + _array("ArrayStatusTotal", "StatusTotal", (_status(each) for each in happenings))
        for package, happenings in told
    ]
    return (
        _tag("CodRetorno", "nonNegativeInteger", 400_000_000 + number)
        + _tag("DataGeracao", "date", _generated(number))
        + _array("ArrayEncomendaRetorno", "EncomendaRetorno", parcels)
    )


def _status(happening: Happening) -> str:
    number, words = VOCABULARY[happening.code]
    when = wall_clock(happening.happened_at)
    return (
        _tag("CodStatus", "nonNegativeInteger", number)
        + _tag("DescStatus", "string", words)
        + _tag("DataStatus", "dateTime", when)
    )


def _soap(code: int, lots: list[str]) -> Response:
    spaces = {
        "SOAP-ENV": "http://schemas.xmlsoap.org/soap/envelope/",
        "xsd": "http://www.w3.org/2001/XMLSchema",
        "xsi": "http://www.w3.org/2001/XMLSchema-instance",
        "SOAP-ENC": "http://schemas.xmlsoap.org/soap/encoding/",
        "tns": "http://edi.totalexpress.com.br/soap/webservice_v24.total",
    }
    named = " ".join(f'xmlns:{name}="{url}"' for name, url in spaces.items())
    told = _tag("CodigoProc", "nonNegativeInteger", code) + _array("ArrayLoteRetorno", "LoteRetorno", lots)
    body = (
        f'<?xml version="1.0" encoding="ISO-8859-1"?>'
        f'<SOAP-ENV:Envelope SOAP-ENV:encodingStyle="{spaces["SOAP-ENC"]}" {named}><SOAP-ENV:Body>'
        f'<ns1:ObterTrackingResponse xmlns:ns1="urn:ObterTracking">'
        f'<ObterTrackingResponse xsi:type="tns:ObterTrackingResponse">{told}</ObterTrackingResponse>'
        f"</ns1:ObterTrackingResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
    return Response(body.encode("latin-1", "xmlcharrefreplace"), media_type="text/xml; charset=ISO-8859-1")
