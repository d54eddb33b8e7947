"""In: sinks that fail at random; out: what every sink shows afterwards, and duplicates.

One entry in `SINKS` makes a sink take part.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.sdk.public_history import public_events
from paradeiro.simulator.faults import MAIL_KINDS, Fault
from paradeiro.simulator.parties import Simulator
from paradeiro.simulator.scenario.ground_truth import Package, SoldOrder
from tests.flow.endpoints import OK, Got, Receiver, status

_HTTP_FAULTS = (
    Fault("", "status", 1, 500),
    Fault("", "status", 2, 503),
    Fault("", "status", 1, 429),
    Fault("", "reset", 1),
    Fault("", "accept_then_drop", 1),
    Fault("", "accept_then_status", 1, 500),
    Fault("", "accept_then_status", 1, 502),
    Fault("", "slow", 1, seconds=0.9),  # done, and answered after everybody has given up
    Fault("", "slow", 1, seconds=0.05),  # what was asked later is answered first
    Fault("", "drip", 1, seconds=0.02),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What we say of one package now."""

    order: SoldOrder
    package: Package
    row: ShipmentRow
    lines: int
    once: bool  # it was delivered at some time, and that may have been taken back

    @property
    def delivered(self) -> bool:
        return self.row.shipment.snapshot.delivered


@dataclass(frozen=True, slots=True)
class Sink:
    """A sink: how it fails, and what is wrong with what it shows and was told; nothing is the only good answer."""

    party: str
    wrong: Callable[[Simulator, Shown], Iterator[str]]
    twice: Callable[[Simulator], Iterator[str]]


def lines_of(timeline: Any) -> int:
    return len(public_events(timeline))


def _at_vtex(simulator: Simulator, said: Shown) -> Iterator[str]:
    packages = simulator.order_system.orders[said.order.order_id]["packageAttachment"]["packages"]
    shown = next(p for p in packages if p["invoiceNumber"] == said.package.invoice_number)
    if shown["trackingNumber"] != said.package.code:
        yield f"number {shown['trackingNumber']}"
    courier = shown["courierStatus"]
    if bool(courier["finished"]) != said.delivered or len(courier["data"]) != said.lines:
        yield f"finished {courier['finished']} with {len(courier['data'])} lines, ours {said.delivered}, {said.lines}"


def _at_market(simulator: Simulator, said: Shown) -> Iterator[str]:
    if said.order.affiliate != "MKT":
        return
    shown = simulator.marketplace.invoices.get((said.order.marketplace_number, said.package.invoice_number), {})
    if shown.get("number") != said.package.code:
        yield f"number {shown.get('number')}"
    if bool(shown.get("delivered")) != said.delivered or len(shown.get("events", ())) != said.lines:
        yield f"delivered {shown.get('delivered')} with {len(shown.get('events', ()))} lines"


def _at_mercado_livre(simulator: Simulator, said: Shown) -> Iterator[str]:
    shown = simulator.mercado_livre.shipments.get(said.order.marketplace_number)
    if shown is None:
        return
    if shown["mode"] == "me2":
        if shown["status"] != "pending":
            yield "it moves by itself and was told"
    elif len(said.order.packages) == 1:
        due = {"delivered"} if said.delivered else {"shipped", "delivered"} if said.once else {"shipped"}
        if shown["tracking_number"] != said.package.code or shown["status"] not in due:
            yield f"{shown['status']} by {shown['tracking_number']}, should be {due}"


def _mailed(simulator: Simulator, said: Shown) -> Iterator[str]:
    mails = [m.message for m in simulator.mail.mails if m.message["X-Paradeiro-Tracking-Code"] == said.package.code]
    ours = said.row.shipment.snapshot.status
    if said.order.customer.email and (not mails or mails[-1]["X-Paradeiro-Status"] != ours):
        yield f"the last mail says {mails[-1]['X-Paradeiro-Status'] if mails else 'nothing'}"


def _vtex_twice(simulator: Simulator) -> Iterator[str]:
    yield from _same_again(simulator.order_system.told)


def _market_twice(simulator: Simulator) -> Iterator[str]:
    yield from _same_again(simulator.marketplace.told)


def _mercado_twice(simulator: Simulator) -> Iterator[str]:
    yield from _same_again(simulator.mercado_livre.told)


def _same_again(told: list[dict[str, Any]]) -> Iterator[str]:
    """The same body for the same package, one after the other."""
    last: dict[tuple[Any, ...], Any] = {}
    for each in told:
        key = (each["order"], each["invoice"], each["what"])
        if last.get(key) == each["body"]:
            yield f"{key} was told {each['body']} twice"
        last[key] = each["body"]


def _mails_twice(simulator: Simulator) -> Iterator[str]:
    """A copy is permitted with the same Message-ID only: the connection died after the mail was taken."""
    bodies: dict[tuple[str, str], set[str]] = {}
    for mail in simulator.mail.mails:
        plain = (str(mail.message["To"]), mail.part("plain"))
        bodies.setdefault(plain, set()).add(str(mail.message["Message-ID"]))
    yield from (f"{to} was told the same in {ids}" for (to, _), ids in bodies.items() if len(ids) > 1)


SINKS = {
    "vtex": Sink("vtex", _at_vtex, _vtex_twice),
    "vtex_marketplace": Sink("marketplace", _at_market, _market_twice),
    "mercado_livre": Sink("mercado_livre", _at_mercado_livre, _mercado_twice),
    "email": Sink("mail", _mailed, _mails_twice),
}


def problem(simulator: Simulator, chance: Random) -> None:
    """Some of the next requests at some of the sinks go wrong."""
    for sink in SINKS.values():
        for _ in range(chance.randint(0, 3)):
            if sink.party == "mail":
                simulator.faults.order(Fault("mail", chance.choice(MAIL_KINDS), 1, chance.choice((421, 451))))
                continue
            drawn = chance.choice(_HTTP_FAULTS)
            simulator.faults.order(Fault(sink.party, drawn.kind, drawn.count, drawn.status, drawn.seconds))


class Deaf:
    """An endpoint that hears and then says nothing of the sort, now and then."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.well = False
        self.accepted: list[Got] = []

    def __call__(self, got: Got) -> bytes | None:
        how = "ok" if self.well else self.chance.choice(("ok", "ok", "ok", "500", "429", "dead after", "502 after"))
        if how in {"ok", "dead after", "502 after"} and got.id not in {a.id for a in self.accepted}:
            self.accepted.append(got)  # as a receiver does that folds by the message's id
        return {"ok": OK, "500": status("500 Oops"), "429": status("429 Slow", "Retry-After: 7\r\n")}.get(
            how, None if how == "dead after" else status("502 Gone")
        )


def wrong_at_endpoint(there: Receiver, deaf: Deaf, shown: list[Shown]) -> Iterator[str]:
    """Every change once, in order, the last one as things are now."""
    for each in shown:
        mine = [g for g in deaf.accepted if g.said["data"]["shipment"]["tracking_code"] == each.package.code]
        said = [g.said["data"]["status"] for g in mine]
        times = [g.said["time"] for g in mine]
        if not said or said[-1] != each.row.shipment.snapshot.status:
            yield f"{each.package.code}: the endpoint's last is {said[-1:]}, ours {each.row.shipment.snapshot.status}"
        if times != sorted(times):
            yield f"{each.package.code}: messages in the wrong order {times}"
    ids: dict[str, set[bytes]] = {}
    for got in there.got:
        ids.setdefault(got.id, set()).add(got.body)
    yield from (f"message {i} came in {len(b)} versions" for i, b in ids.items() if len(b) > 1)
