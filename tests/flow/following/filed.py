"""In: what a carrier writes into files; out: its connector, and the lines. A line: "code;status;instant", or "!why"."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import count
from typing import Any, BinaryIO

from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome, PartyKind, Reason, Status, Way
from paradeiro.sdk.contract import Connector
from paradeiro.sdk.ways_in import FilePart

LINES = 2  # in one part
KNOWN = {"MOV": Status.IN_TRANSIT, "OUT": Status.OUT_FOR_DELIVERY, "ENT": Status.DELIVERED}


def line(code: str, what: str, at: datetime) -> str:
    return f"{code};{what};{at.isoformat()}"


def split(stream: BinaryIO, _: Mapping[str, str]) -> Iterator[FilePart]:
    """Parts of two lines."""
    for first in count(1, LINES):
        lines = [text for text in (stream.readline() for _ in range(LINES)) if text]
        if not lines:
            return
        body = b"".join(lines)
        if body.startswith(b"crash"):
            raise RuntimeError(body.decode())
        yield FilePart(body, first, body[1:].decode().strip() if body.startswith(b"!") else "")


def parse(data: bytes) -> list[ParsedAnswer]:
    """Each line is an answer about one package."""
    return [_parsed(*text.split(";")) for text in data.decode().split()]


def _parsed(code: str, what: str, at: str) -> ParsedAnswer:
    status = KNOWN.get(what, Status.UNKNOWN)
    event = TrackingEvent(datetime.fromisoformat(at), what, status, Reason.OTHER if what == "FAIL" else None)
    unknown = (what,) if status is Status.UNKNOWN else ()
    return ParsedAnswer(code, Outcome.FOUND, (event,), unknown_codes=unknown)


class _NoSession:
    async def close(self) -> None:
        """Nothing is open."""


def connector(**more: Any) -> Connector:
    given = {
        "name": "filed",
        "title": "Filed",
        "kinds": frozenset({PartyKind.CARRIER}),
        "account_fields": (),
        "open": lambda account, clock: _NoSession(),
        "ways": frozenset({Way.FILE}),
        "parse": parse,
        "split_file": split,
        "check_code": free_code_problem,
        "recognises_courier": lambda text: "filed" in text.casefold(),
    }
    return Connector(**(given | more))
