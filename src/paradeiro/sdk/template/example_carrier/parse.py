"""In: the raw answer of the carrier about one code; out: its events, or why there are none. Pure."""

import msgspec

from paradeiro.domain.following.timeline import unknown_codes
from paradeiro.domain.records import ParsedAnswer
from paradeiro.domain.words import Outcome

from .events import Entry, event_of


class _Document(msgspec.Struct):
    tracking_code: str
    history: list[Entry] | None = None
    error: str | None = None


def parse(data: bytes) -> list[ParsedAnswer]:
    """One `ParsedAnswer` for the one code of an answer. An unreadable answer is MALFORMED, with the reason in its
    message.
    """
    try:
        return [_parsed(msgspec.json.decode(data, type=_Document))]
    except (ValueError, RecursionError, OverflowError) as error:  # msgspec's own errors are ValueErrors
        return [ParsedAnswer("", Outcome.MALFORMED, message=f"{type(error).__name__}: {error}"[:200])]


def _parsed(document: _Document) -> ParsedAnswer:
    if document.error == "not_found":
        message = "the carrier does not know the code yet"
        return ParsedAnswer(document.tracking_code, Outcome.NOT_FOUND, message=message)
    if document.history is None:
        raise ValueError(f"no history, and error is {document.error!r}")
    events = tuple(event_of(entry) for entry in document.history)
    return ParsedAnswer(document.tracking_code, Outcome.FOUND, events, unknown_codes=unknown_codes(events))
