"""In: the wanted state of a shipment that the seller moves by hand there (custom, not specified); out: the result.

Pages and users disagree on which call moves such a shipment (docs/connectors/mercado_livre.md). So unless the account's
setting says that the old PUT works, a person is told what to do: Mercado Livre does not follow it itself.
"""

from collections.abc import Mapping

import msgspec

from paradeiro.connectors.mercado_livre.render import WantedShipment, segment
from paradeiro.connectors.mercado_livre.shipments import SaleShipment, Shipments
from paradeiro.connectors.mercado_livre.wire import Wire
from paradeiro.connectors.mercado_livre.words import SHIPPED
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import Sent
from paradeiro.sdk.http import embedded_refusal

_PUT = "put"


class ManualShipments:
    """Updates such shipments of one seller."""

    def __init__(self, settings: Mapping[str, str], wire: Wire, shipments: Shipments) -> None:
        self._puts = settings.get("custom", "").strip().lower() == _PUT
        self._wire = wire
        self._shipments = shipments

    async def send(self, shown: SaleShipment, wanted: WantedShipment) -> Sent:
        """Nothing if it shows all that is due; else by the PUT, or by a notice to a person."""
        status = wanted.news.status if wanted.news else ""
        if _is_up_to_date(shown, status):
            return Sent(Outcome.FOUND, receipt=f"nothing more to tell: it shows {shown.state}")
        if not self._puts or status not in {"", SHIPPED.status}:
            return _ask_person(shown, wanted.tracking_number, status)
        body = {"tracking_number": wanted.tracking_number} | ({"status": status} if status else {})
        answer = await self._wire.ask("PUT", f"/shipments/{segment(shown.id)}", msgspec.json.encode(body))
        if isinstance(answer, Sent):
            return answer
        no = embedded_refusal(answer)
        if no:
            return Sent(Outcome.REFUSED, message=f"refused inside a success: {no}", http_status=answer.status)
        return await self._read_back(shown, wanted, status)

    async def _read_back(self, shown: SaleShipment, wanted: WantedShipment, status: str) -> Sent:
        after = await self._shipments.read(shown.id)
        if isinstance(after, Sent):
            words = f"accepted; whether it is shown cannot be read now: {after.message}"
            return Sent(Outcome.RETRY, message=words, in_doubt=True, about_one=True, retry_after=after.retry_after)
        if _is_up_to_date(after, status):
            return Sent(Outcome.FOUND, receipt=f"OK: {status or 'number'} {wanted.tracking_number}", http_status=200)
        words = (
            f"Mercado Livre accepted the number and still shows {after.state}, number {after.tracking_number or '-'}"
        )
        return Sent(Outcome.NOT_WRITTEN, message=words, http_status=200)


def _is_up_to_date(shown: SaleShipment, status: str) -> bool:
    """Whether a shipment shows the status, or a final one; for a number alone, whether it has any number."""
    if shown.state.final and status in {"", SHIPPED.status, shown.state.status}:
        return True
    return bool(shown.tracking_number) if not status else shown.state.status == status


def _ask_person(shown: SaleShipment, number: str, status: str) -> Sent:
    due = f"mark it as {status}" if status else f"enter the number {number}"
    words = (
        f"the seller moves this shipment by hand at Mercado Livre (mode {shown.mode}), which does not follow it and "
        f"takes nothing of it from here: {due} there"
    )
    return Sent(Outcome.REFUSED, message=words)
