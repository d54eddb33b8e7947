"""In: the bytes of an answer of Brudam; out: its documents, each in its own bytes, in any of the wrappings seen."""

import base64
import binascii
from typing import Any

import msgspec

from paradeiro.domain.bounds import one_line

LONGEST = 500
_LISTS = ("data", "dados", "conteudo", "tracking")
_EVENTS = ("dados", "ocorrencias", "tracking")
_KEYS = ("documento", "chave")
_DEEPEST = 4


class UnreadableError(ValueError):
    """An answer that cannot be read; its text says why."""


def text(value: object) -> str:
    """A text or a number on one line; empty for any other type."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)[:LONGEST]
    if not isinstance(value, str):
        return ""
    return one_line(value, LONGEST)


def slices_of(body: bytes) -> list[bytes] | None:
    """The bytes of each document in an answer; None if it holds no list of documents and is none itself. Bytes that are
    no UTF-8 are read as latin-1. Raises `UnreadableError`.
    """
    try:
        return _slices(_as_utf8(body).strip(), 0)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise UnreadableError("the answer is not whole JSON") from None


def _slices(raw: bytes, depth: int) -> list[bytes] | None:
    if depth > _DEEPEST:
        return None
    match raw[:1]:
        case b"[":
            return [bytes(each) for each in msgspec.json.decode(raw, type=list[msgspec.Raw])]
        case b"{":
            return _within(raw, depth)
        case _:
            inner = _unwrapped(raw)
            return None if inner is None else _slices(inner, depth + 1)


def _within(raw: bytes, depth: int) -> list[bytes] | None:
    """The documents in an object: the object itself if it names a document, else those of its list."""
    fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    if any(name in fields for name in _KEYS):
        return [raw]
    for name in _LISTS:
        inner = bytes(fields.get(name, b""))
        if inner[:1] in {b"[", b"{", b'"'}:
            return _slices(inner, depth + 1)
    return None


def _unwrapped(raw: bytes) -> bytes | None:
    """JSON that was wrapped in base64, with or without quotes; None for anything else."""
    try:
        wrapped = msgspec.json.decode(raw, type=str) if raw[:1] == b'"' else raw.decode()
        inner = _as_utf8(base64.b64decode(wrapped, validate=True)).strip()
    except binascii.Error:
        inner = b""
    if inner[:1] in {b"[", b"{"}:
        return inner
    if raw[:1] != b'"':
        msgspec.json.decode(raw)  # no JSON at all: says so
    return None


def _as_utf8(body: bytes) -> bytes:
    try:
        body.decode()
    except UnicodeDecodeError:
        return body.decode("latin-1").encode()
    return body


def read_document(raw: bytes) -> dict[str, Any]:
    """A document. Raises `UnreadableError`."""
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise UnreadableError("the answer is not whole JSON") from None
    if not isinstance(found, dict):
        raise UnreadableError("a document that is none")
    return found


def key_of(document: dict[str, Any]) -> str:
    """What a document is named by: the key of its invoice, if it was asked by key."""
    return next((found for name in _KEYS if (found := text(document.get(name)).upper())), "")


def entries_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The events as written. Raises `UnreadableError` if there is no list of them."""
    for name in _EVENTS:
        found = document.get(name)
        if isinstance(found, str) and found:
            found = _wrapped_list(found)
        if isinstance(found, list):
            if not all(isinstance(each, dict) for each in found):
                raise UnreadableError("an event that is none")
            return found
    raise UnreadableError("a document without a list of 'dados'")


def _wrapped_list(wrapped: str) -> object:
    try:
        return msgspec.json.decode(_as_utf8(base64.b64decode(wrapped, validate=True)))
    except (binascii.Error, msgspec.MsgspecError, ValueError, RecursionError):
        return None


def first_text(names: tuple[str, ...], *sources: dict[str, Any]) -> str:
    """The first of these fields that has a text."""
    return next((found for source in sources for name in names if (found := text(source.get(name)))), "")
