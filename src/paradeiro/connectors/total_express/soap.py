"""In: bytes of the feed (SOAP, ISO-8859-1); out: its elements, or the bytes of each of its lots. Pure.

No document type is read, so no entity is expanded and nothing is fetched.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

_DEEPEST = 40
_LOTS = "ArrayLoteRetorno"
_DECLARATION = re.compile(rb"\s*(<\?xml[^>]{0,200}\?>)")


class NotXmlError(ValueError):
    """The bytes are not whole XML, or XML that is refused."""


@dataclass(slots=True)
class Element:
    """One element: its name without prefix, its text, the elements in it, and where it stands in the bytes."""

    name: str
    start: int
    end: int = 0
    text: str = ""
    inside: list["Element"] = field(default_factory=list)

    def child(self, name: str) -> "Element | None":
        """The first element of this name in it."""
        return next((each for each in self.inside if each.name == name), None)

    def value(self, name: str) -> str:
        """The text of the first element of this name in it; empty without one."""
        found = self.child(name)
        return found.text if found else ""

    def walk(self) -> Iterator["Element"]:
        """It, and all elements below it."""
        yield self
        for each in self.inside:
            yield from each.walk()


def read_xml(body: bytes) -> Element:
    """The root element. Raises `NotXmlError`, also for a document type and for nesting too deep."""
    reader = _Reader(body)
    try:
        reader.parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise NotXmlError(str(error)) from None
    return reader.root


class _Reader:
    def __init__(self, body: bytes) -> None:
        self.root = Element("", 0)
        self._body = body
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = _refuse

    def _start(self, name: str, _: object) -> None:
        if len(self._open) >= _DEEPEST:
            raise NotXmlError("nested too deeply")
        element = Element(name.rpartition(":")[2], self.parser.CurrentByteIndex)
        if self._open:
            self._open[-1].inside.append(element)
        else:
            self.root = element
        self._open.append(element)
        self._texts.append([])

    def _text(self, data: str) -> None:
        if self._texts:
            self._texts[-1].append(data)

    def _end(self, _: str) -> None:
        element = self._open.pop()
        element.text = "".join(self._texts.pop()).strip()
        element.end = self._body.find(b">", self.parser.CurrentByteIndex) + 1


def _refuse(*_: object) -> None:
    raise NotXmlError("it has a document type")


def lots_of(body: bytes, root: Element) -> list[bytes]:
    """Each lot's own bytes, exactly as received, after the document's declaration, which names the encoding."""
    found = _DECLARATION.match(body)
    head = found[1] if found else b""
    lots = next((each for each in root.walk() if each.name == _LOTS), None)
    return [head + body[lot.start : lot.end] for lot in (lots.inside if lots else ())]
