"""In: an account of a seller at Mercado Livre; out: a session that sends our news to its orders.

It reads before it writes: the order's shipment says whether the seller moves it (Mercado Envios 1) and what it shows
already, so nothing is sent twice, no step is left out, and final states stay untouched. It reads afterwards too: an OK
there proves nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from paradeiro.connectors.mercado_livre.byhand import ManualShipments
from paradeiro.connectors.mercado_livre.render import WantedPosition, WantedShipment, sale_of, segment, version_of
from paradeiro.connectors.mercado_livre.shipments import SaleShipment, Shipments
from paradeiro.connectors.mercado_livre.wire import Wire
from paradeiro.connectors.mercado_livre.words import SERVICES, SHIPPED, V1, State, shows
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Clock, Request, Sent
from paradeiro.sdk.http import embedded_refusal, json_object

# For so long after an accepted notification, a 404 concerns that one shipment, not the interface.
_SERVED_FOR = timedelta(hours=1)
_NOT_FOUND, _BAD = 404, 400
# Refusals of a notification that are not caused by its tracking number.
_NOT_THE_NUMBERS = ("event_date_before", "shipment_mode")
_ASK, _KEEP, _OVERWRITE = "ask", "keep", "overwrite"


class MercadoLivreSession:
    """An open session of one seller."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        self._clock = clock
        self._wire = Wire(account, clock)
        self._shipments = Shipments(self._wire)
        self._by_hand = ManualShipments(account.settings, self._wire, self._shipments)
        self._version = version_of(account.settings)
        numbers = account.settings.get("numbers", "").strip().lower()
        self._numbers = numbers if numbers in {_KEEP, _OVERWRITE} else _ASK  # an unknown value means ask
        self._served_at: datetime | None = None

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    async def send(self, request: Request, telling_id: str) -> Sent:  # noqa: ARG002 - the shipment is read before it is updated
        """Send what the order's shipment does not show yet, step by step, and read whether it shows it then."""
        wanted = msgspec.json.decode(request.body, type=WantedShipment)
        shown = await self._shipments.find(sale_of(request))
        if isinstance(shown, Sent):
            return shown
        match shown.mode:
            case "me1":
                return await self._send_update(shown, wanted)
            case "me2":
                return nothing_due(f"told nothing: Mercado Livre follows this package itself ({shown.mode})")
            case "custom" | "not_specified":
                return await self._by_hand.send(shown, wanted)
            case _:
                words = f"nobody here knows who moves a shipment of mode '{shown.mode}': update Paradeiro"
                return Sent(Outcome.MALFORMED, message=words)

    async def _send_update(self, shown: SaleShipment, wanted: WantedShipment) -> Sent:
        """Update a shipment that the seller moves."""
        if shown.state.final and (wanted.news is None or _state_of(wanted.news) != shown.state):
            return nothing_due(f"told nothing: Mercado Livre shows {shown.state}, which is final there")
        if wanted.news is None:
            return nothing_due(self._send_number_only(shown, wanted))
        return await self._send_position(shown, wanted, wanted.news)

    async def already_done(self, request: Request, telling_id: str) -> bool | None:  # noqa: ARG002 - the same call for every sink
        """Whether the shipment shows all of it; None if it does not answer now."""
        wanted = msgspec.json.decode(request.body, type=WantedShipment)
        shown = await self._shipments.find(sale_of(request))
        if isinstance(shown, Sent):
            return None if shown.outcome is Outcome.RETRY else False
        if wanted.news is None:
            return _is_of_order(shown, wanted)
        return bool(shown.tracking_number) and shows(shown.state, _state_of(wanted.news))

    def _send_number_only(self, shown: SaleShipment, wanted: WantedShipment) -> str:
        """The result for a number without a position yet: no call takes it alone."""
        if shown.has_number(wanted.tracking_number):
            return "the number was there"
        if not shown.tracking_number:
            return f"kept: Mercado Livre takes {wanted.tracking_number} with the first status, once the carrier has it"
        if _is_of_order(shown, wanted):
            return f"the shipment goes by {shown.tracking_number}, another package of the order"
        if self._numbers == _OVERWRITE:
            return f"kept: {wanted.tracking_number} replaces {shown.tracking_number} with the next status"
        return f"the shipment goes by {shown.tracking_number}, entered there: it stays"

    async def _send_position(self, shown: SaleShipment, wanted: WantedShipment, news: WantedPosition) -> Sent:
        """Send the position; first `shipped`, where the shipment is not there yet. The number is sent along."""
        state, note = _state_of(news), ""
        foreign = bool(shown.tracking_number) and not _is_of_order(shown, wanted)
        if foreign and self._numbers != _OVERWRITE:
            note = f"; the shipment goes by {shown.tracking_number}, entered there"
            if state.final and self._numbers == _ASK and not shows(shown.state, state):
                return _other_package_problem(shown, wanted, state)
        numbered = bool(wanted.tracking_url) and (
            not shown.tracking_number or (foreign and self._numbers == _OVERWRITE)
        )
        was_there = shows(shown.state, state)
        if was_there and (not numbered or state.final):
            return nothing_due(f"{state} was there{note}")
        refused = ""
        for step in self._steps(shown, news):
            told = await self._notify(shown, wanted, step, numbered=numbered and not refused)
            if isinstance(told, Sent):
                return told
            refused = refused or told
        return await self._read_back(shown, wanted, state, numbered=numbered, note=note, refused=refused)

    def _steps(self, shown: SaleShipment, news: WantedPosition) -> Sequence[WantedPosition]:
        state = _state_of(news)
        if shown.state.status == SHIPPED.status or state == SHIPPED:
            return (news,)
        return (WantedPosition(SHIPPED.status, "", news.shipped_on, news.shipped_on, news.comment), news)

    async def _notify(
        self, shown: SaleShipment, wanted: WantedShipment, news: WantedPosition, *, numbered: bool
    ) -> Sent | str:
        """One seller notification. A `Sent` if it was refused; else why its number was refused, or an empty text.

        A refused number does not hold up the position: the same is sent again without it.
        """
        told = await self._post(shown, self._body(shown, wanted, news, numbered=numbered))
        at_fault = told is not None and told.outcome is Outcome.REFUSED and told.http_status == _BAD
        if told is None or not (numbered and at_fault) or any(c in told.message for c in _NOT_THE_NUMBERS):
            return told or ""
        again = await self._post(shown, self._body(shown, wanted, news, numbered=False))
        return told.message if again is None else told

    def _body(
        self, shown: SaleShipment, wanted: WantedShipment, news: WantedPosition, *, numbered: bool
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "payload": {
                "service_id": wanted.service_id or SERVICES["BR"],
                "comment": news.comment,
                "date": self._bounded_date(news.date, shown),
            },
            "status": news.status,
            # None is `null` in V2, and was a text in V1.
            "substatus": news.substatus or ("null" if self._version == V1 else None),
        }
        if numbered:
            body |= {"tracking_number": wanted.tracking_number, "tracking_url": wanted.tracking_url}
        return body

    def _bounded_date(self, text: str, shown: SaleShipment) -> str:
        """The date, never in the future and never before the shipment was created there: else it is refused."""
        at = datetime.fromisoformat(text)
        latest = max(min(at, self._clock()), shown.created_at or at)
        return text if latest == at else latest.astimezone(at.tzinfo).isoformat(timespec="milliseconds")

    async def _post(self, shown: SaleShipment, body: dict[str, Any]) -> Sent | None:
        """None if it was accepted."""
        version = "" if self._version == V1 else "/v2"
        path = f"{version}/shipments/{segment(shown.id)}/seller_notifications"
        answer = await self._wire.ask("POST", path, msgspec.json.encode(body))
        if isinstance(answer, Sent):
            ended = answer.http_status == _NOT_FOUND and not self._served_recently()
            return self._interface_ended(answer) if ended or answer.outcome is Outcome.ENDED else answer
        no = embedded_refusal(answer)
        if no:
            return Sent(Outcome.REFUSED, message=f"refused inside a success: {no}", http_status=answer.status)
        if str(json_object(answer.body).get("status", "")).upper() != "OK":
            return Sent(Outcome.MALFORMED, message="accepted without its OK", http_status=answer.status)
        self._served_at = self._clock()
        return None

    def _served_recently(self) -> bool:
        return self._served_at is not None and self._clock() - self._served_at < _SERVED_FOR

    def _interface_ended(self, answer: Sent) -> Sent:
        """The shipment was read just before: a 404 now concerns the interface."""
        what = f"seller notifications of {self._version.upper()} answer {answer.http_status}"
        if self._version == V1:
            do = "V1 was announced to end on 2026-10-31: set the account's api_version to v2"
        else:
            do = "update Paradeiro, or set the account's api_version to one that Mercado Livre serves"
        return Sent(Outcome.ENDED, message=f"{what}: {do}", http_status=answer.http_status)

    async def _read_back(
        self, before: SaleShipment, wanted: WantedShipment, state: State, *, numbered: bool, note: str, refused: str
    ) -> Sent:
        """What the shipment shows after the update."""
        after = await self._shipments.read(before.id)
        if isinstance(after, Sent):
            words = f"accepted; whether {state} is shown cannot be read now: {after.message}"
            return Sent(Outcome.RETRY, message=words, in_doubt=True, about_one=True, retry_after=after.retry_after)
        if not shows(after.state, state):
            words = f"Mercado Livre accepted {state} and still shows {after.state}"
            return Sent(Outcome.NOT_WRITTEN, message=words, http_status=200)
        if not numbered or after.has_number(wanted.tracking_number):
            number = f", number {wanted.tracking_number}" if numbered else ""
            return Sent(Outcome.FOUND, receipt=f"OK: {state}{number}{note}", http_status=200)
        if shows(before.state, state) and not refused:
            words = f"{state} was there; the number {wanted.tracking_number} goes with the next one"
            return nothing_due(words)
        why = f" ({refused})" if refused else ""
        words = f"it took {state} and not the number {wanted.tracking_number}{why}: enter it at Mercado Livre"
        return Sent(Outcome.REFUSED, message=words, http_status=200)


def nothing_due(words: str) -> Sent:
    """Nothing (more) had to be sent; the receipt says why."""
    return Sent(Outcome.FOUND, receipt=words)


def _other_package_problem(shown: SaleShipment, wanted: WantedShipment, state: State) -> Sent:
    """A final state is not sent for a shipment that may belong to another package."""
    words = (
        f"{state} is final at Mercado Livre, and the shipment goes by {shown.tracking_number}, not by "
        f"{wanted.tracking_number}: if it is the same package, say so there, or let the account's setting numbers be "
        "keep (told all the same) or overwrite (our number replaces theirs)"
    )
    return Sent(Outcome.REFUSED, message=words)


def _is_of_order(shown: SaleShipment, wanted: WantedShipment) -> bool:
    return any(shown.has_number(number) for number in (wanted.tracking_number, *wanted.others))


def _state_of(news: WantedPosition) -> State:
    return State(news.status, news.substatus)
