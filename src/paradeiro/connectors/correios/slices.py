"""In: an answer about many tracking codes; out: each code's own bytes, exactly as received, with their outcome."""

from collections.abc import Iterable

import msgspec

from paradeiro.connectors.correios.parse import parse
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import Answer

_OTHER_CONTRACT = "SRO-009"


class _Root(msgspec.Struct):
    """An answer's root, its objects as raw bytes."""

    objetos: list[msgspec.Raw] | None = None


class _Object(msgspec.Struct):
    """Of an object, only what decides its outcome."""

    codObjeto: str | None = None  # noqa: N815 - Correios' name
    eventos: list[msgspec.Raw] | None = None


class _Name(msgspec.Struct):
    codObjeto: str | None = None  # noqa: N815 - Correios' name


def slice_answer(body: bytes, status: int) -> dict[str, Answer] | None:
    """One answer per code that the body names; empty if it has no objects, None if it cannot be read at all."""
    try:
        raws = msgspec.json.decode(body, type=_Root).objetos or []
        return _by_code(_slice(raw, status) for raw in raws)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _by_code(answers: Iterable[Answer]) -> dict[str, Answer]:
    """One answer per code. Of an object listed twice the one with events counts, then the longer one."""
    found: dict[str, Answer] = {}
    for answer in answers:
        known = found.setdefault(answer.tracking_code, answer)
        found[answer.tracking_code] = max(known, answer, key=lambda a: (a.outcome is Outcome.FOUND, len(a.body)))
    return found


def _code_of(body: bytes) -> str | None:
    """The code of an invalid object. One without a code does not affect the rest of its batch."""
    try:
        return msgspec.json.decode(body, type=_Name).codObjeto
    except msgspec.ValidationError:
        return None


def _slice(raw: msgspec.Raw, status: int) -> Answer:
    """One object's answer. Whether its events can be read is decided when they are recorded."""
    body = bytes(raw)
    try:
        found = msgspec.json.decode(body, type=_Object)
    except msgspec.ValidationError:
        found = _Object(_code_of(body))
    code = (found.codObjeto or "").upper()
    if found.eventos:
        return Answer(code, Outcome.FOUND, body, "", status)
    parsed = parse(body)[0]
    return Answer(code, parsed.outcome, body, parsed.message, status, in_vain=_OTHER_CONTRACT in parsed.message)
