"""In: a cursor; out: the question to the distribution service, and what its answer says. SOAP 1.2. Pure.

Services: NFeDistribuicaoDFe 1.01 and CTeDistribuicaoDFe 1.00, question by NSU (README.md).
"""

import base64
import binascii
import re
import zlib
from dataclasses import dataclass, field

from paradeiro.connectors.nfe_cte.codes import TYPES
from paradeiro.connectors.nfe_cte.document import CTE, LARGEST_DOCUMENT, NFE, DocumentError, Element, Family, read_xml

_LARGEST_ANSWER = 32 * 1024 * 1024
# Fifty today. Each is unpacked to no more than an event may have.
_MOST_DOCUMENTS = 200
_NSU = re.compile(r"[0-9]{1,15}", re.ASCII)
_DIGITS = 15
_TYPE = re.compile(rb"<tpEvento>\s*([0-9]{6})\s*</tpEvento>")
_GZIP = 16 + zlib.MAX_WBITS
_TAX_NUMBER = re.compile(r"[0-9A-Z]{12}[0-9]{2}", re.ASCII)
_STATE = re.compile(r"[0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Service:
    """One distribution service."""

    family: Family
    name: str
    method: str
    parameter: str
    version: str
    production: str

    @property
    def space(self) -> str:
        return f"{self.family.namespace}/wsdl/{self.name}"

    @property
    def path(self) -> str:
        return f"/{self.name}/{self.name}.asmx"

    @property
    def content_type(self) -> str:
        return f'application/soap+xml; charset=utf-8; action="{self.space}/{self.method}"'


SERVICES = {
    "cte": Service(
        CTE, "CTeDistribuicaoDFe", "cteDistDFeInteresse", "cteDadosMsg", "1.00", "https://www1.cte.fazenda.gov.br"
    ),
    "nfe": Service(
        NFE, "NFeDistribuicaoDFe", "nfeDistDFeInteresse", "nfeDadosMsg", "1.01", "https://www1.nfe.fazenda.gov.br"
    ),
}


@dataclass(frozen=True, slots=True)
class Distributed:
    """What an answer says: `state` (cStat) with its words, the last NSU looked at and the highest there is. `events`:
    the documents of the kinds that we read; one that cannot be unpacked stays as it came.
    """

    state: str
    words: str
    last: str
    highest: str
    events: tuple[bytes, ...] = field(default=(), repr=False)


def plain_nsu(text: str) -> str:
    """An NSU in fifteen digits; empty for a text that is none."""
    text = text.strip()
    return text.rjust(_DIGITS, "0") if _NSU.fullmatch(text) else ""


def identity_problem(tax_number: str, state: str) -> str:
    """Why a question cannot be asked in this company's name; empty if it can."""
    if not _TAX_NUMBER.fullmatch(tax_number):
        return "tax_number is no CNPJ: 14 characters, as in the certificate"
    return "" if _STATE.fullmatch(state) else "state is no code of a state: two digits (35 for São Paulo)"


def question(service: Service, tax_number: str, state: str, nsu: str, *, is_test: bool) -> bytes:
    """The request for the documents after an NSU. Its parts were checked by `identity_problem` and `plain_nsu`."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><soap12:Envelope xmlns:soap12="http://www.w3.org/2003/05/soap-envelope">'
        f'<soap12:Body><{service.method} xmlns="{service.space}"><{service.parameter}>'
        f'<distDFeInt xmlns="{service.family.namespace}" versao="{service.version}">'
        f"<tpAmb>{2 if is_test else 1}</tpAmb><cUFAutor>{state}</cUFAutor>"
        f"<CNPJ>{tax_number}</CNPJ><distNSU><ultNSU>{nsu}</ultNSU></distNSU></distDFeInt>"
        f"</{service.parameter}></{service.method}></soap12:Body></soap12:Envelope>"
    ).encode()


def read_answer(body: bytes, service: Service) -> Distributed | None:
    """The answer; None for bytes that are none."""
    try:
        root = read_xml(body, _LARGEST_ANSWER)
    except DocumentError:
        return None
    tag = service.family.tag
    found = next(root.iter(tag("retDistDFeInt")), None)
    if found is None:
        return None
    texts = {name: (found.findtext(tag(name)) or "").strip() for name in ("cStat", "xMotivo", "ultNSU", "maxNSU")}
    packed = list(found.iter(tag("docZip")))
    if not texts["cStat"] or len(packed) > _MOST_DOCUMENTS:
        return None
    events = tuple(body for each in packed if (body := _event(each)))
    return Distributed(
        texts["cStat"], texts["xMotivo"][:300], plain_nsu(texts["ultNSU"]), plain_nsu(texts["maxNSU"]), events
    )


def _event(packed: Element) -> bytes:
    """A document of the kinds that we read; empty for any other: invoices and the rest are not ours to keep."""
    if not (packed.get("schema") or "").startswith("procEvento"):
        return b""
    text = (packed.text or "").strip()
    try:
        unpacker = zlib.decompressobj(_GZIP)
        body = unpacker.decompress(base64.b64decode(text, validate=True), LARGEST_DOCUMENT)
    except (binascii.Error, ValueError, zlib.error):
        return text.encode()[:LARGEST_DOCUMENT]
    if not unpacker.eof:
        return text.encode()[:LARGEST_DOCUMENT]
    kind = _TYPE.search(body)
    return body if kind is None or kind[1].decode() in TYPES else b""
