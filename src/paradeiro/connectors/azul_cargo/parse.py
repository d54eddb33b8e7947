"""In: the bytes of an answer of Azul; out: the parsed answer: one shipment, each of its AWBs a volume. Pure."""

from collections.abc import Iterable

import msgspec

from paradeiro.connectors.azul_cargo.codes import CODES, code_of, meaning_of
from paradeiro.connectors.azul_cargo.refusals import meaning_of_error
from paradeiro.domain.bounds import clean_text
from paradeiro.domain.following.timeline import sort_events, unknown_codes
from paradeiro.domain.orders import identifiers
from paradeiro.domain.records import NOWHERE, ParsedAnswer, Place, TrackingEvent
from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.brazilian_times import read_estimate, read_event_time

_LONGEST = 300
_LONGEST_CODE = 40
# AWBs carry the airline's number before them, which the interface does not take.
PREFIX = "577"
_NUMBER_OF_DIGITS = 8


class _UnreadableError(ValueError):
    """An answer that cannot be read; its text says why."""


class _Occurrence(msgspec.Struct):
    """What is read of an occurrence. `Comentario` may name persons."""

    DataHora: str
    Codigo: str | int | float | None = None
    Descricao: str | None = None
    Unidade: str | None = None
    UnidadeMunicipio: str | None = None
    UnidadeUf: str | None = None


class _Awb(msgspec.Struct):
    Awb: str | int | None = None
    DataEntregaPrevisao: str | None = None
    Ocorrencias: list[_Occurrence] | None = None


class _Answer(msgspec.Struct):
    HasErrors: bool
    ErrorText: str | None = None
    Value: list[_Awb] | None = None


def parse(body: bytes) -> list[ParsedAnswer]:
    """One `ParsedAnswer`. Never raises, whatever the bytes are."""
    try:
        told = msgspec.json.decode(body, type=_Answer)
        return [_refusal(told.ErrorText) if told.HasErrors else _read(told.Value or [])]
    except _UnreadableError as error:
        return [ParsedAnswer("", Outcome.MALFORMED, message=str(error))]
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return [ParsedAnswer("", Outcome.MALFORMED, message=clean_text(f"no answer of theirs: {error}", _LONGEST))]


def bare_awb(text: str) -> str:
    """An AWB without the airline's number and separators, as the interface takes it."""
    plain = "".join(c for c in text if c.isalnum()).upper()
    has_prefix = plain.startswith(PREFIX) and len(plain) == len(PREFIX) + _NUMBER_OF_DIGITS
    return plain.removeprefix(PREFIX) if has_prefix else plain


def _refusal(text: str | None) -> ParsedAnswer:
    outcome, said = meaning_of_error(text)
    return ParsedAnswer("", outcome, message=said)


def _read(awbs: list[_Awb]) -> ParsedAnswer:
    numbers = sorted({number for awb in awbs if (number := _number(awb))})
    named = tuple(code for number in numbers if (code := identifiers.tracking_code(number)) is not None)
    events = _once(_event(each, _number(awb)) for awb in awbs for each in awb.Ocorrencias or ())
    if not events:
        return ParsedAnswer("", Outcome.NOT_FOUND, message="nothing happened yet", identifiers=named)
    estimates = [at for awb in awbs if (at := read_estimate(awb.DataEntregaPrevisao)) is not None]
    return ParsedAnswer(
        "",
        Outcome.FOUND,
        sort_events(events),
        max(estimates, default=None),
        unknown_codes=unknown_codes(events),
        identifiers=named,
        carrier_code=numbers[0] if len(numbers) == 1 else "",
    )


def _number(awb: _Awb) -> str:
    return "" if awb.Awb is None else bare_awb(clean_text(str(awb.Awb), _LONGEST_CODE))


def _once(events: Iterable[TrackingEvent]) -> list[TrackingEvent]:
    """Occurrences are repeated, also with another unit: one code at one time of one AWB is one event."""
    found: dict[tuple[object, ...], TrackingEvent] = {}
    for event in events:
        known = found.setdefault((event.occurred_at, event.code, event.volume), event)
        found[event.occurred_at, event.code, event.volume] = min(
            known, event, key=lambda e: (e.place == NOWHERE, repr(e))
        )
    return list(found.values())


def _event(raw: _Occurrence, awb: str) -> TrackingEvent:
    found = read_event_time(raw.DataHora)
    if found is None:
        message = f"the time of an occurrence cannot be read: {clean_text(raw.DataHora, 40)!r}"
        raise _UnreadableError(message)
    code, words = code_of(raw.Codigo), _line(raw.Descricao)
    status, reason = meaning_of(code, words)
    city, state, unit = (_line(text) or None for text in (raw.UnidadeMunicipio, raw.UnidadeUf, raw.Unidade))
    return TrackingEvent(
        found.at,
        code,
        status,
        reason,
        Place(city, state, "BR", unit) if city or state else Place(unit=unit) if unit else NOWHERE,
        _description(code, words),
        zone_assumed=found.zone_assumed,
        day_only=found.day_only,
        volume=awb,
    )


def _description(code: str, words: str) -> str:
    """Their words; of some codes they say the code alone."""
    if words and words.upper() != code:
        return words
    return CODES[code][1] if code in CODES else f"Ocorrência {code}"


def _line(text: str | None) -> str:
    return " ".join(clean_text(text or "", _LONGEST).split())
