"""In: the number by which an order system names a sale; out: its shipment at Mercado Livre, as shown now."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from paradeiro.connectors.mercado_livre.render import segment
from paradeiro.connectors.mercado_livre.wire import Wire
from paradeiro.connectors.mercado_livre.words import State
from paradeiro.domain.bounds import text_problem
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import Sent
from paradeiro.sdk.http import HttpAnswer, json_object

_MOST_KNOWN = 10_000
_LONGEST_ID = 100
_NOT_THERE, _NOT_OURS = 404, 403


@dataclass(frozen=True, slots=True)
class SaleShipment:
    """A shipment as Mercado Livre shows it."""

    id: str
    mode: str
    state: State
    tracking_number: str
    created_at: datetime | None

    def has_number(self, number: str) -> bool:
        """Whether its number is this one, however it was typed there."""
        return bool(self.tracking_number) and _normalise(self.tracking_number) == _normalise(number)


class Shipments:
    """Finds and reads shipments. The kind of a number never changes, so it is looked up once."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._known: dict[str, str] = {}

    async def find(self, number: str) -> SaleShipment | Sent:
        """The shipment of an order, of a pack, or with that number itself, whichever exists. A `Sent` if there is none,
        or more than one, or none can be read now.
        """
        known = self._known.get(number)
        if known is None:
            found = await self._find_id(number)
            if isinstance(found, Sent):
                return found
            if len(self._known) >= _MOST_KNOWN:
                self._known.pop(next(iter(self._known)))
            self._known[number] = known = found
        return await self.read(known)

    async def read(self, shipment: str) -> SaleShipment | Sent:
        """A shipment by its own number."""
        answer = await self._wire.ask("GET", f"/shipments/{segment(shipment)}")
        return answer if isinstance(answer, Sent) else read_shipment(answer)

    async def _find_id(self, number: str) -> str | Sent:
        """The shipment's own number. VTEX's bridge names a sale by its shipment, sellers know packs, others orders."""
        found: dict[str, str] = {}
        others = 0
        for what, path in _lookup_paths(number):
            answer = await self._wire.ask("GET", path)
            if isinstance(answer, HttpAnswer):
                read = json_object(answer.body)
                inner = read.get("shipment") if what == "pack" else read
                shipment = _id_in(inner)
                if shipment:
                    found[what] = shipment
                elif what != "pack":
                    words = f"the shipment cannot be understood: what is answered for {what} {number} has no id"
                    return Sent(Outcome.MALFORMED, message=words, http_status=answer.status)
            elif answer.http_status == _NOT_OURS:
                others += 1
            elif answer.http_status != _NOT_THERE:
                return answer
        return _single_id(number, found, others)


def _lookup_paths(number: str) -> Iterator[tuple[str, str]]:
    name = segment(number)
    yield "order", f"/orders/{name}/shipments"
    yield "pack", f"/packs/{name}"
    yield "shipment", f"/shipments/{name}"


def _single_id(number: str, found: dict[str, str], others: int) -> str | Sent:
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    if found:
        what = ", ".join(f"{kind} (shipment {shipment})" for kind, shipment in found.items())
        words = f"Mercado Livre knows {number} as {what}: nobody can say which of them is meant, so nothing is told"
        return Sent(Outcome.REFUSED, message=words)
    if others == len(list(_lookup_paths(number))):
        words = (
            "Mercado Livre lets this application read nothing: look at its permissions there, and authorise it again"
        )
        return Sent(Outcome.AUTH_FAILED, message=words, http_status=_NOT_OURS)
    if others:
        words = f"what Mercado Livre knows as {number} is another seller's"
        return Sent(Outcome.REFUSED, message=words, http_status=_NOT_OURS)
    words = f"Mercado Livre knows no shipment of this order: {number} is no order, pack or shipment there with one"
    return Sent(Outcome.REFUSED, message=words, http_status=_NOT_THERE)


def read_shipment(answer: HttpAnswer) -> SaleShipment | Sent:
    """A shipment of either format: the mode is at the top level, or in `logistic`."""
    read = json_object(answer.body)
    logistic = read.get("logistic")
    mode = _text(logistic.get("mode") if isinstance(logistic, dict) else None) or _text(read.get("mode"))
    number, status = _id_in(read), _text(read.get("status"))
    if not number or not status:
        words = "the shipment cannot be understood: it has no id or status"
        return Sent(Outcome.MALFORMED, message=words, http_status=answer.status)
    if not mode:
        words = "the shipment cannot be understood: no mode says who moves it"
        return Sent(Outcome.MALFORMED, message=words, http_status=answer.status)
    state = State(status, _text(read.get("substatus")))
    return SaleShipment(
        number, mode.lower(), state, _text(read.get("tracking_number")), _moment(read.get("date_created"))
    )


def _id_in(read: Any) -> str:
    number = read.get("id") if isinstance(read, dict) else None
    if isinstance(number, bool) or not isinstance(number, int | str):
        return ""
    return "" if text_problem(str(number), _LONGEST_ID) else str(number)


def _text(value: object) -> str:
    """A text; empty for the texts 'null' and '' and for other types."""
    return value.strip() if isinstance(value, str) and value.strip().lower() != "null" else ""


def _moment(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(_text(value))
    except ValueError:
        return None
    return at if at.tzinfo else None


def _normalise(number: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", number.upper())
