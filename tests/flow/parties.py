"""In: a folder; out: connectors of fake parties whose whole state is files in it.

They are small, but outside: what they accepted survives the death of the process that sent it, so a test can kill
that process and look at what the other side has. Which answer they give is written into the folder by the test.
"""

import asyncio
import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from paradeiro.connectors.email.report import read_report
from paradeiro.domain.following.contract_drift import Expected
from paradeiro.domain.records import Message, Order, ParsedAnswer, Place, TrackingEvent
from paradeiro.domain.words import BounceKind, EffectKind, Outcome, PartyKind, ProofKind, Reason, Status, Withdraws
from paradeiro.sdk.contract import AccountRef, Answer, Clock, Connector, Picture, ProofAnswer, ProofAsked, Request, Sent
from paradeiro.sdk.order_systems import OrdersPage

_WORDS = {
    "PO": (Status.ACCEPTED, None, None),
    "RO": (Status.IN_TRANSIT, None, None),
    "OEC": (Status.OUT_FOR_DELIVERY, None, None),
    "ABS": (Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT, None),
    "LDI": (Status.AVAILABLE_FOR_PICKUP, None, None),
    "BDE": (Status.DELIVERED, None, None),
    "ROUBO": (Status.EXCEPTION, Reason.STOLEN, None),
    "EST": (None, None, Withdraws.PREVIOUS),
    # How the aggregators say the same.
    "collected": (Status.ACCEPTED, None, None),
    "moving": (Status.IN_TRANSIT, None, None),
    "in the van": (Status.OUT_FOR_DELIVERY, None, None),
    "failed": (Status.ATTEMPT_FAILED, Reason.OTHER, None),
    "done": (Status.DELIVERED, None, None),
}

TEXT, LIST, OBJECT = frozenset({"text"}), frozenset({"list"}), frozenset({"object"})
# What the small carrier's answers look like. A text may name a person; a city may not.
FIELDS = {
    "object": Expected(TEXT, always=True, shown=True),
    "events": Expected(LIST, always=True, shown=True),
    "events[]": Expected(OBJECT, always=True, shown=True),
    "events[].code": Expected(TEXT, always=True, shown=True),
    "events[].at": Expected(TEXT, always=True, shown=True),
    "events[].city": Expected(TEXT, always=True, shown=True),
    "events[].text": Expected(TEXT, always=True),
    "proofs": Expected(LIST, shown=True),
    "proofs[]": Expected(TEXT, shown=True),
}


@dataclass(frozen=True, slots=True)
class Outside:
    """The outside as a folder."""

    folder: Path

    def say(
        self,
        code: str,
        *events: tuple[str, str, str],
        words: str = "",
        by: str = "",
        proofs: Sequence[ProofKind] = (),
    ) -> None:
        """The carrier's answer about a code from now on: (code, instant, city) per event. `by` names an aggregator."""
        told = [{"code": c, "at": at, "city": city, "text": f"{words}{c}"} for c, at, city in events]
        provable = {"proofs": list(proofs)} if proofs else {}
        self._write(f"answer-{by}{code}", json.dumps({"object": code, "events": told} | provable))

    def show(self, code: str, kind: ProofKind, *pictures: bytes) -> None:
        """The carrier's pictures of a delivery from now on."""
        self._write(f"proof-{kind}-{code}", json.dumps([base64.b64encode(each).decode() for each in pictures]))

    def leave_out(self, *codes: str) -> None:
        """What the carrier's answers about many leave out."""
        self._write("left-out", json.dumps(codes))

    def say_raw(self, code: str, text: str) -> None:
        self._write(f"answer-{code}", text)

    def fail(self, party: str, how: str) -> None:
        """From now on: 'ok', 'retry', 'doubt' (accepts, then breaks), 'auth', 'refused', 'html', 'throttled'; with
        '-if-AA1' only for what speaks of that.
        """
        self._write(f"mode-{party}", how)

    def order(self, order: Order) -> None:
        import msgspec

        self._write(f"order-{order.number}", msgspec.json.encode(order).decode())

    def _write(self, name: str, text: str) -> None:
        temporary = self.folder / f".{name}.new"
        temporary.write_text(text, encoding="utf-8")
        temporary.rename(self.folder / name)

    def read(self, name: str, default: str = "") -> str:
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.exists() else default

    def accept(self, party: str, key: str, request: Request) -> None:
        """What the other side keeps of a request that it accepted."""
        line = json.dumps({"party": party, "key": key, "to": request.path, "body": request.body.decode()}) + "\n"
        handle = os.open(self.folder / "accepted", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(handle, line.encode())
        os.close(handle)

    def accepted(self, party: str | None = None) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.read("accepted").splitlines()]
        return [line for line in lines if party in {None, line["party"]}]

    def told(self, party: str) -> list[dict[str, Any]]:
        """The bodies that a party accepted, each idempotency key once, in order."""
        return list({line["key"]: json.loads(line["body"]) for line in self.accepted(party)}.values())

    def asked(self, by: str = "") -> list[list[str]]:
        """The codes of each question. `by`: an aggregator's name; '-many' or '-proofs' (kind, code and ticket by
        turns): the carrier's other ways.
        """
        return [json.loads(line) for line in self.read(f"asked{by}").splitlines()]

    def note(self, what: str, words: Sequence[str]) -> None:
        with (self.folder / what).open("a", encoding="utf-8") as file:
            file.write(json.dumps(list(words)) + "\n")


@dataclass(frozen=True, slots=True)
class CarrierParty:
    outside: Outside
    name: str = ""

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        with (self.outside.folder / f"asked{self.name}").open("a", encoding="utf-8") as file:
            file.write(json.dumps(list(tracking_codes)) + "\n")
        how = self.outside.read(f"mode-{self.name or 'carrier'}", "ok")
        await _hang(how)
        if how == "by turns":
            how = "retry" if len(self.outside.asked()) % 2 else "ok"
        if how in {"unknown", "refused", "in vain"}:
            outcome = Outcome.NOT_FOUND if how == "unknown" else Outcome.REFUSED
            return [
                Answer(c, outcome, b"", f"the carrier is '{how}'", in_vain=how == "in vain") for c in tracking_codes
            ]
        spoilt = {"html": Outcome.MALFORMED, "retry": Outcome.RETRY, "auth": Outcome.AUTH_FAILED}.get(how)
        if how.startswith("broken-if-") and how.removeprefix("broken-if-") in tracking_codes:
            raise ZeroDivisionError
        if how.startswith("500-if-") and how.removeprefix("500-if-") in tracking_codes:
            return [Answer(code, Outcome.RETRY, b"", "HTTP 500", 500) for code in tracking_codes]
        if how.startswith("html-if-"):
            spoilt = Outcome.MALFORMED if how.removeprefix("html-if-") in tracking_codes else None
        if spoilt:
            return [Answer(code, spoilt, b"<html>502</html>", f"the carrier is '{how}'") for code in tracking_codes]
        return [self._one(code) for code in tracking_codes]

    def _one(self, code: str) -> Answer:
        text = self.outside.read(f"answer-{self.name}{code}")
        if not text:
            return Answer(code, Outcome.NOT_FOUND, b"", "not known yet")
        return Answer(code, Outcome.FOUND, text.encode())

    async def fetch_many(self, tracking_codes: Sequence[str]) -> list[Answer]:
        self.outside.note("asked-many", tracking_codes)
        if self.outside.read("mode-many", "ok") == "nothing":
            return []
        left_out = json.loads(self.outside.read("left-out", "[]"))
        return [self._one(code) for code in tracking_codes if code not in left_out]

    async def fetch_proofs(self, kind: ProofKind, asked: Sequence[ProofAsked]) -> list[ProofAnswer]:
        self.outside.note("asked-proofs", [text for a in asked for text in (kind, a.tracking_code, a.ticket)])
        await _hang(self.outside.read("mode-proofs", "ok"))
        return [self._proof(kind, each.tracking_code) for each in asked]

    def _proof(self, kind: ProofKind, code: str) -> ProofAnswer:
        how = self.outside.read("mode-proofs", "ok")
        spoilt = {"retry": Outcome.RETRY, "auth": Outcome.AUTH_FAILED, "html": Outcome.MALFORMED}.get(how)
        if spoilt:
            return ProofAnswer(code, spoilt, message=f"the carrier is '{how}'")
        there = json.loads(self.outside.read(f"proof-{kind}-{code}", "[]"))
        if not there:
            return ProofAnswer(code, Outcome.NOT_FOUND, message="not there yet", ticket=f"ticket-{code}")
        pictures = tuple(Picture(base64.b64decode(text), "RECEBEDOR") for text in there)
        if how == "half":
            return ProofAnswer(code, Outcome.MALFORMED, pictures[:1], "1 of 2 pictures could not be read")
        return ProofAnswer(code, Outcome.FOUND, pictures)

    async def close(self) -> None:
        pass


def parse(body: bytes) -> list[ParsedAnswer]:
    try:
        told = json.loads(body)
        events = tuple(_event(each) for each in told["events"])
    except (ValueError, KeyError, TypeError) as error:
        return [ParsedAnswer("", Outcome.MALFORMED, message=f"unreadable: {type(error).__name__}")]
    unknown = tuple(sorted({e.code for e in events if e.status is Status.UNKNOWN}))
    proofs = frozenset(ProofKind(each) for each in told.get("proofs", ()))
    return [ParsedAnswer(told["object"], Outcome.FOUND, events, unknown_codes=unknown, proofs=proofs)]


def _event(told: Mapping[str, str]) -> TrackingEvent:
    status, reason, withdraws = _WORDS.get(told["code"], (Status.UNKNOWN, None, None))
    return TrackingEvent(
        occurred_at=datetime.fromisoformat(told["at"]),
        code=told["code"],
        status=status,
        reason=reason,
        place=Place(city=told["city"], state="SP", country="BR") if told["city"] else Place(),
        description=told["text"],
        withdraws=withdraws,
        # What waits, waits for a week.
        pickup_deadline=_week_after(told["at"]) if status is Status.AVAILABLE_FOR_PICKUP else None,
    )


async def _hang(how: str) -> None:
    """A party that never ends: what a connector with no limit of its own would wait for."""
    if how == "hang":
        await asyncio.Event().wait()


def _week_after(at: str) -> date:
    return datetime.fromisoformat(at).date() + timedelta(days=7)


_NOT_TAKEN = {
    "greylisted": Sent(Outcome.RETRY, message="450 4.2.1 greylisted", about_one=True),
    "silent": Sent(Outcome.RETRY, message="could not connect"),
    "gateway": Sent(Outcome.RETRY, message="503", http_status=503),
    "retry": Sent(Outcome.RETRY, message="500", http_status=500),
    "throttled": Sent(Outcome.RETRY, message="429", http_status=429, retry_after=90),
    "auth": Sent(Outcome.AUTH_FAILED, message="401", http_status=401),
    "refused": Sent(Outcome.REFUSED, message="Invoice Not Found", http_status=404),
    "nobody": Sent(Outcome.REFUSED, message="550 5.1.1 <ana@example.com> unknown", bounced=BounceKind.HARD),
    "unwritten": Sent(Outcome.NOT_WRITTEN, message="accepted, and the order does not show it", http_status=200),
    "nothing": Sent(Outcome.FOUND, receipt="told nothing: it moves by itself"),
    "ended": Sent(Outcome.ENDED, message="V1 answers 410: set api_version to v2", http_status=410),
    "full": Sent(Outcome.REFUSED, message="552 5.2.2 full", bounced=BounceKind.SOFT),
}


@dataclass(frozen=True, slots=True)
class SinkParty:
    outside: Outside
    name: str

    async def send(self, request: Request, telling_id: str) -> Sent:
        await _hang(self.outside.read(f"mode-{self.name}", "ok"))
        how, _, about = self.outside.read(f"mode-{self.name}", "ok").partition("-if-")
        if about and about not in request.body.decode():
            how = "ok"
        if how in _NOT_TAKEN:
            return _NOT_TAKEN[how]
        match how:
            case "broken":
                raise ZeroDivisionError
            case "doubt":
                self.outside.accept(self.name, telling_id, request)
                return Sent(Outcome.RETRY, message="the connection broke", in_doubt=True)
            case _:
                self.outside.accept(self.name, telling_id, request)
                return Sent(Outcome.FOUND, receipt=f"receipt-{telling_id}", http_status=200)

    async def already_done(self, request: Request, telling_id: str) -> bool:
        # Mail cannot be looked up afterwards; the others can be read back.
        return self.name != "mail" and any(a["key"] == telling_id for a in self.outside.accepted(self.name))

    async def orders(self, cursor: str, watch: Sequence[str]) -> OrdersPage:
        await _hang(self.outside.read("mode-orders", "ok"))
        import msgspec

        how = self.outside.read(f"mode-{self.name}", "ok")
        if how in {"retry", "auth"}:
            problem = Outcome.RETRY if how == "retry" else Outcome.AUTH_FAILED
            return OrdersPage(cursor=cursor, problem=problem, message=how)
        found = sorted(self.outside.folder.glob("order-*"))
        orders = tuple(msgspec.json.decode(path.read_bytes(), type=Order) for path in found)
        return OrdersPage(orders, cursor=str(len(orders)))

    async def close(self) -> None:
        pass


def render(outgoing: Message, _: Mapping[str, str]) -> Request:
    if outgoing.order.customer.name == "Unspeakable":
        raise ZeroDivisionError
    snapshot = outgoing.timeline.snapshot
    body = {
        "kind": outgoing.kind,
        "order": outgoing.order.number,
        "code": outgoing.shipment.tracking_code,
        "status": snapshot.status,
        "delivered": snapshot.delivered,
        "city": snapshot.place.city,
        "events": [e.code for e in outgoing.timeline.events if e.identity not in outgoing.timeline.withdrawn],
    }
    remark = "line 1: it is broken" if "broken" in outgoing.templates.html else ""
    return Request("POST", f"/{outgoing.kind}", body=json.dumps(body).encode(), remark=remark)


def connectors(folder: Path) -> dict[str, Connector]:
    """The parties, by name. 'ajuda' and 'vizinha' are aggregators that know of Posta's packages."""
    outside = Outside(folder)

    def carrier(account: AccountRef, __: Clock) -> CarrierParty:
        return CarrierParty(outside, account.settings.get("party", ""))

    def sink(name: str) -> Any:
        def open_(_: AccountRef, __: Clock) -> SinkParty:
            return SinkParty(outside, name)

        return open_

    market = {k for k in EffectKind if k.value.startswith("marketplace")}
    mail = {k for k in EffectKind if k.value.startswith("customer")}
    own = set(EffectKind) - market - mail
    return {
        "posta": Connector(
            "posta",
            "Posta",
            frozenset({PartyKind.CARRIER}),
            (),
            carrier,
            batch_size=3,
            requests_per_second=1000,
            parse=parse,
            recognises_courier=lambda courier: "posta" in courier.lower(),
            fields=FIELDS,
            whole_history=True,
            proofs=frozenset(ProofKind),
            proof_batch_size=2,
        ),
        **{name: _aggregator(name, carrier) for name in ("ajuda", "vizinha")},
        "loja": _sink("loja", PartyKind.ORDER_SYSTEM, sink("loja"), own),
        "canal": _sink("canal", PartyKind.MARKETPLACE, sink("canal"), market),
        "mail": replace(_sink("mail", PartyKind.MAIL, sink("mail"), mail), read_report=read_report),
    }


def _aggregator(name: str, open_: Any) -> Connector:
    return Connector(
        name,
        name.title(),
        frozenset({PartyKind.CARRIER}),
        (),
        open_,
        time_zone="Asia/Shanghai",
        batch_size=2,
        requests_per_second=1000,
        parse=parse,
        fallback_for=frozenset({"posta"}),
    )


def _sink(name: str, kind: PartyKind, open_: Any, effects: set[EffectKind]) -> Connector:
    return Connector(name, name.title(), frozenset({kind}), (), open_, render=render, effects=frozenset(effects))
