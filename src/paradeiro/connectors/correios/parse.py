"""In: the bytes of a Correios answer, of any age and flavour; out: what each says about each tracking code. Pure."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from paradeiro.connectors.correios.codes import UNKNOWN, WRITE_OFFS, Meaning, meaning_of
from paradeiro.connectors.correios.place import foreign, place_of, street_of
from paradeiro.connectors.correios.soap import (
    NotXmlError,
    answer_within,
    fault_of,
    goal_of,
    has_letters_in_type,
    read_xml,
    single,
    unit_of,
)
from paradeiro.connectors.correios.text import clean, meaning_of_text, plain, slug
from paradeiro.connectors.correios.times import read_day, read_time
from paradeiro.domain.codes import tidy_code
from paradeiro.domain.days import until
from paradeiro.domain.records import Parsed, TrackingEvent
from paradeiro.domain.timeline import in_order
from paradeiro.domain.words import Outcome, ProofKind, Status

_DEEPEST = 60
# The gateway's own words for a token that is none, an API that the contract lacks, a door that is shut.
_NOT_ALLOWED = ("GTW-008", "FORBIDDEN", "NÃO LIBERADA", "NAO LIBERADA", "UNAUTHORIZED", "TOKEN")
_UNKNOWN_YET = ("SRO-020", "SRO-031", "NÃO ENCONTRADO", "NAO ENCONTRADO")
_REFUSED = ("SRO-019", "SRO-009", "SRO-018")
_PICKUP_TYPE = "LDI"
# The closed web service wrote this in place of a code where it refused user and password.
_NO_CODE = "ERRO"
# What goes to whoever sent it is returned. 79 is "delivered to the contract holder" in one list of Correios' and "no
# such posting" in a later one (facts, events.csv): the event's own words tell which.
_BACK, _BACK_NUMBER = "entregue ao remetente", "23"
_TO_CONTRACT_HOLDER, _DISPUTED = "entregue ao contratante", "79"
# Kinds of acknowledgement (tipoAr): digital, electronic, virtual. Of the others (N, C) the paper itself comes back.
_ELECTRONIC = "E"
_KEPT_AS_PICTURE = frozenset({"D", _ELECTRONIC, "V"})
_SAVED = re.compile(rb"\s{0,8}HTTP/\d(?:\.\d)? (\d{3})[^\n]*(?:\n[^\r\n][^\n]*)*(?:\r?\n)*")


class _UnreadableError(ValueError):
    """A part that cannot be read; its text names the field."""


def parse(body: bytes) -> list[Parsed]:
    """One `Parsed` per object in the answer. Whatever the bytes are, this returns; it never raises."""
    saved = _SAVED.match(body)
    return _read(body) if saved is None else _saved(int(saved[1]), body[saved.end() :])


def _read(body: bytes) -> list[Parsed]:
    if not body.strip():
        return [_malformed("", "the answer is empty")]
    if body.lstrip()[:1] == b"<":
        return _read_xml(body)
    try:
        answer = json.loads(body)
        if _depth(answer) > _DEEPEST:
            return [_malformed("", "the answer is nested too deeply")]
    except (ValueError, RecursionError):
        return [_malformed("", "the answer is not whole JSON")]
    return list(_objects(answer))


def _read_xml(body: bytes) -> list[Parsed]:
    """An answer of the closed web service as it came; anything else in XML or HTML is a page."""
    page = [_malformed("", "the answer is a web page, not JSON")]
    try:
        root = read_xml(body)
    except NotXmlError:
        return page
    if not isinstance(root, dict):
        return page
    if fault := fault_of(root):
        return [Parsed("", Outcome.RETRY, message=f"the service failed: {fault}")]
    found = answer_within(root)
    return list(_objects(found)) if found is not None else page


def _saved(status: int, body: bytes) -> list[Parsed]:
    """An answer that was saved with its status line and headers, as support people do."""
    if status == 429 or status >= 500:
        return [Parsed("", Outcome.RETRY, message=f"HTTP {status}: ask again later")]
    if status in {401, 403}:
        return [Parsed("", Outcome.AUTH_FAILED, message=f"HTTP {status}: the credentials were refused")]
    return _read(body)


def _depth(value: object) -> int:
    """How deep lists and objects are nested; json.loads bounds it already."""
    level, deepest = [value], 0
    while level:
        deepest += 1
        children: list[object] = []
        for each in level:
            if isinstance(each, dict):
                children += each.values()
            elif isinstance(each, list):
                children += each
        level = children
    return deepest


def _objects(answer: object) -> Iterator[Parsed]:
    """The objects of an answer: the whole answer, a list of objects, or one object by itself."""
    if isinstance(answer, list):
        found: object = answer
    elif isinstance(answer, dict):
        wrapped = None if _is_object(answer) else answer_within(answer)
        if wrapped is None and not _is_object(answer):
            yield _envelope(answer)
            return
        answer = wrapped or answer
        found = answer.get("objetos", answer.get("objeto", [answer]))
        # SOAP's heirs send a single item where others send a list (facts, failure 32).
        found = [found] if isinstance(found, dict) else found
    else:
        found = None
    if not isinstance(found, list):
        yield _malformed("", "'objetos' is not a list")
        return
    if not found:
        yield _malformed("", "'objetos' is empty: an answer about nothing is no answer")
    for each in found:
        yield _object(each)


def _is_object(answer: dict[str, Any]) -> bool:
    if "codObjeto" in answer or "eventos" in answer:
        return True
    return "numero" in answer and any(name in answer for name in ("evento", "categoria", "erro"))


def _envelope(answer: dict[str, Any]) -> Parsed:
    """The gateway's error form, or a shape that nobody knows."""
    said = answer.get("msgs") or answer.get("mensagem") or answer.get("msg") or answer.get("detail")
    words = "; ".join(str(part) for part in said) if isinstance(said, list) else str(said or "")
    if not words:
        return _malformed("", f"no 'objetos' in the answer; it has: {_names(answer) or 'nothing'}")
    if any(mark in words.upper() for mark in _NOT_ALLOWED):
        return Parsed("", Outcome.AUTH_FAILED, message=clean(words))
    return _said("", clean(words))


def _names(found: dict[str, Any]) -> str:
    """The names of an object's first fields. Cleaned: a message goes into a table, which takes no NUL."""
    return clean(", ".join(list(found)[:8]))


def _said(code: str, words: str) -> Parsed:
    """What a `mensagem` in place of events means."""
    loud = words.upper()
    if any(mark in loud for mark in _REFUSED):
        return Parsed(code, Outcome.REFUSED, message=words)
    if any(mark in loud for mark in _UNKNOWN_YET):
        return Parsed(code, Outcome.NOT_FOUND, message=words)
    return _malformed(code, f"an unknown message: {words}")


def _malformed(code: str, message: str) -> Parsed:
    return Parsed(code, Outcome.MALFORMED, message=message)


def _object(found: object) -> Parsed:
    """One object: its events, or why there are none."""
    if not isinstance(found, dict):
        return _malformed("", "an object that is none")
    found = single(found) if isinstance(found.get("numero"), list) else found
    named = found.get("codObjeto", found.get("numero", ""))
    code = tidy_code(clean(named))
    told = found.get("eventos", found.get("evento"))
    told = [told] if isinstance(told, dict) else told
    # An empty list with a message is a message: "of another contract" is not "nothing yet".
    if told is None or (told == [] and found.get("mensagem")):
        return _without_events(code, found)
    if not isinstance(told, list):
        return _malformed(code, "'eventos' is not a list")
    if not told:
        return Parsed(code, Outcome.NOT_FOUND, message="no events yet")
    try:
        events = in_order([_event(each) for each in told])
    except _UnreadableError as error:
        return _malformed(code, str(error))
    unknown = tuple(sorted({event.code for event in events if event.status is Status.UNKNOWN}))
    return Parsed(code, Outcome.FOUND, events, _estimate(found), unknown_codes=unknown, proofs=_proofs(found))


def _without_events(code: str, found: dict[str, Any]) -> Parsed:
    if code == _NO_CODE:
        return Parsed("", Outcome.AUTH_FAILED, message=clean(found.get("erro")) or "the service refused the question")
    said = found.get("mensagem") or found.get("erro")
    if not isinstance(said, str) and str(found.get("categoria", "")).startswith("ERRO"):
        said = found["categoria"]
    if isinstance(said, str) and said.strip():
        return _said(code, clean(said))
    if "numero" in found and found.get("categoria"):
        return Parsed(code, Outcome.NOT_FOUND, message="no events yet")
    return _malformed(code, f"neither 'eventos' nor 'mensagem'; it has: {_names(found)}")


def _estimate(found: dict[str, Any]) -> datetime | None:
    at = read_time(found.get("dtPrevista"))
    return until(at) if at else None


def _proofs(found: dict[str, Any]) -> frozenset[ProofKind]:
    """What the service that was bought leaves as proof (README, "Proof of delivery": the letters are inferred)."""
    service = found.get("servico")
    if not isinstance(service, dict):
        return frozenset()
    kind = clean(service.get("tipoAr")).upper()
    kinds = set()
    if kind in _KEPT_AS_PICTURE or (_yes(service.get("ar")) and not kind):
        kinds.add(ProofKind.SIGNED)
    if _yes(service.get("fotoFachada")) or kind == _ELECTRONIC:
        kinds.add(ProofKind.IMAGE)
    return frozenset(kinds)


def _yes(flag: object) -> bool:
    return flag is True or flag == 1 or clean(flag).upper() == "S"


def _event(told: object) -> TrackingEvent:
    """One event. Raises `_UnreadableError` when its date cannot be read: an event without an instant is none."""
    if not isinstance(told, dict):
        message = "an event that is none"
        raise _UnreadableError(message)
    told = single(told) if isinstance(told.get("tipo"), list) else told
    occurred_at = read_time(told.get("dtHrCriado"), told.get("data"), told.get("hora"), told.get("criacao"))
    if occurred_at is None:
        message = f"the date of an event cannot be read: {str(told.get('dtHrCriado', told.get('data')))[:60]!r}"
        raise _UnreadableError(message)
    description, detail = clean(told.get("descricao")), clean(told.get("detalhe"))
    code, meaning = _code(told, description, detail)
    unit = told.get("unidade") if isinstance(told.get("unidade"), dict) else unit_of(told)
    goal = told.get("unidadeDestino") if isinstance(told.get("unidadeDestino"), dict) else goal_of(told)
    pickup = code.startswith(_PICKUP_TYPE) or meaning.status is Status.AVAILABLE_FOR_PICKUP
    return TrackingEvent(
        occurred_at=occurred_at,
        code=code,
        status=meaning.status,
        reason=meaning.reason,
        place=place_of(unit),
        description=description,
        detail=detail,
        withdraws=meaning.withdraws,
        destination=place_of(goal) if goal is not None else None,
        pickup_deadline=_deadline(told),
        pickup_address=street_of(unit) if pickup else None,
        zone_assumed=foreign(unit),
    )


def _deadline(told: dict[str, Any]) -> date | None:
    return read_day(told.get("dtLimiteRetirada"))


def _code(told: dict[str, Any], description: str, detail: str) -> tuple[str, Meaning]:
    """The event's code and meaning. Text decides only where there is no code at all, and never for a delivery."""
    kind, number = told.get("codigo", told.get("type")), told.get("tipo")
    # The web service and the mobile flavour of 2015: letters in `tipo`, the number in `status`.
    if "status" in told and (kind is None or has_letters_in_type(told)):
        kind, number = told.get("tipo"), told.get("status")
    letters = clean(kind).upper()
    digits = _two_digits(number)
    if not letters:
        return f"TEXT/{slug(description)}", meaning_of_text(description)
    code = f"{letters[:8]}/{digits}" if digits else letters[:8]
    meaning = meaning_of(letters, digits) or UNKNOWN
    if letters in WRITE_OFFS and _went_back(digits, meaning, plain(f"{description} {detail}")):
        meaning = meaning_of(letters, _BACK_NUMBER) or UNKNOWN
    return code, meaning


def _went_back(digits: str, meaning: Meaning, words: str) -> bool:
    """Whether a write-off's words say that the sender has it. Seen with 01 too (facts, events.csv, note of BDE/01)."""
    ended = meaning.status is Status.DELIVERED
    return (ended and _BACK in words) or ((ended or digits == _DISPUTED) and _TO_CONTRACT_HOLDER in words)


def _two_digits(number: object) -> str:
    """`1`, `"1"`, `"01"` and `1.0` are all `01` (facts, failure 30)."""
    if isinstance(number, bool) or number is None:
        return ""
    if isinstance(number, float) and number.is_integer() and abs(number) < 1e6:
        number = int(number)
    text = clean(str(number))[:8].upper()
    return text.zfill(2) if text else ""
