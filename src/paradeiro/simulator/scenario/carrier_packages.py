"""In: a seeded random source, an order, a simulated carrier; out: a package that goes by it, with all its events."""

from datetime import datetime
from random import Random

from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.orders.invoice_keys import check_digit
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.scenario.carrier_journeys import carrier_journey
from paradeiro.simulator.scenario.ground_truth import Package, SoldOrder

# The shop's own tax number, which is in the keys of its invoices.
SHOP = "11222333000181"
# Carriers that are asked by something else than the package's code.
_ASKED_BY = {"intelipost": "order:{order}", "ocoren": f"{SHOP}/1/{{number}}"}
# Of an order, these carriers know one package.
ONE_PER_ORDER = frozenset({"intelipost"})


def invoice_key(number: int, issued_at: datetime) -> str:
    """The key of an NF-e of the shop, series 1."""
    start = f"35{issued_at:%y%m}{SHOP}55001{number:09d}1{number % 99_999_999:08d}"
    return start + str(check_digit(start))


def carrier_package(
    chance: Random, order: SoldOrder, carrier: type[SimulatedCarrier], number: int, posted_at: datetime
) -> Package:
    """A package of an order; `number` is different for each."""
    kind, happenings = carrier_journey(chance, posted_at, carrier.sayable)
    key, own = invoice_key(number, order.invoiced_at), carrier.new_code(chance, number)
    code = key if carrier.known_by_key else own
    followed_as = _ASKED_BY.get(carrier.name, "{code}").format(
        order=order.order_id, number=number, code=tidy_code(code)
    )
    return Package(
        code,
        order.order_id,
        str(number),
        kind,
        happenings,
        order.promised_at,
        carrier=carrier.name,
        courier=carrier.courier,
        invoice_key=key,
        shown_number="" if carrier.known_by_key else None,
        own_number=own if carrier.known_by_key else carrier.own_number(own),
        followed_as=followed_as,
    )
