"""In: the bytes of an answer of SSW; out: its documents with their lists of events, in any of the shapes seen."""

from typing import Any

import msgspec

from paradeiro.domain.bounds import one_line

LONGEST = 500


class UnreadableError(ValueError):
    """An answer that cannot be read; its text says why."""


def read_answer(body: bytes) -> dict[str, Any]:
    """The object of an answer; bytes that are no UTF-8 are read as latin-1. Raises `UnreadableError`."""
    try:
        said = _decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise UnreadableError("the answer is not whole JSON") from None
    if not isinstance(said, dict) or "success" not in said:
        raise UnreadableError("the answer is no object with 'success'")
    return said


def _decode(body: bytes) -> Any:
    try:
        body.decode()
    except UnicodeDecodeError:
        return msgspec.json.decode(body.decode("latin-1").encode())
    return msgspec.json.decode(body)


def text(value: object) -> str:
    """A text on one line; empty for any other type."""
    if not isinstance(value, str):
        return ""
    return one_line(value, LONGEST)


def is_yes(value: object) -> bool:
    """Whether `success` is set; the form flavour writes it as a text."""
    return value is True or text(value).lower() == "true"


def documents_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The documents: one object, a list of them, or the answer itself. Raises `UnreadableError` if there is none."""
    named = answer.get("documento", answer.get("documentos"))
    found = named if isinstance(named, list) else [answer if named is None else named]
    if not found or not all(isinstance(each, dict) and _tracking(each) is not None for each in found):
        raise UnreadableError("no document with a list of 'tracking'")
    return found


def number_of(document: dict[str, Any]) -> str:
    """The invoice's number in a document's header, without zeros before it; empty if it names none."""
    header = document.get("header")
    number = header.get("nro_nf") if isinstance(header, dict) else None
    return str(number).strip().replace(".", "").lstrip("0") if isinstance(number, str | int) else ""


def entries_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The events as written. Raises `UnreadableError` if one of them is none."""
    found = _tracking(document) or []
    if not all(isinstance(each, dict) for each in found):
        raise UnreadableError("an event that is none")
    return found


def _tracking(document: dict[str, Any]) -> list[Any] | None:
    found = document.get("tracking", document.get("items"))
    found = found.get("item") if isinstance(found, dict) else found
    found = [found] if isinstance(found, dict) else found
    return found if isinstance(found, list) else None
