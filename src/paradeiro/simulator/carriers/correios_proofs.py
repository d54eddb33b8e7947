"""In: packages whose service proves deliveries; out: the services bought, and generated pictures of the deliveries."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.correios import PostOffice, wall_clock
from paradeiro.simulator.carriers.correios_bulk import ReceiptDesk, codes_of
from paradeiro.simulator.carriers.drawn_pictures import DrawnPicture, draw_picture, told_delivery
from paradeiro.simulator.scenario.ground_truth import Package

_MOST_SIGNED = 10
_MOST_ORDERED = 50
# Of every ten packages: one with a picture of the house, one with a signed receipt, one with both, one on paper.
_BOUGHT = {
    0: {"fotoFachada": "S"},
    1: {"ar": "S", "tipoAr": "D"},
    2: {"ar": "S", "tipoAr": "E"},
    3: {"ar": "S", "tipoAr": "C"},
}
_IMAGES, _SIGNED = {0, 2}, {1, 2}
# Of every fifty packages the pictures of ten come hours after the news.
_LATE = timedelta(hours=5)


def service_of(code: str) -> dict[str, str] | None:
    """The services bought with a package; None for packages from abroad."""
    if not code.endswith("BR"):
        return None
    nothing = dict.fromkeys(("ar", "tipoAr", "mp", "vd", "eVizinho", "fotoFachada", "eControlada", "eLocker"), "N")
    return nothing | _BOUGHT.get(int(code[2:10]) % 10, {})


def delivery_pictures(package: Package, at: datetime, *, signed: bool) -> list[DrawnPicture]:
    """The pictures of the delivery that is valid at an instant, also those that are shown only later."""
    number = int(package.code[2:10])
    told = told_delivery(package, at)
    if told is None or not package.code.endswith("BR") or number % 10 not in (_SIGNED if signed else _IMAGES):
        return []
    delivered_at, news = told
    shown_at = news + (_LATE if number // 10 % 5 == 0 else timedelta(0))
    remarks = ("",) if signed else ("FACHADA", "RECEBEDOR")
    return [
        DrawnPicture(draw_picture(f"{package.code} {delivered_at} {signed} {remark}"), remark, delivered_at, shown_at)
        for remark in remarks
    ]


@dataclass(slots=True)
class ProofArchive:
    """The interfaces for pictures and signed receipts. `corrupt`: pictures are invalid base64."""

    post: PostOffice
    counter: ReceiptDesk
    corrupt: bool = False

    def routes(self) -> list[Route]:
        """Its routes on the gateway."""
        return [
            Route("/srorastro/v1/objetos/imagens", self.order, methods=["POST"]),
            Route("/srorastro/v1/recibo/{number}", self.images),
            Route("/srorastro/v1/ar-digital", self.signed),
        ]

    async def order(self, request: Request) -> Response:
        self.post.count("images")
        refusal = self.post.check_request(request, released=self.post.contract.tracks)
        if refusal is not None:
            return refusal
        codes = await codes_of(request, _MOST_ORDERED)
        if codes is None:
            return self.post.refusal(request, 400, f"informe de 1 a {_MOST_ORDERED} objetos")
        return JSONResponse(self.counter.issue(codes, "T").body(), 202)

    async def images(self, request: Request) -> Response:
        self.post.count("images_receipt")
        refusal = self.post.check_request(request, released=self.post.contract.tracks)
        if refusal is not None:
            return refusal
        receipt = self.counter.redeem(request.path_params["number"])
        there = [(code, self._visible_pictures(code, signed=False)) for code in (receipt.codes if receipt else ())]
        told = [
            {
                "objeto": code,
                "observacao": "",
                "imagens": [{"imagem": self._text(each.content), "comentario": each.remark} for each in drawn],
            }
            for code, drawn in there
            if drawn
        ]
        return JSONResponse(told) if told else self.post.refusal(request, 404, "Recibo não encontrado")

    async def signed(self, request: Request) -> Response:
        self.post.count("signed")
        refusal = self.post.check_request(request, released=self.post.contract.tracks)
        if refusal is not None:
            return refusal
        codes = [code for code in request.query_params.get("objetos", "").split(",") if code]
        if not 1 <= len(codes) <= _MOST_SIGNED:
            return self.post.refusal(request, 400, f"informe de 1 a {_MOST_SIGNED} objetos")
        told: list[dict[str, Any]] = [
            {
                "objeto": code,
                "dataBaixa": wall_clock(each.delivered_at),
                "contentType": "image/png",
                "imagemBase64": self._text(each.content),
            }
            for code in codes
            for each in self._visible_pictures(code, signed=True)
        ]
        return JSONResponse(told)

    def _visible_pictures(self, code: str, *, signed: bool) -> list[DrawnPicture]:
        package, now = self.post.packages.get(code), self.post.clock()
        found = delivery_pictures(package, now, signed=signed) if package else []
        return [each for each in found if each.shown_at <= now]

    def _text(self, content: bytes) -> str:
        text = base64.b64encode(content).decode()
        return f"{text[:-9]}*{text[-8:]}" if self.corrupt else text
