"""In: connectors, their fixtures; out: µs per answer of `parse`, beside a bare decode of the same bytes, as ratios."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from xml.parsers import expat

import msgspec

from paradeiro.sdk.conformance.subject import Subject, account_of, is_carrier, subject_of
from paradeiro.sdk.contract import Connector

_NS_PER_US = 1000
Read = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one connector. `ratio`: how many times a bare decode its parse takes."""

    ratio: float
    us_per_answer: float
    us_bare_decode: float
    answers: int
    events: int
    bytes_per_answer: int
    decoded_as: str


def bench(size: int, connectors: Iterable[Connector]) -> dict[str, dict[str, Any]]:
    """The figures of each carrier's connector by name, the largest ratio first. `size`: answers that each parses; its
    fixtures with events, in turns.
    """
    found = {c.name: _measured(c, size) for c in connectors if is_carrier(c) and (c.parse or c.parse_with)}
    known = [(name, figures) for name, figures in found.items() if figures is not None]
    return {name: asdict(figures) for name, figures in sorted(known, key=lambda each: -each[1].ratio)}


def _measured(connector: Connector, size: int) -> Figures | None:
    """The figures; None for a connector without a fixture that has events."""
    subject = subject_of(connector)
    bodies = [(fixture.data, sum(len(each.events) for each in parsed)) for fixture, parsed in subject.found_fixtures()]
    if not bodies:
        return None
    parses, decodes = _rounds(subject, [body for body, _ in bodies], size)
    # The fastest round of each: what else the machine does makes both slower, and the longer one more.
    took, bare = min(parses), min(decodes)
    count = len(bodies)
    return Figures(
        ratio=took / bare,
        us_per_answer=took / count / _NS_PER_US,
        us_bare_decode=bare / count / _NS_PER_US,
        answers=len(parses) * count,
        events=sum(events for _, events in bodies),
        bytes_per_answer=sum(len(body) for body, _ in bodies) // count,
        decoded_as="/".join(sorted({_bare(body)[0] for body, _ in bodies})),
    )


def _rounds(subject: Subject, bodies: Sequence[bytes], size: int) -> tuple[list[int], list[int]]:
    """Nanoseconds for all bodies, round by round: parsed, and decoded alone. They take turns, so that both meet the
    same machine.
    """
    parse = subject.connector.parser_for(account_of(subject.connector).settings)
    assert parse is not None
    parsing = [(parse, body) for body in bodies]
    decoding = [(_bare(body)[1], body) for body in bodies]
    parses, decodes = [], []
    for _ in range(max(size // len(bodies), 1)):
        decodes.append(_timed(decoding))
        parses.append(_timed(parsing))
    return parses, decodes


def _timed(calls: Sequence[tuple[Read, bytes]]) -> int:
    began = time.thread_time_ns()
    for read, body in calls:
        read(body)
    return time.thread_time_ns() - began


def _bare(body: bytes) -> tuple[str, Read]:
    """The least that has to be done with these bytes, and its name."""
    for name, read in (("json", _json), ("json", _json_in_latin_1), ("xml", _xml)):
        try:
            read(body)
        except (ValueError, RecursionError, expat.ExpatError):
            continue
        return name, read
    return "lines", _lines


def _json(body: bytes) -> object:
    return msgspec.json.decode(body)


def _json_in_latin_1(body: bytes) -> object:
    return msgspec.json.decode(body.decode("latin-1"))


def _xml(body: bytes) -> object:
    return expat.ParserCreate().Parse(body, True)


def _lines(body: bytes) -> object:
    return [line.split() for line in body.split(b"\n")]
