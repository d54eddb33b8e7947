"""In: what became visible of a carrier's packages; out: its occurrence files (OCOREN), versions 3.1 and 5.0.

A file names the sender's tax number, the series and the invoice's number, never a code. The codes are those of the
base table. Now and then a file comes twice, and a late one follows the files that it should have preceded.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier, WrittenFile
from paradeiro.simulator.scenario.ground_truth import Happening, Package

ZONE = ZoneInfo("America/Sao_Paulo")
CARRIER = "11222333000181"
NEXT_CARRIER = "44555666000181"
_EVERY = timedelta(hours=4)
_NAME = "TRANSPORTES EXEMPLO LTDA"
_TWICE, _LATE = 7, 5  # every so many files
_SAME_AGAIN = timedelta(minutes=50)
_OVERTAKEN = timedelta(hours=5)


class Occurrence(NamedTuple):
    """A code of the base table and a free text, which says what it wants; `redelivery` names the next carrier."""

    code: int
    text: str = ""
    redelivery: bool = False


VOCABULARY: dict[str, Occurrence] = {
    "accepted": Occurrence(0),
    "moved": Occurrence(95, "EMBARQUE AEREO"),
    "arrived": Occurrence(98),
    "handed_on": Occurrence(52, "ENTREGUE PARA REDESPACHO", redelivery=True),
    "absent": Occurrence(46, "AUSENTE, NOVA TENTATIVA"),
    "refused": Occurrence(9, "RECUSADO, MERCADORIA NAO FOI ENTREGUE"),
    "counter": Occurrence(29),
    "damaged": Occurrence(14),
    "lost": Occurrence(23),
    "returned": Occurrence(25, "ENTREGUE AO REMETENTE"),
    "delivered": Occurrence(1, "RECEBIDO SEM RESSALVA POR PESSOA EXEMPLO"),
    "paper": Occurrence(67, "COMPROVANTE DE ENTREGA DIGITALIZADO"),  # for statistics only
}
_Line = tuple[Package, Happening]


@dataclass(slots=True)
class Ocoren(SimulatedCarrier):
    """A carrier that writes files of a `version`, "3.1" or "5.0", every four hours, where there is something to say.

    `quirks`: files that come twice, files overtaken by later ones, lines ended by a full stop or stripped of blanks.
    """

    version: str = "3.1"
    quirks: bool = True

    name: ClassVar[str] = "ocoren"
    courier: ClassVar[str] = "Transportes Exemplo"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    known_by_key: ClassVar[bool] = True

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:  # noqa: ARG003 - transport documents are counted
        """The number of the transport document, which some records have."""
        return f"{12000 + number:012d}"

    def settings(self, url: str) -> dict[str, str]:  # noqa: ARG002 - nothing listens: the files are sent
        return {"table": "base", "carrier": "Transportes Exemplo"}

    def files(self, since: datetime, until: datetime) -> list[WrittenFile]:
        """In the order in which they arrive; each says what became visible since the one before it was written."""
        written = [each for times in self._runs(since, until) for each in self._copies(*times)]
        return sorted((f for f in written if since < f.at <= until), key=lambda f: f.at)

    def _runs(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Beginning and end of what a file covers; from a day before, since a file may arrive late."""
        hours = _EVERY.total_seconds()
        first = int((since - timedelta(days=1)).timestamp() // hours)
        last = int(until.timestamp() // hours)
        yield from pairwise(datetime.fromtimestamp(n * hours, tz=ZONE) for n in range(first, last + 1))

    def _copies(self, after: datetime, run: datetime) -> list[WrittenFile]:
        """The file of a run: once, twice, or late."""
        lines = self._lines(after, run)
        if not lines:
            return []
        number = int(run.timestamp() // _EVERY.total_seconds())
        content = self._content(lines, run, number)
        name = f"OCOREN_{run.astimezone(ZONE):%Y%m%d_%H%M}.txt"
        late = _OVERTAKEN if self.quirks and number % _LATE == 0 else timedelta(0)
        told = [WrittenFile(run + late, name, content)]
        if self.quirks and number % _TWICE == 0:
            told.append(WrittenFile(run + late + _SAME_AGAIN, name, content))
        return told

    def _lines(self, after: datetime, run: datetime) -> list[_Line]:
        """What became visible between two runs, by invoice."""
        told = [
            (package, each)
            for package in self.packages
            for each in package.visible(run)
            if each.visible_at > after and each.code in VOCABULARY
        ]
        return sorted(told, key=lambda line: (line[0].code, line[1].happened_at))

    def _content(self, lines: list[_Line], run: datetime, number: int) -> bytes:
        width = 120 if self.version == "3.1" else 250
        records = _version_3(lines, run) if self.version == "3.1" else _version_5(lines, run)
        return b"".join(_ended(record, width, number if self.quirks else 1) for record in records)


def _ended(record: str, width: int, number: int) -> bytes:
    """Latin-1 with CR LF; some writers put a full stop in the last column, some strip the blanks."""
    line = record.ljust(width)
    if number % 4 == 0:
        line = line[:-1] + "."
    elif number % 4 == 2:
        line = line.rstrip()
    return f"{line}\r\n".encode("latin-1")


def _version_3(lines: list[_Line], run: datetime) -> Iterator[str]:
    """The number has eight digits: longer ones lose their first."""
    stamp = run.astimezone(ZONE)
    yield _header(stamp, f"OCO{stamp:%d%m%H%M}1")
    yield f"340OCORR{stamp:%d%m%H%M}1"
    yield f"341{CARRIER}{_NAME:<40}"
    for package, happening in lines:
        said = VOCABULARY[happening.code]
        number = package.code[26:34]
        yield f"342{_issuer(package)}{number}{said.code:02d}{_moment(happening)}{'':2}{said.text:<70}"
        if said.redelivery:
            yield f"343{NEXT_CARRIER}{'POA':<10}{'1':<5}{package.own_number:0>12.12}"


def _version_5(lines: list[_Line], run: datetime) -> Iterator[str]:
    stamp = run.astimezone(ZONE)
    yield _header(stamp, f"OCO50{stamp:%d%m}{stamp.hour:03d}")
    yield f"540OCORR{stamp:%d%m%H%M}1"
    yield f"541{CARRIER}{_NAME:<50}"
    for package, happening in lines:
        yield from _occurrence_5(package, happening)
    yield f"549{len(lines):04d}"


def _occurrence_5(package: Package, happening: Happening) -> Iterator[str]:
    said = VOCABULARY[happening.code]
    document = f"{'CTB':<10}{'1':<5}{package.own_number:0>12.12}1"
    load = f"{'ROM 77':<20}{'':60}"
    returned = f"{'0' * 14}{'':3}{'0' * 9}"
    what = f"{package.code[25:34]}{said.code:03d}{_moment(happening)}{'':2}"
    yield f"542{_issuer(package)}{what}{load}{document}{'':10}{'0' * 48}{returned}"
    if said.text:
        yield f"543{said.text:<70}"
    if said.redelivery:
        yield f"545{CARRIER}{NEXT_CARRIER}{'POA':<10}{'1':<5}{package.own_number:0>12.12}"


def _header(stamp: datetime, interchange: str) -> str:
    return f"000{'TRANSPORTES EXEMPLO':<35}{'LOJA EXEMPLO COMÉRCIO LTDA':<35}{stamp:%d%m%y%H%M}{interchange:<12}"


def _issuer(package: Package) -> str:
    """Tax number and series (as text, without the leading zeros)."""
    return f"{package.code[6:20]}{re.sub('^0+(?=.)', '', package.code[22:25]):<3}"


def _moment(happening: Happening) -> str:
    """Local date and time, to the minute; an administrative note has no time."""
    at = happening.happened_at.astimezone(ZONE)
    return f"{at:%d%m%Y}" + ("0000" if happening.code == "paper" else f"{at:%H%M}")
