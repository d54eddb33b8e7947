"""In: what a regional carrier says; out: its connector: asked by an invoice's key, with a feed and pushes of facts."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from paradeiro.domain.orders.identifiers import IdentifierKind, identifier_of
from paradeiro.domain.orders.invoice_keys import check_digit
from paradeiro.domain.records import NamedLeg, ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome, PartyKind, Status
from paradeiro.sdk.contract import AccountRef, Answer, Clock, Connector, Push, PushRead
from paradeiro.sdk.ways_in import FeedAnswer

SENDER = "11222333000181"


def key_of(number: int) -> str:
    """The key of a made-up invoice, of series 1."""
    start = f"352610{SENDER}55001{number:09d}1{7:08d}"
    return start + str(check_digit(start))


KEY, OTHER_KEY = key_of(123), key_of(124)


def said(*events: tuple[str, str], **more: Any) -> dict[str, Any]:
    """What it says of one shipment: (status, instant) or (status, instant, volume) per event."""
    return {"events": [list(each) for each in events], **more}


def body(*items: dict[str, Any]) -> bytes:
    """An answer, a page of the feed or a push, about these."""
    return json.dumps({"items": items}).encode()


@dataclass
class Regional:
    """What it answers by what it is asked (`bodies`: several items), the pages of its feed, what it was asked."""

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    pages: list[FeedAnswer] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    bodies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    cursors: list[str] = field(default_factory=list)
    down: bool = False
    reading: asyncio.Event = field(default_factory=asyncio.Event)  # set while the feed is read
    hold: asyncio.Event | None = None  # the feed answers once this is set
    standing: FeedAnswer | None = None  # what the feed says when there is no page

    def connector(self, name: str = "regional", **more: Any) -> Connector:
        """Its connector; `more` replaces any field."""
        given = {
            "name": name,
            "title": name.title(),
            "kinds": frozenset({PartyKind.CARRIER}),
            "account_fields": (),
            "open": lambda account, clock: _Session(self, account, clock),
            "parse": parse,
            "read_push": read_push,
            "identifiers": (IdentifierKind.INVOICE_KEY, IdentifierKind.INVOICE),
            "requests_per_second": 1000.0,
            "recognises_courier": lambda text: name in text.casefold(),
        }
        return Connector(**(given | more))


@dataclass
class _Session:
    carrier: Regional
    account: AccountRef
    clock: Clock

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        return [self._answer(code) for code in tracking_codes]

    def _answer(self, code: str) -> Answer:
        self.carrier.asked.append(code)
        if self.carrier.down:
            return Answer(code, Outcome.RETRY, message="HTTP 500")
        if code in self.carrier.bodies:
            return Answer(code, Outcome.FOUND, body(*self.carrier.bodies[code]))
        if code not in self.carrier.answers:
            return Answer(code, Outcome.NOT_FOUND)
        return Answer(code, Outcome.FOUND, body(self.carrier.answers[code]))

    async def read_feed(self, cursor: str) -> FeedAnswer:
        self.carrier.cursors.append(cursor)
        self.carrier.reading.set()
        if self.carrier.hold is not None:
            await self.carrier.hold.wait()
        if self.carrier.pages:
            return self.carrier.pages.pop(0)
        return self.carrier.standing or FeedAnswer(Outcome.NOT_FOUND, cursor=cursor)

    def feed_cursor(self, day: date) -> str:
        return f"day {day}"

    async def close(self) -> None:
        """Nothing is open."""


def parse(data: bytes) -> list[ParsedAnswer]:
    try:
        items = json.loads(data)["items"]
    except (ValueError, KeyError, TypeError):
        return [ParsedAnswer("", Outcome.MALFORMED, message="no items")]
    return [_parsed(each) for each in items]


def _parsed(item: dict[str, Any]) -> ParsedAnswer:
    events = tuple(
        TrackingEvent(datetime.fromisoformat(at), status, Status(status), volume=(*rest, "")[0])
        for status, at, *rest in item["events"]
    )
    return ParsedAnswer(
        "",
        Outcome.FOUND,
        events,
        identifiers=tuple(identifier_of(text) for text in item.get("ids", ())),
        carrier_code=item.get("code", ""),
        legs=tuple(NamedLeg(*leg) for leg in item.get("legs", ())),
    )


def read_push(push: Push, _: Any) -> PushRead:
    if push.headers.get("signature") != "right":
        return PushRead(Outcome.AUTH_FAILED, message="no signature")
    return PushRead(Outcome.FOUND, states_facts=True)
