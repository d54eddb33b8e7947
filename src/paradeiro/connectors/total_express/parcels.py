"""In: an answer of Total Express (feed or single question); out: its parcels as written, or why it has none. Pure."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from paradeiro.connectors.total_express.codes import NO_CODE
from paradeiro.connectors.total_express.soap import Element, NotXmlError, read_xml
from paradeiro.domain.bounds import one_line
from paradeiro.domain.words import Outcome

LONGEST = 300
_LONGEST_CODE = 20
_MOST_DIGITS = 1e9
DONE = "1"
# Numbers of the feed; any other, and 3 (our XML is invalid), is unreadable.
PROCESSED: dict[str, tuple[Outcome, str]] = {
    "0": (Outcome.AUTH_FAILED, "the feed is not authorised for this user"),
    "2": (Outcome.RETRY, "the feed is not available"),
    "4": (Outcome.RETRY, "the feed failed"),
    "5": (Outcome.RETRY, "asked again within five minutes: does another system ask with the same user?"),
}
_CODE_OF_BAD_CREDENTIALS = 0


class Step(NamedTuple):
    """One status as written."""

    code: str
    words: str
    time: str


class Parcel(NamedTuple):
    """One parcel as written. `promised`: the days expected, the newest first."""

    awb: str
    order: str
    series: str
    invoice: str
    steps: list[Step]
    promised: tuple[str, ...] = ()


class NoParcelsError(ValueError):
    """An answer without parcels: its outcome, and why."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome


def parcels_of(body: bytes) -> list[Parcel]:
    """The parcels of an answer. Raises `NoParcelsError`."""
    return _of_xml(body) if body.lstrip()[:1] == b"<" else _of_json(body)


def _of_xml(body: bytes) -> list[Parcel]:
    try:
        root = read_xml(body)
    except NotXmlError as error:
        raise NoParcelsError(Outcome.MALFORMED, f"the answer is not whole XML: {error}") from None
    problem = feed_problem(root)
    if problem is not None:
        raise problem
    found = [_parcel_of_feed(each) for each in root.walk() if each.child("ArrayStatusTotal") is not None]
    if not found:
        raise NoParcelsError(Outcome.NOT_FOUND, "nothing new")
    return found


def feed_problem(root: Element) -> NoParcelsError | None:
    """Why an answer of the feed has no lots to read; None if it may have some (or is one)."""
    if root.child("ArrayEncomendaRetorno") is not None:
        return None
    by_name = {each.name: each for each in root.walk()}
    if "Fault" in by_name:
        words = text(by_name["Fault"].value("faultstring")) or "no words"
        return NoParcelsError(Outcome.RETRY, f"the feed failed: {words}")
    done = by_name.get("CodigoProc")
    if root.name != "Envelope" or done is None:
        return NoParcelsError(Outcome.MALFORMED, "the answer is a web page or another document, not the feed")
    if done.text == DONE:
        return None
    unread = (Outcome.MALFORMED, f"the feed answered CodigoProc {text(done.text) or 'empty'}")
    return NoParcelsError(*PROCESSED.get(done.text, unread))


def _parcel_of_feed(item: Element) -> Parcel:
    listed = item.child("ArrayStatusTotal")
    steps = [
        Step(_number(each.value("CodStatus")), text(each.value("DescStatus")), text(each.value("DataStatus")))
        for each in (listed.inside if listed else ())
    ]
    awb, order, series, number = (text(item.value(name)) for name in ("Awb", "Pedido", "SerieNotaFiscal", "NotaFiscal"))
    return Parcel(awb, order, series, number, steps)


def _of_json(body: bytes) -> list[Parcel]:
    try:
        said = msgspec.json.decode(_as_utf8(body))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise NoParcelsError(Outcome.MALFORMED, "the answer is not whole JSON") from None
    if isinstance(said, dict) and not _is_parcel(said) and "code" in said:
        raise _refusal(said)
    found = said.get("data", [said]) if isinstance(said, dict) else said
    found = [found] if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(isinstance(each, dict) and _is_parcel(each) for each in found):
        raise NoParcelsError(Outcome.MALFORMED, "the answer has no parcels")
    if not found:
        raise NoParcelsError(Outcome.NOT_FOUND, "no parcel of this number")
    return [_parcel_of_answer(each) for each in found]


def _as_utf8(body: bytes) -> bytes:
    """The older service writes ISO-8859-1."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return body.decode("latin-1").encode()
    return body


def _is_parcel(said: dict[str, Any]) -> bool:
    return isinstance(said.get("detalhes"), dict) or bool(text(said.get("awb")))


def _refusal(said: dict[str, Any]) -> NoParcelsError:
    """An error in a body: 0 are bad credentials; 400 may be the question or their system."""
    words = text(said.get("message")) or text(said.get("mensagem")) or "no words"
    refused = said["code"] in (_CODE_OF_BAD_CREDENTIALS, str(_CODE_OF_BAD_CREDENTIALS)) and said["code"] is not False
    return NoParcelsError(Outcome.AUTH_FAILED if refused else Outcome.MALFORMED, f"error {text(said['code'])}: {words}")


def _parcel_of_answer(item: dict[str, Any]) -> Parcel:
    details = item.get("detalhes")
    inside: dict[str, Any] = details if isinstance(details, dict) else {}
    listed = inside.get("statusDeEncomenda")
    if listed is not None and not isinstance(listed, list):
        raise NoParcelsError(Outcome.MALFORMED, "the statuses are no list")
    expected = inside.get("dataPrev")
    days: dict[str, Any] = expected if isinstance(expected, dict) else {}
    promised = tuple(text(days.get(name)) for name in ("PrevEntregaAtualizada", "PrevEntrega"))
    awb, order, number = (text(item.get(name)) for name in ("awb", "pedido", "nfiscal"))
    return Parcel(awb, order, "", number, list(_steps(listed or [])), promised)


def _steps(listed: list[Any]) -> Iterator[Step]:
    for each in listed:
        if not isinstance(each, dict):
            raise NoParcelsError(Outcome.MALFORMED, "a status that is none")
        code = _number(each.get("statusid", each.get("statusId")))
        yield Step(code, text(each.get("status")), text(each.get("data")))


def _number(value: object) -> str:
    """A code that arrives as a number or as a text: `1`, `"01"` and `1.0` are the same."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _MOST_DIGITS:
        value = int(value)
    said = text(value)[:_LONGEST_CODE]
    return ((said.lstrip("0") or "0") if said.isascii() and said.isdigit() else said) or NO_CODE


def text(value: object) -> str:
    """A text or a whole number on one line; empty for any other type."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    return one_line(value, LONGEST)
