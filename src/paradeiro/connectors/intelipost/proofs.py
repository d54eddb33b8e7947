"""In: events and answers of Intelipost; out: which proofs they offer, and the addresses of their files. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from paradeiro.connectors.intelipost.codes import meaning_of
from paradeiro.connectors.intelipost.names import states_of, text_of
from paradeiro.connectors.intelipost.times import read_event_instant
from paradeiro.domain.words import ProofKind

# The only type that says what it is; a file of type OTHER may be anything.
_KIND = "POD"
# Each is a download of its own.
MOST_FILES = 4
_LONGEST_ADDRESS = 2000


@dataclass(frozen=True, slots=True)
class Files:
    """The files that prove a delivery. `pending`: how many have no address yet. Links may hold a key."""

    addresses: tuple[str, ...] = field(repr=False)
    pending: int


def offered(events: Iterable[object]) -> frozenset[ProofKind]:
    """The proofs that events name. They may show the receiver's name, document or signature: SIGNED."""
    found = any(True for event in events for _ in _proofs_of(event))
    return frozenset({ProofKind.SIGNED}) if found else frozenset()


def files_of(histories: Iterable[list[object]]) -> Files:
    """The files of one shipment's volumes. What was attached before a correction proves a delivery that was none."""
    found = [each for history in histories for event in _standing(history) for each in _proofs_of(event)]
    told = [text if isinstance(text := each.get("url"), str) else "" for each in found]
    addresses = dict.fromkeys(text.strip() for text in told if text.strip() and len(text) <= _LONGEST_ADDRESS)
    return Files(tuple(addresses)[:MOST_FILES], sum(not text.strip() for text in told))


def _standing(history: list[object]) -> Iterator[object]:
    corrections = [at for event in history if (at := _corrected_at(event)) is not None]
    since = max(corrections, default=None)
    yield from (event for event in history if since is None or ((at := _instant(event)) is not None and at > since))


def _corrected_at(event: object) -> datetime | None:
    if not isinstance(event, dict) or meaning_of(*states_of(event)).withdraws is None:
        return None
    return _instant(event)


def _instant(event: object) -> datetime | None:
    found = read_event_instant(event) if isinstance(event, dict) else None
    return found[0] if found else None


def _proofs_of(event: object) -> Iterator[dict[str, Any]]:
    attachments = event.get("attachments") if isinstance(event, dict) else None
    for each in attachments if isinstance(attachments, list) else []:
        if isinstance(each, dict) and text_of(each.get("type")).upper() == _KIND:
            yield each
