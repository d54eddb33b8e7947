"""In: a message; out: the name of its carrier as its recipient knows it."""

from paradeiro.domain.records import Message


def carrier_name(message: Message) -> str:
    """The carrier's name; empty if unknown. A lookup-only source (an aggregator) is not a carrier."""
    if message.carrier is not None:
        return message.carrier.name
    shipment = message.shipment
    return shipment.invoice.courier or shipment.carrier.replace("_", " ").title()
