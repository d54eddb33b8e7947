"""In: a telling; out: the name of its carrier as the party that is told knows it."""

from paradeiro.domain.records import Telling


def carrier_name(telling: Telling) -> str:
    """The carrier's name there; empty if nobody said who carries it. A source that only looks packages up is none."""
    if telling.carrier is not None:
        return telling.carrier.name
    shipment = telling.shipment
    return shipment.invoice.courier or shipment.carrier.replace("_", " ").title()
