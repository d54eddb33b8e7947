"""In: questions to J&T Express Brasil by waybill; out: its scans, newest first, and signed pushes of the same shape.

A scan's kind is Portuguese words, spelt in several ways. One happening gives two scans in the same second.
"""

import base64
import json
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import md5, sha256
from random import Random
from typing import Any, ClassVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.simulated_carrier import SentPush, SimulatedCarrier
from paradeiro.simulator.scenario.ground_truth import Happening, Package

ZONE = ZoneInfo("America/Sao_Paulo")
_MOST_CODES = 30
_PUSHED_AFTER = timedelta(seconds=15)
_AGAIN_AFTER = timedelta(seconds=50)
_BASE = "/webopenplatformapi"

# The scans of each happening, in the order in which they are made, and a problem's kind.
VOCABULARY: dict[str, tuple[tuple[str, ...], str]] = {
    "accepted": (("Coleta de encomenda",), ""),
    "moved": (("Digitalização de carregamento", "Bipe de expedição"), ""),
    "arrived": (("Digitalização de descarga", "Bipe de recebimento"), ""),
    "out": (("Bipe de saída para entrega",), ""),
    "damaged": (("Bipe de pacote problemático",), "Encomenda avariada"),
    "lost": (("Bipe de pacote problemático",), "Encomenda não localizada"),
    "delivered": (("Assinatura de encomenda",), ""),
}
_ERRORS = {
    "145003010": "API account does not exist",
    "145003030": "headers signature verification failed",
    "145003050": "Illegal parameters",
    "145003051": "apiAccount is empty!",
    "145003052": "digest is empty!",
    "145003053": "timestamp is empty!",
}


@dataclass(slots=True)
class JtExpress(SimulatedCarrier):
    """`newest_first`: the order of the scans; `double_scans`: whether it tells both scans of one happening, as it does
    in reality.
    """

    api_account: str = "100000000000000017"
    private_key: str = "chave-da-loja"
    newest_first: bool = True
    double_scans: bool = False

    name: ClassVar[str] = "jt_express"
    courier: ClassVar[str] = "J&T Express"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    events_field: ClassVar[str] = "details"
    secret_fields: ClassVar[tuple[str, ...]] = ("private_key",)

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:  # noqa: ARG003 - waybills are counted
        return f"888{number:012d}"

    def app(self) -> Starlette:
        return Starlette(routes=[Route(f"{_BASE}/api/logistics/trace", self.trace, methods=["POST"])])

    def settings(self, url: str) -> dict[str, str]:
        return {"base_url": url, "api_account": self.api_account, "private_key": self.private_key}

    async def trace(self, request: Request) -> Response:
        """Always status 200; `code` "1" is success. A waybill that it does not know is left out."""
        async with request.form() as form:
            content = str(form.get("bizContent") or "")
        codes = _bill_codes(content)
        self.count("trace", *(codes or []))
        error = self._error(request, content)
        if error is None and (codes is None or not 0 < len(codes) <= _MOST_CODES):
            error = "145003050"
        if error is not None:
            return JSONResponse({"code": error, "msg": _ERRORS[error], "data": None})
        now = self.clock()
        known = [p for p in self.packages if codes and p.code in codes]
        told = [self._told(p, p.visible(now)) for p in known if any(h.happened_at <= now for h in p.happenings)]
        return JSONResponse({"code": "1", "msg": "success", "data": told})

    def _error(self, request: Request, content: str) -> str | None:
        """The number of what is wrong with the headers."""
        for header, error in (("apiaccount", "145003051"), ("digest", "145003052"), ("timestamp", "145003053")):
            if not request.headers.get(header):
                return error
        if request.headers["apiaccount"] != self.api_account:
            return "145003010"
        if not request.headers["timestamp"].isdecimal() or len(request.headers["timestamp"]) != 13:
            return "145003050"
        return None if request.headers["digest"] == digest(content, self.private_key) else "145003030"

    def _told(self, package: Package, shown: list[Happening]) -> dict[str, Any]:
        scans = [scan for happening in shown for scan in self._scans(package, happening)]
        return {"billCode": package.code, "details": scans[::-1] if self.newest_first else scans}

    def _scans(self, package: Package, happening: Happening) -> list[dict[str, Any]]:
        """What a machine scanned, and now and then a hand again."""
        kinds, problem = VOCABULARY[happening.code]
        place = f"{happening.state} {happening.city}".strip()
        told = [
            {
                "scanTime": f"{happening.happened_at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}",
                "scanTypeName": kind,
                "scanType": _spelt(kind, package.code + happening.code),
                "desc": _description(happening, place),
                "scanNetworkName": place,
                **({"problemType": problem, "remark": problem} if problem else {}),
            }
            for kind in (kinds if self.double_scans else kinds[-1:])
        ]
        again = self.double_scans and _chance(package.code + happening.code) % 7 == 0
        return told + [dict(each) for each in told[:1] if again and happening.code in {"moved", "arrived"}]

    def pushes(self, since: datetime, until: datetime, secret: str) -> list[SentPush]:
        """One happening's scans each, signed with the private key `secret`. The answer has to be its own body."""
        told = []
        for package in self.packages:
            for happening in package.happenings:
                if since < happening.visible_at <= until:
                    content = json.dumps(self._told(package, [happening]), ensure_ascii=False)
                    at = happening.visible_at + _PUSHED_AFTER
                    copies = 1 + (_chance(package.code + happening.code + "push") % 6 == 0)
                    told += [self._push(content, at + n * _AGAIN_AFTER, secret) for n in range(copies)]
        return sorted(told, key=lambda push: push.at)

    def _push(self, content: str, at: datetime, secret: str) -> SentPush:
        headers = {
            "apiAccount": self.api_account,
            "digest": digest(content, secret),
            "timestamp": str(int(at.timestamp() * 1000)),
            "content-type": "application/x-www-form-urlencoded",
        }
        return SentPush(at, headers, urlencode({"bizContent": content}).encode())


def digest(content: str, key: str) -> str:
    """The proof of a request or of a push."""
    return base64.b64encode(md5((content + key).encode(), usedforsecurity=False).digest()).decode()


def _bill_codes(content: str) -> list[str] | None:
    try:
        asked = json.loads(content)
        return [each.strip() for each in str(asked["billCodes"]).split(",") if each.strip()]
    except (ValueError, KeyError, TypeError):
        return None


def _chance(text: str) -> int:
    return sha256(text.encode()).digest()[0]


def _spelt(kind: str, seed: str) -> str:
    """As it is, in capitals, without accents, or with a full stop."""
    plain = "".join(c for c in unicodedata.normalize("NFD", kind) if not unicodedata.combining(c))
    return (kind, kind.upper(), plain.lower(), f"{plain}.")[_chance(seed) % 4]


def _description(happening: Happening, place: str) -> str:
    """For people; the words of a depot's receipt sound like a delivery."""
    if happening.code == "arrived":
        return f"Encomenda entregue na base {place}"
    return f"{VOCABULARY[happening.code][0][-1]} - {place}"
