"""In: questions to SSW, the platform of many regional carriers; out: its answers about their consignments.

Asked by the invoice's key alone, or by tax number and password with one of four numbers. A JSON question is answered in
JSON, a form in XML. The number in brackets is the carrier's own; `codigo_ssw` is the platform's, where it was linked.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, ClassVar, NamedTuple
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.scenario.ground_truth import Happening, Package

ZONE = ZoneInfo("America/Sao_Paulo")
_NOT_FOUND = "Nenhum documento localizado"
_FOUND = "Documento localizado com sucesso"
_REFUSED = "CNPJ ou senha invalidos"
_KEY = re.compile(r"\d{6}[0-9A-Z]{12}\d{26}")
_ASKED_BY = ("nro_nf", "pedido", "chave_nfe", "nro_coleta")
_TYPED_LATER = timedelta(minutes=17)


class Occurrence(NamedTuple):
    """What a carrier types: the platform's code, its own number, its words, the kind, whether they are linked."""

    code: str
    own: str
    words: str
    kind: str
    linked: bool = True


VOCABULARY: dict[str, Occurrence] = {
    "registered": Occurrence("80", "67", "DOCUMENTO DE TRANSPORTE EMITIDO", "Informativo"),
    "moved": Occurrence("82", "82", "SAIDA DE UNIDADE", "Informativo", linked=False),
    "arrived": Occurrence("84", "08", "CHEGADA NA UNIDADE", "Informativo"),  # 08 is an appointment at other carriers
    "handed_on": Occurrence("18", "18", "MERCAD REPASSADA P/ PROX TRANSPORTADORA", "Entrega"),
    "out": Occurrence("85", "85", "SAIDA PARA ENTREGA", "Informativo"),
    "absent": Occurrence("11", "11", "LOCAL DE ENTREGA FECHADO/AUSENTE", "Pendência do cliente"),
    "refused": Occurrence("38", "38", "CLIENTE RECUSA/NAO PODE RECEBER MERCAD", "Pendência do cliente", linked=False),
    "counter": Occurrence("04", "04", "DESTINATARIO RETIRA", "Pendência do cliente"),
    "damaged": Occurrence("53", "53", "MERCADORIA AVARIADA", "Pendência da transportadora"),
    "lost": Occurrence("50", "50", "FALTA DE MERCADORIA", "Pendência da transportadora"),
    "returning": Occurrence("27", "27", "DEVOLUCAO AUTORIZADA", "Solucionada"),
    "returned": Occurrence("03", "03", "MERCADORIA DEVOLVIDA AO REMETENTE", "Entrega"),
    "delivered": Occurrence("01", "01", "MERCADORIA ENTREGUE", "Entrega"),
    "paper": Occurrence(
        "19", "70", "ANEXADO COMPROVANTE DE ENTREGA", "Informativo"
    ),  # 70 is a weighing at the platform
    "taken_back": Occurrence("86", "86", "ESTORNO DE BAIXA/ENTREGA ANTERIOR", "Informativo"),
}


@dataclass(slots=True)
class Ssw(SimulatedCarrier):
    """The platform with one carrier on it; `paper_linked`: whether the carrier has linked its code of the proof."""

    password: str = "senha-ssw"  # noqa: S105 - of the simulated account
    paper_linked: bool = True

    name: ClassVar[str] = "ssw"
    courier: ClassVar[str] = "Expresso Exemplo"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    known_by_key: ClassVar[bool] = True
    events_field: ClassVar[str] = "tracking"

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:  # noqa: ARG003 - a pick-up's number is a plain count
        """The number of the pick-up, which is all that it calls a package beside the invoice."""
        return str(700_000 + number)

    def app(self) -> Starlette:
        """Open by key; by tax number for the sender, the recipient and the payer alike."""
        known = [
            Route(f"/api/{path}", self.by_account, methods=["POST"])
            for path in ("tracking", "trackingdest", "trackingpag")
        ]
        return Starlette(routes=[Route("/api/trackingdanfe", self.by_key, methods=["POST"]), *known])

    def settings(self, url: str) -> dict[str, str]:
        return {"base_url": url, "cnpj": self.tax_number, "password": self.password}

    @property
    def tax_number(self) -> str:
        """The shop's, as its invoices have it."""
        return next((p.code[6:20] for p in self.packages), "99888777000100")

    async def by_key(self, request: Request) -> Response:
        """Without credentials: whoever has the key may ask."""
        asked, answer = await _question(request)
        key = str(asked.get("chave_nfe", ""))
        self.count("trackingdanfe", key)
        if not _KEY.fullmatch(key):
            return answer(_failure(_NOT_FOUND))
        return answer(self._answer(lambda package: package.code == key))

    async def by_account(self, request: Request) -> Response:
        """Exactly one of the four numbers counts; a CPF or CNPJ is padded on the left."""
        asked, answer = await _question(request)
        given = [name for name in _ASKED_BY if str(asked.get(name) or "").strip()]
        self.count(request.url.path.rsplit("/", 1)[-1], *(str(asked[name]) for name in given))
        tax_number = re.sub(r"[./-]", "", str(asked.get("cnpj", ""))).zfill(14)
        if tax_number != self.tax_number or asked.get("senha") != self.password:
            return answer(_failure(_REFUSED))
        if len(given) != 1:
            return answer(_failure("Informe nro_nf, pedido, chave_nfe ou nro_coleta"))
        return answer(self._answer(_finder(given[0], str(asked[given[0]]).strip())))

    def _answer(self, fits: Callable[[Package], bool]) -> dict[str, Any]:
        """Not found before the transport document is made; found, but empty, until its first event shows."""
        found = next((p for p in self.packages if fits(p)), None)
        if found is None or not any(h.happened_at <= self.clock() for h in found.happenings):
            return _failure(_NOT_FOUND)
        shown = found.visible(self.clock())
        header = {
            "remetente": "LOJA EXEMPLO LTDA",
            "destinatario": "CLIENTE EXEMPLO",
            "nro_nf": str(int(found.code[25:34])),
            "pedido": found.order_id,
        }
        return {
            "success": True,
            "message": _FOUND,
            "documento": {"header": header, "tracking": self._told(found, shown)},
        }

    def _told(self, package: Package, shown: list[Happening]) -> list[dict[str, Any]]:
        """Oldest first. A delivery that was withdrawn stays as an instruction: its words, but no code any more."""
        back = [index for index, happening in enumerate(shown) if happening.undoes == "delivery"]
        return [
            self._event(package, happening, reversed_=happening.code == "delivered" and any(index < b for b in back))
            for index, happening in enumerate(shown)
        ]

    def _event(self, package: Package, happening: Happening, *, reversed_: bool) -> dict[str, Any]:
        said = VOCABULARY[happening.code]
        linked = self.paper_linked if happening.code == "paper" else said.linked
        told = {
            "data_hora": local(happening.happened_at + _TYPED_LATER),
            "dominio": "XYZ",
            "filial": (happening.city or "MATRIZ")[:3].upper(),
            "cidade": f"{happening.city} / {happening.state}",
            "ocorrencia": said.words if reversed_ else f"{said.words} ({said.own})",
            "descricao": _description(package, happening),
            "tipo": "Informativo" if reversed_ else said.kind,
            "data_hora_efetiva": local(happening.happened_at),
        }
        if happening.code == "registered":
            del told["data_hora_efetiva"]
            told["data_hora"] = local(happening.happened_at)
        if happening.code == "delivered" and not reversed_:
            told |= {"nome_recebedor": "PESSOA EXEMPLO", "nro_doc_recebedor": "000000000"}
        return told | ({"codigo_ssw": said.code} if linked and not reversed_ else {})


def local(at: datetime) -> str:
    """Brasília's wall clock, without an offset."""
    return f"{at.astimezone(ZONE):%Y-%m-%dT%H:%M:%S}"


def _description(package: Package, happening: Happening) -> str:
    if happening.code == "registered":
        return f"Previsao de entrega: {package.promised_at.astimezone(ZONE):%d/%m/%y}."
    if happening.code == "out":
        return f"Destino: {happening.state}/{happening.city}."
    return VOCABULARY[happening.code].words.capitalize()


def _finder(kind: str, value: str) -> Callable[[Package], bool]:
    def fits(package: Package) -> bool:
        if kind == "nro_nf":
            return value.isdecimal() and int(value) == int(package.code[25:34])
        return value == {"pedido": package.order_id, "chave_nfe": package.code}.get(kind, package.own_number)

    return fits


def _failure(message: str) -> dict[str, Any]:
    return {"success": False, "message": message}


_Answer = Callable[[dict[str, Any]], Response]


async def _question(request: Request) -> tuple[dict[str, Any], _Answer]:
    """What was asked, and how to answer it; all with status 200. A form's values are cut out of its plain body."""
    if "json" in request.headers.get("content-type", ""):
        try:
            body = await request.json()
        except ValueError:
            body = {}
        return (body if isinstance(body, dict) else {}), JSONResponse
    async with request.form() as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}, _xml


def _xml(told: dict[str, Any]) -> Response:
    """The form's answer: `header` and `items` stand at the top."""
    document = told.get("documento", {"header": {}, "tracking": []})
    flat = {"success": str(told["success"]).lower(), "message": told["message"]}
    items = "".join(f"<item>{_tags(event)}</item>" for event in document["tracking"])
    body = f"{_tags(flat)}<header>{_tags(document['header'])}</header><items>{items}</items>"
    return Response(f'<?xml version="1.0" encoding="UTF-8"?><tracking>{body}</tracking>', media_type="text/xml")


def _tags(values: dict[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())
