"""In: an answer of Correios' closed web service (SOAP), saved as XML or as JSON made of it; out: plain JSON. Pure.

The service ended in 2023 (facts, section 2). Shops and integrators still have its answers: XML as received, or as a
library converted it, where one item is no list, every value a list of one, or every name has a prefix.
"""

import re
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

from paradeiro.connectors.correios.text import clean

_DEEPEST = 40
_OBJECTS = ("objeto", "objetos")
_LETTERS = re.compile(r"[A-Za-z]{2,3}", re.ASCII)


class NotXmlError(ValueError):
    """The bytes are not XML, or XML that is refused."""


def read_xml(body: bytes) -> object:
    """The document as JSON: names without prefix, text for leaves, a list for repeated names. Raises `NotXmlError`;
    also for a document type, whose entities may expand without limit.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    try:
        parser.Parse(body.lstrip(), True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise NotXmlError(str(error)) from error
    return reader.root


class _Reader:
    def __init__(self) -> None:
        self.root: object = {}
        self._open: list[tuple[dict[str, Any], list[str]]] = [({}, [])]

    def start(self, _: str, __: object) -> None:
        if len(self._open) > _DEEPEST:
            message = "nested too deeply"
            raise NotXmlError(message)
        self._open.append(({}, []))

    def text(self, data: str) -> None:
        self._open[-1][1].append(data)

    def end(self, name: str) -> None:
        inside, texts = self._open.pop()
        value: object = inside or "".join(texts).strip()
        above, name = self._open[-1][0], _local_name(name)
        if name not in above:
            above[name] = value
        else:
            known = above[name]
            above[name] = [*known, value] if isinstance(known, list) else [known, value]
        self.root = above

    @staticmethod
    def refuse(*_: object) -> None:
        message = "it has a document type"
        raise NotXmlError(message)


def _local_name(name: str) -> str:
    return name.rpartition(":")[2]


def answer_within(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """The object with the tracked objects, taken out of its wrappers (Envelope, Body, return); None if there is
    none.
    """
    level: list[object] = [answer]
    for _ in range(_DEEPEST):
        for each in level:
            if isinstance(each, dict) and any(name in each for name in _OBJECTS):
                return each
        below: list[object] = []
        for each in level:
            if isinstance(each, dict):
                below += each.values()
            elif isinstance(each, list):
                below += each
        level = below
    return None


def fault_of(answer: Mapping[str, Any]) -> str:
    """The message of a soap:Fault; empty if there is none."""
    level: list[object] = [answer]
    for _ in range(_DEEPEST):
        for each in level:
            if isinstance(each, dict) and each.get("faultstring"):
                return clean(each["faultstring"]) or "a fault without words"
        level = [value for each in level if isinstance(each, dict) for value in each.values()]
    return ""


def single(values: dict[str, Any]) -> dict[str, Any]:
    """The same with a value in place of each list of one text: some libraries turn every value into a list."""
    return {name: _single(value) for name, value in values.items()}


def _single(value: object) -> object:
    alone = isinstance(value, list) and len(value) == 1 and not isinstance(value[0], dict | list)
    return value[0] if alone and isinstance(value, list) else value


def has_letters_in_type(raw_event: Mapping[str, Any]) -> bool:
    """Whether an event has its letters in `tipo` and its number in `status`: `codigo` is then the unit's number."""
    kind = raw_event.get("tipo")
    return "status" in raw_event and isinstance(kind, str) and bool(_LETTERS.fullmatch(kind.strip()))


def unit_of(raw_event: Mapping[str, Any]) -> dict[str, Any] | None:
    """The unit of an event that has its place beside everything else, in the form of `unidade`; None if it has none."""
    if not any(raw_event.get(name) for name in ("local", "cidade", "uf")):
        return None
    address = raw_event.get("endereco")
    known = dict(address) if isinstance(address, dict) else {}
    if "localidade" in known:
        known.setdefault("cidade", known["localidade"])
    parts = {name: raw_event.get(name) for name in ("local", "cidade", "uf")}
    return parts | ({"endereco": known} if known else {})


def destination_of(raw_event: Mapping[str, Any]) -> dict[str, Any] | None:
    """Where an event sends the package, in the form of `unidadeDestino`: the first of `destino`."""
    found = raw_event.get("destino")
    first = found[0] if isinstance(found, list) and found else found
    return unit_of(first) if isinstance(first, dict) else None
