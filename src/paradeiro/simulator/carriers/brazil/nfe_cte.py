"""In: what became visible of a carrier's packages; out: the fiscal events of delivery, signed, as files.

The carrier's events belong to its transport document (CT-e) and list invoices; the sender's belong to the invoice
(NF-e). A withdrawal names the protocol of what it withdraws. Certificates are made up, of an authority made up too.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha1, sha256
from random import Random
from typing import Any, ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from paradeiro.simulator.carriers.brazil.fiscal_signature import Authority, signed
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier, WrittenFile
from paradeiro.simulator.scenario.ground_truth import Happening, Package

ZONE = ZoneInfo("America/Sao_Paulo")
CARRIER = "11222333000181"
PICTURE = b"a picture of a signed receipt"
_SPACE = "http://www.portalfiscal.inf.br/"
_WRITTEN_AFTER, _AGAIN_AFTER = timedelta(minutes=1), timedelta(hours=2)


class Kind(NamedTuple):
    """An event: its numbers at a CT-e and at an NF-e, and the reason of a failed delivery."""

    cte: str
    nfe: str
    reason: str = ""


VOCABULARY: dict[str, Kind] = {
    "absent": Kind("110190", "110192", "1"),
    "refused": Kind("110190", "110192", "2"),
    "delivered": Kind("110180", "110130"),
    "taken_back": Kind("110181", "110131"),
}
_WORDS = {
    "110180": ("Comprovante de Entrega do CT-e", "evCECTe"),
    "110181": ("Cancelamento do Comprovante de Entrega do CT-e", "evCancCECTe"),
    "110190": ("Insucesso na Entrega do CT-e", "evIECTe"),
    "110130": ("Comprovante de Entrega da NF-e", ""),
    "110131": ("Cancelamento Comprovante de Entrega da NF-e", ""),
    "110192": ("Insucesso na Entrega da NF-e", ""),
}


class _Event(NamedTuple):
    """One event of a package: its number, which of its kind it is, its protocol, and that of the one it withdraws."""

    number: str
    sequence: int
    protocol: str
    withdraws: str
    happening: Happening


@dataclass(slots=True)
class NfeCte(SimulatedCarrier):
    """`by_issuer`: whether the sender of the goods writes the events, of its invoices, instead of the carrier.

    `forged`: whether each file is followed by a copy whose times were changed after it was signed.
    """

    by_issuer: bool = False
    forged: bool = False
    authority: Authority = field(default_factory=Authority)

    name: ClassVar[str] = "nfe_cte"
    courier: ClassVar[str] = "Transportes Fiscais Exemplo"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    known_by_key: ClassVar[bool] = True

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:  # noqa: ARG003 - it follows from the number
        """The key of the transport document."""
        return with_check_digit(f"352603{CARRIER}57001{number:09d}1{number:08d}")

    def settings(self, url: str) -> dict[str, str]:  # noqa: ARG002 - nothing listens: the files are sent
        return {"ca_bundle": self.authority.certificate, "environment": "test"}

    def files(self, since: datetime, until: datetime) -> list[WrittenFile]:
        """An event is one file; now and then it comes twice."""
        written: list[WrittenFile] = []
        for package in self.packages:
            for event in _events(package, "nfe" if self.by_issuer else "cte"):
                if since < event.happening.visible_at <= until:
                    written += self._copies(package, event)
        return sorted(written, key=lambda file: file.at)

    def _copies(self, package: Package, event: _Event) -> Iterator[WrittenFile]:
        document = "nfe" if self.by_issuer else "cte"
        key = package.code if self.by_issuer else package.own_number
        at = event.happening.visible_at + _WRITTEN_AFTER
        name = f"{event.number}-{key}-{event.sequence}-procEvento{'NFe' if self.by_issuer else 'CTe'}.xml"
        content = self._content(package, event, document, key)
        yield WrittenFile(at, name, content)
        if sha256(name.encode()).digest()[0] % 6 == 0:
            yield WrittenFile(at + _AGAIN_AFTER, name, content)
        if self.forged:
            for when in (event.happening.happened_at, event.happening.visible_at):
                content = content.replace(_time(when).encode(), _time(when + timedelta(days=1)).encode())
            yield WrittenFile(at, f"copia-{name}", content)

    def _content(self, package: Package, event: _Event, document: str, key: str) -> bytes:
        """The event, its signature, and the authority's answer, which has the protocol."""
        author = package.code[6:20] if self.by_issuer else CARRIER
        space, version = _SPACE + document, "1.00" if self.by_issuer else "4.00"
        root, ch, suffix = ("evento", "chNFe", "NFe") if self.by_issuer else ("eventoCTe", "chCTe", "CTe")
        organ = "91" if self.by_issuer else key[:2]
        sequence = f"{event.sequence:02d}" if self.by_issuer else f"{event.sequence:03d}"
        detail = _nfe_detail(event) if self.by_issuer else _cte_detail(package, event)
        named = {
            "cOrgao": organ,
            "tpAmb": "2",
            "CNPJ": author,
            ch: key,
            "dhEvento": _time(event.happening.visible_at),
            "tpEvento": event.number,
            "nSeqEvento": str(event.sequence),
            **({"verEvento": version} if self.by_issuer else {}),
        }
        identity = f"ID{event.number}{key}{sequence}"
        signature, inside = signed(space, identity, _tags(named) + detail, self.authority.signer(author))
        answer = _tags(
            {
                "tpAmb": "2",
                "verAplic": "SVRS",
                "cOrgao": organ,
                "cStat": "135",
                "xMotivo": f"Evento registrado e vinculado a {suffix[:2]}-e",
                ch: key,
                "tpEvento": event.number,
                "nSeqEvento": str(event.sequence),
                "dhRegEvento": _time(event.happening.visible_at),
                "nProt": event.protocol,
            }
        )
        back = "retEvento" if self.by_issuer else "retEventoCTe"
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><procEvento{suffix} xmlns="{space}" versao="{version}">'
            f'<{root} xmlns="{space}" versao="{version}">{inside}{signature}</{root}>'
            f'<{back} versao="{version}"><infEvento>{answer}</infEvento></{back}></procEvento{suffix}>'
        ).encode()


def _events(package: Package, document: str) -> Iterator[_Event]:
    """All events of a package's life, counted within each kind."""
    counted: dict[str, int] = {}
    last = ""
    for index, happening in enumerate(sorted(package.happenings, key=lambda h: h.happened_at)):
        if happening.code in VOCABULARY:
            number = getattr(VOCABULARY[happening.code], document)
            counted[number] = counted.get(number, 0) + 1
            protocol = f"33526{int(package.code[25:34]) % 10**7:07d}{index:03d}"
            yield _Event(number, counted[number], protocol, last, happening)
            last = protocol if happening.code == "delivered" else last


def _cte_detail(package: Package, event: _Event) -> str:
    """With the invoices of the transport document: the shop's, and one of another sender."""
    words, root = _WORDS[event.number]
    at = _time(event.happening.happened_at)
    document = f"335260{int(package.code[25:34]):09d}"
    told: dict[str, Any] = {"descEvento": words, "nProt": document}
    if event.happening.code == "taken_back":
        told["nProtCE"] = event.withdraws
    elif event.happening.code == "delivered":
        mark = base64.b64encode(sha1(package.own_number.encode() + base64.b64encode(PICTURE)).digest()).decode()  # noqa: S324 - as the tax authority asks
        told |= {"dhEntrega": at, "nDoc": "000000000", "xNome": "PESSOA EXEMPLO"}
        told |= {"latitude": "-8.047600", "longitude": "-34.877000", "hashEntrega": mark, "dhHashEntrega": at}
    else:
        told |= {"dhTentativaEntrega": at, "nTentativa": f"{event.sequence:03d}"}
        told["tpMotivo"] = VOCABULARY[event.happening.code].reason
    other = with_check_digit(f"352603{'55666777000188'}55001{package.code[25:34]}1{package.code[35:43]}")
    keys = "" if "nProtCE" in told else _delivered([package.code, other])
    return f'<detEvento versaoEvento="4.00"><{root}>{_tags(told)}{keys}</{root}></detEvento>'


def _nfe_detail(event: _Event) -> str:
    at = _time(event.happening.happened_at)
    told = {"descEvento": _WORDS[event.number][0], "cOrgaoAutor": "35"}
    mark = base64.b64encode(sha1(event.protocol.encode() + base64.b64encode(PICTURE)).digest()).decode()  # noqa: S324 - as the tax authority asks
    if event.happening.code == "taken_back":
        told |= {"tpAutor": "1", "verAplic": "1.0", "nProtEvento": event.withdraws}
    elif event.happening.code == "delivered":
        told |= {"tpAutor": "1", "verAplic": "1.0", "dhEntrega": at, "nDoc": "000000000", "xNome": "PESSOA EXEMPLO"}
        told |= {"hashComprovante": mark, "dhHashComprovante": at}
    else:
        told |= {"verAplic": "1.0", "dhTentativaEntrega": at, "nTentativa": str(event.sequence)}
        told |= {"tpMotivo": VOCABULARY[event.happening.code].reason, "hashTentativaEntrega": mark}
    return f'<detEvento versao="1.00">{_tags(told)}</detEvento>'


def _delivered(keys: list[str]) -> str:
    return "".join(f"<infEntrega><chNFe>{key}</chNFe></infEntrega>" for key in keys)


def _tags(values: dict[str, Any]) -> str:
    return "".join(f"<{name}>{value}</{name}>" for name, value in values.items())


def _time(at: datetime) -> str:
    """With Brasília's offset."""
    return at.astimezone(ZONE).isoformat(timespec="seconds")


def with_check_digit(start: str) -> str:
    """A key of 44 characters, of its first 43: the weights 2 to 9 from the right, modulo 11."""
    total = sum((ord(c) - 48) * (2 + index % 8) for index, c in enumerate(reversed(start)))
    rest = total % 11
    return f"{start}{0 if rest < 2 else 11 - rest}"
