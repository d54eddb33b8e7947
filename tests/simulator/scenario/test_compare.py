"""In: a simulator and claims about it; out: nothing if all are true, one sentence for each false one."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from email.message import EmailMessage

import pytest

from paradeiro.simulator.carriers.correios import ZONE
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.mailboxes import Mail
from paradeiro.simulator.parties import Simulator, make_simulator
from paradeiro.simulator.scenario.compare import CODE_HEADER, STATUS_HEADER, Claim, differences
from paradeiro.simulator.scenario.ground_truth import Package, SoldOrder, history, true_status
from paradeiro.simulator.scenario.scenario import MARKETPLACE, Scenario
from tests.simulator.conftest import START

Claims = dict[str, Claim]


def mail(simulator: Simulator, order: SoldOrder, code: str, status: str, *, text: str, number: int) -> Mail:
    message = EmailMessage()
    message["To"], message["Subject"], message["Message-ID"] = str(order.customer.email), text, f"<{number}@loja>"
    message[STATUS_HEADER], message[CODE_HEADER] = status, code
    message.set_content(text)
    return Mail(number, simulator.clock(), (str(order.customer.email),), message.as_bytes())


def tell_order_system(simulator: Simulator, package: Package) -> None:
    at, stand = simulator.clock(), true_status(package, simulator.clock())
    shown = shown_package(simulator, package)
    shown["trackingNumber"] = package.code
    # As the order system shows what was put: the store's wall clock, taken for UTC.
    delivered = stand.delivered_at and f"{stand.delivered_at.astimezone(ZONE):%Y-%m-%dT%H:%M}:00.0000000+00:00"
    days = [f"{h.happened_at.astimezone(ZONE):%Y-%m-%d}" for h in history(package, at)]
    data = [{"createDate": f"{day}T00:00:00.0000000+00:00"} for day in days]
    shown["courierStatus"] |= {"finished": bool(delivered), "deliveredDate": delivered, "data": data}


def shown_package(simulator: Simulator, package: Package) -> dict:
    packages = simulator.order_system.orders[package.order_id]["packageAttachment"]["packages"]
    return next(p for p in packages if p["invoiceNumber"] == package.invoice_number)


def tell_mercado_livre(simulator: Simulator, order: SoldOrder) -> None:
    """What it would show of an order whose packages all did the same."""
    shown = simulator.mercado_livre.shipments.get(order.marketplace_number)
    if shown is None or shown["mode"] != "me1":
        return
    every = {true_status(p, simulator.ground_truth.end).status for p in order.packages}
    shown["tracking_number"] = order.packages[0].code
    moving = "shipped" if every - {"registered", "unknown", "cancelled"} else "pending"
    shown["status"] = "delivered" if every == {"delivered"} else moving
    if every == {"returned"}:
        shown["status"], shown["substatus"] = "not_delivered", "returned"


def perfect() -> tuple[Simulator, Claims, dict[str, bool]]:
    """A simulator at its end whose parties got every true update, and claims that match."""
    ground_truth = Scenario(120, 12, 7, START).ground_truth()
    simulator = make_simulator(ground_truth, SimulatorClock(ground_truth.end))
    claims: Claims = {}
    for order in ground_truth.orders:
        for package in order.packages:
            stand, shown = true_status(package, ground_truth.end), package.visible(ground_truth.end)
            events = [(h.happened_at, h.code, h.says) for h in shown]
            claims[package.code] = Claim(stand.status, stand.delivered_at, events, order.invoiced_at)
            tell_order_system(simulator, package)
            if order.affiliate == MARKETPLACE:
                known = {"invoice": {}, "number": package.code, "delivered": stand.status == "delivered", "events": []}
                simulator.marketplace.invoices[order.marketplace_number, package.invoice_number] = known
            tell_mercado_livre(simulator, order)
            if order.customer.email and any(h.says not in {None, "registered"} for h in shown):
                number = len(simulator.mail.mails)
                simulator.mail.mails.append(
                    mail(simulator, order, package.code, stand.status, text="news", number=number)
                )
    orders = {
        o.order_id: all(true_status(p, ground_truth.end).status == "delivered" for p in o.packages)
        for o in ground_truth.orders
    }
    return simulator, claims, orders


@pytest.fixture(scope="module")
def told() -> tuple[Simulator, Claims, dict[str, bool]]:
    return perfect()


Told = tuple[Simulator, Claims, dict[str, bool]]


def differences_of(told: Told) -> list[str]:
    simulator, claims, orders = told
    return differences(simulator, claims, orders, simulator.clock())


def a_delivered(told: Told, *, marketplace: bool = False) -> tuple[SoldOrder, Package]:
    simulator = told[0]
    return next(
        (o, p)
        for o in simulator.ground_truth.orders
        for p in o.packages
        if p.kind == "delivered"
        and true_status(p, simulator.clock()).status == "delivered"
        and o.customer.email
        and o.affiliate == (MARKETPLACE if marketplace else "")
    )


def mails_about(simulator: Simulator, code: str) -> list[Mail]:
    return [m for m in simulator.mail.mails if m.message[CODE_HEADER] == code]


def test_the_whole_truth_has_no_differences(told: Told) -> None:
    assert differences_of(told) == []


def forgotten(told: Told, package: Package, order: SoldOrder) -> None:
    del told[1][package.code]


def wrong_status(told: Told, package: Package, order: SoldOrder) -> None:
    told[1][package.code] = replace(told[1][package.code], status="in_transit")


def wrong_delivery_time(told: Told, package: Package, order: SoldOrder) -> None:
    told[1][package.code] = replace(told[1][package.code], delivered_at=told[0].clock())


def missing_event(told: Told, package: Package, order: SoldOrder) -> None:
    claim = told[1][package.code]
    told[1][package.code] = replace(claim, events=claim.events[1:])


def event_twice(told: Told, package: Package, order: SoldOrder) -> None:
    claim = told[1][package.code]
    told[1][package.code] = replace(claim, events=[*claim.events, claim.events[0]])


def order_not_delivered(told: Told, package: Package, order: SoldOrder) -> None:
    told[2][order.order_id] = not told[2][order.order_id]


def no_number_at_order_system(told: Told, package: Package, order: SoldOrder) -> None:
    shown_package(told[0], package)["trackingNumber"] = None


def not_finished(told: Told, package: Package, order: SoldOrder) -> None:
    shown_package(told[0], package)["courierStatus"]["finished"] = False


def delivered_on_another_day(told: Told, package: Package, order: SoldOrder) -> None:
    shown_package(told[0], package)["courierStatus"]["deliveredDate"] = "2026-10-01 10:00"


def short_history(told: Told, package: Package, order: SoldOrder) -> None:
    shown_package(told[0], package)["courierStatus"]["data"].pop()


def history_of_other_days(told: Told, package: Package, order: SoldOrder) -> None:
    shown_package(told[0], package)["courierStatus"]["data"][0]["createDate"] = "2020-01-01"


def a_breach(told: Told, package: Package, order: SoldOrder) -> None:
    told[0].order_system.breaches.append("PUT without a body")


def stale_mail(told: Told, package: Package, order: SoldOrder) -> None:
    number = len(told[0].mail.mails)
    told[0].mail.mails.append(mail(told[0], order, package.code, "in_transit", text="old", number=number))


def same_mail_twice(told: Told, package: Package, order: SoldOrder) -> None:
    number = len(told[0].mail.mails)
    told[0].mail.mails.append(mail(told[0], order, package.code, "delivered", text="news", number=number))


def same_message_id(told: Told, package: Package, order: SoldOrder) -> None:
    told[0].mail.mails.append(mail(told[0], order, package.code, "delivered", text="again", number=0))


def mail_to_somebody_else(told: Told, package: Package, order: SoldOrder) -> None:
    simulator = told[0]
    (own,) = mails_about(simulator, package.code)
    simulator.mail.mails[own.number] = replace(own, to=("eve@example.com",))


def more_mails_than_news(told: Told, package: Package, order: SoldOrder) -> None:
    newest = max(h.happened_at for h in package.visible(told[0].clock()))
    told[1][package.code] = replace(told[1][package.code], registered_at=newest)


def no_mail(told: Told, package: Package, order: SoldOrder) -> None:
    simulator = told[0]
    simulator.mail.mails[:] = [m for m in simulator.mail.mails if m.message[CODE_HEADER] != package.code]


WRONGS: list[tuple[Callable[[Told, Package, SoldOrder], None], str]] = [
    (forgotten, "nobody follows it"),
    (wrong_status, "claimed in_transit, the truth is delivered"),
    (wrong_delivery_time, "is claimed, the truth is"),
    (missing_event, "is missing (1 times)"),
    (event_twice, "never happened (1 times)"),
    (order_not_delivered, "delivered is claimed"),
    (no_number_at_order_system, "its number is None"),
    (not_finished, "finished is False"),
    (delivered_on_another_day, "delivered date 2026-10-01 10:00"),
    (short_history, "events, the truth is"),
    (history_of_other_days, "the days of its events"),
    (a_breach, "broke the contract"),
    (stale_mail, "the last one says in_transit"),
    (same_mail_twice, "the same was said twice"),
    (same_message_id, "was sent 2 times"),
    (mail_to_somebody_else, "somebody else"),
    (more_mails_than_news, "newer than the registration"),
    (no_mail, "none was sent"),
]


@pytest.mark.parametrize(("wrong", "sentence"), WRONGS, ids=[w.__name__ for w, _ in WRONGS])
def test_each_wrong_thing_is_found(
    told: Told, wrong: Callable[[Told, Package, SoldOrder], None], sentence: str
) -> None:
    spoiled = deepcopy(told)
    order, package = a_delivered(spoiled)
    wrong(spoiled, package, order)
    assert any(sentence in words for words in differences_of(spoiled)), differences_of(spoiled)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [({"number": "other"}, "its number is other"), ({"delivered": False}, "delivered is False"), (None, "not know")],
)
def test_updates_of_the_marketplace(told: Told, change: dict[str, object] | None, sentence: str) -> None:
    spoiled = deepcopy(told)
    order, package = a_delivered(spoiled, marketplace=True)
    key = (order.marketplace_number, package.invoice_number)
    if change is None:
        del spoiled[0].marketplace.invoices[key]
    else:
        spoiled[0].marketplace.invoices[key].update(change)
    assert any(sentence in words for words in differences_of(spoiled))


def test_a_delivery_mail_for_what_was_never_delivered(told: Told) -> None:
    spoiled = deepcopy(told)
    simulator = spoiled[0]
    order, package = next(
        (o, p) for o in simulator.ground_truth.orders for p in o.packages if p.kind == "returned" and o.customer.email
    )
    simulator.mail.mails.append(
        mail(simulator, order, package.code, "delivered", text="wrong", number=len(simulator.mail.mails))
    )
    assert any("which it never was" in words for words in differences_of(spoiled))


def test_a_mail_to_a_customer_without_an_address(told: Told) -> None:
    spoiled = deepcopy(told)
    simulator = spoiled[0]
    order = next(o for o in simulator.ground_truth.orders if o.customer.email is None)
    code = order.packages[0].code
    simulator.mail.mails.append(
        mail(simulator, order, code, "delivered", text="wrong", number=len(simulator.mail.mails))
    )
    assert any("has no address" in words for words in differences_of(spoiled))


def _sold_by_mercado_livre(told: Told, *, mode: str, delivered: bool) -> SoldOrder:
    simulator = told[0]
    return next(
        o
        for o in simulator.ground_truth.orders
        if (shown := simulator.mercado_livre.shipments.get(o.marketplace_number)) is not None
        and shown["mode"] == mode
        and all(true_status(p, simulator.clock()).status == "delivered" for p in o.packages) == delivered
    )


@pytest.mark.parametrize(
    ("mode", "delivered", "change", "said"),
    [
        ("me1", True, {"status": "shipped"}, "the truth is delivered"),
        ("me1", False, {"status": "delivered"}, "not all packages ever were"),
        ("me1", True, {"status": "not_delivered"}, "not all packages ever did"),
        ("me1", True, {"tracking_number": "QQ000000000BR"}, "its number is QQ000000000BR"),
        ("me1", True, {"tracking_number": None}, "its number is None"),
        ("me2", True, {"status": "delivered"}, "moves by itself"),
        ("custom", True, {"tracking_number": "QQ000000000BR"}, "its number is QQ000000000BR"),
    ],
)
def test_what_mercado_livre_shows_is_looked_at(
    mode: str, delivered: bool, change: dict[str, str | None], said: str
) -> None:
    told = perfect()
    order = _sold_by_mercado_livre(told, mode=mode, delivered=delivered)
    told[0].mercado_livre.shipments[order.marketplace_number].update(change)
    assert len(differences_of(told)) == 1
    assert said in differences_of(told)[0]


def test_what_the_seller_typed_at_mercado_livre_is_no_difference() -> None:
    told = perfect()
    order = _sold_by_mercado_livre(told, mode="me1", delivered=True)
    told[0].mercado_livre.sales.typed(order.marketplace_number, "DIGITADO1")
    assert differences_of(told) == []


def test_a_shipment_of_two_orders_is_delivered_once_all_their_packages_are() -> None:
    told = perfect()
    delivered, other = (_sold_by_mercado_livre(told, mode="me1", delivered=d) for d in (True, False))
    told[0].mercado_livre.sales.share(delivered.marketplace_number, other.marketplace_number)
    assert {f"order {o.marketplace_number} at Mercado Livre" for o in (delivered, other)} == {
        words.split(":")[0] for words in differences_of(told) if "not all packages ever were" in words
    }
