"""In: the bytes of a Correios answer, of any age and format; out: the parsed answer for each tracking code. Pure."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from paradeiro.connectors.correios.codes import UNKNOWN, WRITE_OFFS, Meaning, meaning_of
from paradeiro.connectors.correios.place import is_foreign, place_of, street_of
from paradeiro.connectors.correios.soap import (
    NotXmlError,
    answer_within,
    destination_of,
    fault_of,
    has_letters_in_type,
    read_xml,
    single,
    unit_of,
)
from paradeiro.connectors.correios.text import clean, meaning_of_text, plain, slug
from paradeiro.connectors.correios.times import read_day, read_time
from paradeiro.domain.days import end_of_estimate
from paradeiro.domain.following.timeline import sort_events, unknown_codes
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome, ProofKind, Status

_DEEPEST = 60
# The gateway's messages for an invalid token, an API that the contract lacks, a forbidden request.
_NOT_ALLOWED = ("GTW-008", "FORBIDDEN", "NÃO LIBERADA", "NAO LIBERADA", "UNAUTHORIZED", "TOKEN")
_UNKNOWN_YET = ("SRO-020", "SRO-031", "NÃO ENCONTRADO", "NAO ENCONTRADO")
_REFUSED = ("SRO-019", "SRO-009", "SRO-018")
_PICKUP_TYPE = "LDI"
# The closed web service wrote this in place of a code where it refused user and password.
_NO_CODE = "ERRO"
# A delivery to the sender is a return. 79 is "delivered to the contract holder" in one list of Correios' and "no
# such posting" in a later one (facts, events.csv): the event's own text decides.
_BACK, _BACK_NUMBER = "entregue ao remetente", "23"
_TO_CONTRACT_HOLDER, _DISPUTED = "entregue ao contratante", "79"
# Kinds of acknowledgement (tipoAr): digital, electronic, virtual. For the others (N, C) the paper form is sent back.
_ELECTRONIC = "E"
_KEPT_AS_PICTURE = frozenset({"D", _ELECTRONIC, "V"})
_SAVED_HTTP = re.compile(rb"\s{0,8}HTTP/\d(?:\.\d)? (\d{3})[^\n]*(?:\n[^\r\n][^\n]*)*(?:\r?\n)*")


class _UnreadableError(ValueError):
    """A part that cannot be read; its text names the field."""


def parse(body: bytes) -> list[ParsedAnswer]:
    """One `ParsedAnswer` per object in the answer. Never raises, whatever the bytes are."""
    saved = _SAVED_HTTP.match(body)
    return _read(body) if saved is None else _read_saved_answer(int(saved[1]), body[saved.end() :])


def _read(body: bytes) -> list[ParsedAnswer]:
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


def _read_xml(body: bytes) -> list[ParsedAnswer]:
    """An answer of the closed web service as received; any other XML or HTML is a web page."""
    page = [_malformed("", "the answer is a web page, not JSON")]
    try:
        root = read_xml(body)
    except NotXmlError:
        return page
    if not isinstance(root, dict):
        return page
    if fault := fault_of(root):
        return [ParsedAnswer("", Outcome.RETRY, message=f"the service failed: {fault}")]
    raw_object = answer_within(root)
    return list(_objects(raw_object)) if raw_object is not None else page


def _read_saved_answer(status: int, body: bytes) -> list[ParsedAnswer]:
    """An answer that was saved with its status line and headers, as support staff do."""
    if status == 429 or status >= 500:
        return [ParsedAnswer("", Outcome.RETRY, message=f"HTTP {status}: ask again later")]
    if status in {401, 403}:
        return [ParsedAnswer("", Outcome.AUTH_FAILED, message=f"HTTP {status}: the credentials were refused")]
    return _read(body)


def _depth(value: object) -> int:
    """How deep lists and objects are nested; json.loads limits it already."""
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


def _objects(answer: object) -> Iterator[ParsedAnswer]:
    """The objects of an answer: the whole answer, a list of objects, or one object by itself."""
    if isinstance(answer, list):
        raw_object: object = answer
    elif isinstance(answer, dict):
        wrapped = None if _is_object(answer) else answer_within(answer)
        if wrapped is None and not _is_object(answer):
            yield _envelope(answer)
            return
        answer = wrapped or answer
        raw_object = answer.get("objetos", answer.get("objeto", [answer]))
        # Successors of the SOAP service send a single item where others send a list (facts, failure 32).
        raw_object = [raw_object] if isinstance(raw_object, dict) else raw_object
    else:
        raw_object = None
    if not isinstance(raw_object, list):
        yield _malformed("", "'objetos' is not a list")
        return
    if not raw_object:
        yield _malformed("", "'objetos' is empty: an answer about nothing is no answer")
    for each in raw_object:
        yield _object(each)


def _is_object(answer: dict[str, Any]) -> bool:
    if "codObjeto" in answer or "eventos" in answer:
        return True
    return "numero" in answer and any(name in answer for name in ("evento", "categoria", "erro"))


def _envelope(answer: dict[str, Any]) -> ParsedAnswer:
    """The gateway's error form, or an unknown shape."""
    said = answer.get("msgs") or answer.get("mensagem") or answer.get("msg") or answer.get("detail")
    words = "; ".join(str(part) for part in said) if isinstance(said, list) else str(said or "")
    if not words:
        return _malformed("", f"no 'objetos' in the answer; it has: {_field_names(answer) or 'nothing'}")
    if any(mark in words.upper() for mark in _NOT_ALLOWED):
        return ParsedAnswer("", Outcome.AUTH_FAILED, message=clean(words))
    return _from_message("", clean(words))


def _field_names(raw_object: dict[str, Any]) -> str:
    """The names of an object's first fields, cleaned: messages are stored in a table, which accepts no NUL."""
    return clean(", ".join(list(raw_object)[:8]))


def _from_message(code: str, words: str) -> ParsedAnswer:
    """The meaning of a `mensagem` in place of events."""
    loud = words.upper()
    if any(mark in loud for mark in _REFUSED):
        return ParsedAnswer(code, Outcome.REFUSED, message=words)
    if any(mark in loud for mark in _UNKNOWN_YET):
        return ParsedAnswer(code, Outcome.NOT_FOUND, message=words)
    return _malformed(code, f"an unknown message: {words}")


def _malformed(code: str, message: str) -> ParsedAnswer:
    return ParsedAnswer(code, Outcome.MALFORMED, message=message)


def _object(raw_object: object) -> ParsedAnswer:
    """One object: its events, or why there are none."""
    if not isinstance(raw_object, dict):
        return _malformed("", "an object that is none")
    raw_object = single(raw_object) if isinstance(raw_object.get("numero"), list) else raw_object
    named = raw_object.get("codObjeto", raw_object.get("numero", ""))
    code = tidy_code(clean(named))
    raw_event = raw_object.get("eventos", raw_object.get("evento"))
    raw_event = [raw_event] if isinstance(raw_event, dict) else raw_event
    # An empty list with a message counts as the message: "of another contract" is not "nothing yet".
    if raw_event is None or (raw_event == [] and raw_object.get("mensagem")):
        return _without_events(code, raw_object)
    if not isinstance(raw_event, list):
        return _malformed(code, "'eventos' is not a list")
    if not raw_event:
        return ParsedAnswer(code, Outcome.NOT_FOUND, message="no events yet")
    try:
        events = sort_events([_event(each) for each in raw_event])
    except _UnreadableError as error:
        return _malformed(code, str(error))
    return ParsedAnswer(
        code,
        Outcome.FOUND,
        events,
        _estimate(raw_object),
        unknown_codes=unknown_codes(events),
        proofs=_proofs(raw_object),
    )


def _without_events(code: str, raw_object: dict[str, Any]) -> ParsedAnswer:
    if code == _NO_CODE:
        return ParsedAnswer(
            "", Outcome.AUTH_FAILED, message=clean(raw_object.get("erro")) or "the service refused the question"
        )
    said = raw_object.get("mensagem") or raw_object.get("erro")
    if not isinstance(said, str) and str(raw_object.get("categoria", "")).startswith("ERRO"):
        said = raw_object["categoria"]
    if isinstance(said, str) and said.strip():
        return _from_message(code, clean(said))
    if "numero" in raw_object and raw_object.get("categoria"):
        return ParsedAnswer(code, Outcome.NOT_FOUND, message="no events yet")
    return _malformed(code, f"neither 'eventos' nor 'mensagem'; it has: {_field_names(raw_object)}")


def _estimate(raw_object: dict[str, Any]) -> datetime | None:
    at = read_time(raw_object.get("dtPrevista"))
    return end_of_estimate(at) if at else None


def _proofs(raw_object: dict[str, Any]) -> frozenset[ProofKind]:
    """The proofs that the service bought leaves (README, "Proof of delivery": the letters are inferred)."""
    service = raw_object.get("servico")
    if not isinstance(service, dict):
        return frozenset()
    kind = clean(service.get("tipoAr")).upper()
    kinds = set()
    if kind in _KEPT_AS_PICTURE or (_is_yes(service.get("ar")) and not kind):
        kinds.add(ProofKind.SIGNED)
    if _is_yes(service.get("fotoFachada")) or kind == _ELECTRONIC:
        kinds.add(ProofKind.IMAGE)
    return frozenset(kinds)


def _is_yes(flag: object) -> bool:
    return flag is True or flag == 1 or clean(flag).upper() == "S"


def _event(raw_event: object) -> TrackingEvent:
    """One event. Raises `_UnreadableError` when its date cannot be read: an event needs an instant."""
    if not isinstance(raw_event, dict):
        message = "an event that is none"
        raise _UnreadableError(message)
    raw_event = single(raw_event) if isinstance(raw_event.get("tipo"), list) else raw_event
    occurred_at = read_time(
        raw_event.get("dtHrCriado"), raw_event.get("data"), raw_event.get("hora"), raw_event.get("criacao")
    )
    if occurred_at is None:
        message = (
            f"the date of an event cannot be read: {str(raw_event.get('dtHrCriado', raw_event.get('data')))[:60]!r}"
        )
        raise _UnreadableError(message)
    description, detail = clean(raw_event.get("descricao")), clean(raw_event.get("detalhe"))
    code, meaning = _code(raw_event, description, detail)
    unit = raw_event.get("unidade") if isinstance(raw_event.get("unidade"), dict) else unit_of(raw_event)
    goal = (
        raw_event.get("unidadeDestino")
        if isinstance(raw_event.get("unidadeDestino"), dict)
        else destination_of(raw_event)
    )
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
        pickup_deadline=_deadline(raw_event),
        pickup_address=street_of(unit) if pickup else None,
        zone_assumed=is_foreign(unit),
    )


def _deadline(raw_event: dict[str, Any]) -> date | None:
    return read_day(raw_event.get("dtLimiteRetirada"))


def _code(raw_event: dict[str, Any], description: str, detail: str) -> tuple[str, Meaning]:
    """The event's code and meaning. The text decides only without any code, and never gives a delivery."""
    kind, number = raw_event.get("codigo", raw_event.get("type")), raw_event.get("tipo")
    # The web service and the mobile flavour of 2015: letters in `tipo`, the number in `status`.
    if "status" in raw_event and (kind is None or has_letters_in_type(raw_event)):
        kind, number = raw_event.get("tipo"), raw_event.get("status")
    letters = clean(kind).upper()
    digits = _two_digits(number)
    if not letters:
        return f"TEXT/{slug(description)}", meaning_of_text(description)
    code = f"{letters[:8]}/{digits}" if digits else letters[:8]
    meaning = meaning_of(letters, digits) or UNKNOWN
    if letters in WRITE_OFFS and _is_back_at_sender(digits, meaning, plain(f"{description} {detail}")):
        meaning = meaning_of(letters, _BACK_NUMBER) or UNKNOWN
    return code, meaning


def _is_back_at_sender(digits: str, meaning: Meaning, words: str) -> bool:
    """Whether a write-off's text says that the sender has it. Seen with 01 too (facts, events.csv, note of BDE/01)."""
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
