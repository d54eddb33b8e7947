"""In: bytes; out: the XML document in them, read without DTD, entities and network, or why it is none. Pure."""

import re
from dataclasses import dataclass
from typing import TypeAlias

from lxml import etree

# An event names up to 2000 invoices of 44 characters.
LARGEST_DOCUMENT = 1024 * 1024
_DECLARATIONS = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
# Documents of the same archives that state no delivery.
_OTHERS = frozenset(
    {"nfeProc", "cteProc", "cteOSProc", "cteSimpProc", "NFe", "CTe", "resNFe", "resCTe", "resEvento", "resEventoCTe"}
)

Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml exports its element's type under no other name


class DocumentError(ValueError):
    """Why a document states nothing; the text is for people and names no person."""


class OtherDocumentError(DocumentError):
    """It is a document that never says anything of a delivery."""


@dataclass(frozen=True, slots=True)
class Family:
    """The names of the elements of one kind of document."""

    namespace: str
    root: str
    event: str
    registration: str
    key: str

    def tag(self, name: str) -> str:
        """The name as lxml writes it."""
        return f"{{{self.namespace}}}{name}"


CTE = Family("http://www.portalfiscal.inf.br/cte", "procEventoCTe", "eventoCTe", "retEventoCTe", "chCTe")
NFE = Family("http://www.portalfiscal.inf.br/nfe", "procEventoNFe", "evento", "retEvento", "chNFe")


def read_xml(body: bytes, largest: int = LARGEST_DOCUMENT) -> Element:
    """The root of a document. Raises `DocumentError`."""
    if len(body) > largest:
        message = f"it is larger than {largest} bytes"
        raise DocumentError(message)
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        message = "it is not UTF-8"
        raise DocumentError(message) from error
    if b"\x00" in body or _DECLARATIONS.search(body):
        message = "it has a DTD or is no text"
        raise DocumentError(message)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        message = "it is no whole XML"
        raise DocumentError(message) from error


def family_of(root: Element) -> Family:
    """Of which family an event with its registration is. Raises `DocumentError`."""
    found = next((family for family in (CTE, NFE) if root.tag == family.tag(family.root)), None)
    if found is not None:
        return found
    name = etree.QName(root).localname
    if name in _OTHERS and etree.QName(root).namespace in {CTE.namespace, NFE.namespace}:
        message = f"a document '{name}' says nothing of a delivery"
        raise OtherDocumentError(message)
    if name in {CTE.event, NFE.event}:
        message = "the event is without its registration by the tax authority (procEventoCTe, procEventoNFe)"
        raise DocumentError(message)
    message = f"'{name[:40]}' is no event of a CT-e or an NF-e"
    raise DocumentError(message)


def text_of(element: Element | None, path: str) -> str:
    """The text of an element below another; empty if there is none."""
    return (element.findtext(path) or "").strip() if element is not None else ""
