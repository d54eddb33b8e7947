"""In: the ground truth, claims about packages, the updates sent to all parties; out: every difference, in words."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from paradeiro.simulator.carriers.correios import ZONE
from paradeiro.simulator.carriers.correios_proofs import delivery_pictures
from paradeiro.simulator.carriers.drawn_pictures import DrawnPicture
from paradeiro.simulator.carriers.registry import simulated_carriers
from paradeiro.simulator.mailboxes import Mail
from paradeiro.simulator.order_systems.vtex_shapes import shown_instant
from paradeiro.simulator.parties import Simulator
from paradeiro.simulator.scenario.ground_truth import Package, SoldOrder, TrueStatus, history, true_status, withdrawn
from paradeiro.simulator.scenario.scenario import MARKETPLACE, MERCADO_LIVRE

_SOON_ENOUGH = timedelta(days=1)
STATUS_HEADER, CODE_HEADER = "X-Paradeiro-Status", "X-Paradeiro-Tracking-Code"
KIND_HEADER, REMINDER = "X-Paradeiro-Kind", "pickup_reminder"  # a reminder is not news: it has no event


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim about a package: its status, its delivery time, its events as (instant, code, status)."""

    status: str
    delivered_at: datetime | None
    events: list[tuple[datetime, str, str | None]]
    registered_at: datetime


def differences(
    simulator: Simulator, claims: Mapping[str, Claim], orders_delivered: Mapping[str, bool], at: datetime
) -> list[str]:
    """Every difference from the ground truth as it was visible at an instant. Zero is the only acceptable number."""
    found = [f"a request broke the contract: {words}" for words in simulator.breaches]
    mails = _mails_by_code(simulator)
    for order in simulator.ground_truth.orders:
        if order.invoiced_at > at:
            continue
        stands = [true_status(package, at) for package in order.packages]
        for package, stand in zip(order.packages, stands, strict=True):
            found += _package(package, stand, claims.get(package.followed_as), at)
            found += _at_order_system(simulator, package, stand, at)
            if order.affiliate == MARKETPLACE:
                found += _at_marketplace(simulator, order, package, stand)
            found += _mail_differences(
                order, package, stand, claims.get(package.followed_as), mails.get(package.followed_as, []), at
            )
        found += _at_mercado_livre(simulator, order, at)
        whole = all(s.status == "delivered" for s in stands)
        if orders_delivered.get(order.order_id, False) != whole:
            found.append(f"order {order.order_id}: delivered is claimed {not whole}, the truth is {whole}")
    return found + list(_mail_problems(simulator))


def proof_differences(simulator: Simulator, proofs: Mapping[str, set[bytes]], at: datetime) -> list[str]:
    """Where the stored pictures of deliveries differ from those that the carrier shows. A picture counts as missing
    only a day after it was shown: a carrier is not queried every minute.
    """
    found = []
    for package in simulator.ground_truth.packages:
        kept = proofs.get(package.followed_as, set())
        drawn = _drawn(simulator, package, at)
        due = {each.content for each in drawn if each.shown_at + _SOON_ENOUGH <= at}
        name = f"{package.code} ({package.kind})"
        if missing := len(due - kept):
            found.append(f"{name}: {missing} of {len(due)} pictures of its delivery are missing")
        if wrong := len(kept - {each.content for each in drawn}):
            found.append(f"{name}: {wrong} pictures are not of the delivery that stands")
    return found


def _drawn(simulator: Simulator, package: Package, at: datetime) -> list[DrawnPicture]:
    if package.carrier != "correios":
        return simulator.carriers[package.carrier].pictures(package, at)
    return [picture for signed in (False, True) for picture in delivery_pictures(package, at, signed=signed)]


def _package(package: Package, stand: TrueStatus, claim: Claim | None, at: datetime) -> Iterator[str]:
    """The claim about a package against what its carrier shows."""
    name = f"{package.code} ({package.kind})"
    if claim is None:
        yield f"{name}: nobody follows it"
        return
    if claim.status != stand.status:
        yield f"{name}: claimed {claim.status}, the truth is {stand.status}"
    if not _same_instant(package, claim.delivered_at, stand.delivered_at):
        yield f"{name}: delivered at {claim.delivered_at} is claimed, the truth is {stand.delivered_at}"
    missing, never = _event_differences(package, claim, at)
    for (moment, said), count in missing.items():
        yield f"{name}: {said} of {moment:%Y-%m-%d %H:%M} is missing ({count} times)"
    for (moment, said), count in never.items():
        yield f"{name}: {said} of {moment:%Y-%m-%d %H:%M} never happened ({count} times)"


def _event_differences(
    package: Package, claim: Claim, at: datetime
) -> tuple[Counter[tuple[datetime, str]], Counter[tuple[datetime, str]]]:
    """The events that are missing, and those that never happened. Of the post office every event counts; of other
    carriers those that say something of the position: each writes notes and stages of its labels in its own way, and
    some stop showing what they withdrew.
    """
    shown = package.visible(at)
    truth = Counter(_stated(package, h.happened_at, h.code, h.says) for h in shown)
    told = Counter(_stated(package, *event) for event in claim.events)
    if package.carrier == "correios":
        return truth - told, told - truth
    gone = withdrawn(shown)
    due = Counter(
        _stated(package, h.happened_at, h.code, h.says)
        for index, h in enumerate(shown)
        if h.says is not None and index not in gone
    )
    # What is told without an instant cannot be wrong about it.
    untimed = {str(h.says) for h in shown if h.code in _untimed(package)}
    said = {status for _, status in told} & untimed
    passing = {"no position", "registered"} | untimed
    # One happening may be two scans of one second: what counts is that it happened.
    never = {key: n for key, n in told.items() if key[1] not in passing and key not in truth}
    return Counter(key for key in due if key not in told and key[1] not in said), Counter(never)


def _untimed(package: Package) -> frozenset[str]:
    """What its carrier tells without saying when."""
    carrier = simulated_carriers().get(package.carrier)
    return frozenset() if carrier is None else carrier.untimed


def _stated(package: Package, at: datetime, code: str, says: str | None) -> tuple[datetime, str]:
    """An event as it is compared: of the post office its code, of other carriers its meaning, to the minute, since each
    has codes of its own.
    """
    if package.carrier == "correios":
        return at, code
    return at.replace(second=0, microsecond=0), says or "no position"


def _same_instant(package: Package, one: datetime | None, other: datetime | None) -> bool:
    if one is None or other is None or package.carrier == "correios":
        return one == other
    return one.replace(second=0, microsecond=0) == other.replace(second=0, microsecond=0)


def _at_order_system(simulator: Simulator, package: Package, stand: TrueStatus, at: datetime) -> Iterator[str]:
    """The updates that the order system got about a package."""
    order = simulator.order_system.orders[package.order_id]
    shown = next(p for p in order["packageAttachment"]["packages"] if p["invoiceNumber"] == package.invoice_number)
    courier = shown["courierStatus"]
    name = f"{package.code} at the order system"
    if shown["trackingNumber"] not in package.numbers and (shown["trackingNumber"] or package.visible(at)):
        yield f"{name}: its number is {shown['trackingNumber']}"
    if bool(courier["finished"]) != (stand.status == "delivered"):
        yield f"{name}: finished is {courier['finished']}, the truth is {stand.status}"
    said = shown_instant(f"{stand.delivered_at.astimezone(ZONE):%Y-%m-%d %H:%M}") if stand.delivered_at else None
    if courier.get("deliveredDate") != said:
        yield f"{name}: delivered date {courier.get('deliveredDate')}, the truth is {said}"
    due = history(package, at)
    timed = [h for h in due if h.code not in _untimed(package)]
    days = [shown_instant(f"{h.happened_at.astimezone(ZONE):%Y-%m-%d}") for h in timed]
    shown_days = [line["createDate"] for line in courier["data"]]
    if package.carrier != "correios":
        # Stages of labels and second scans are lines too: nothing may be missing.
        if set(days) - set(shown_days):
            yield f"{name}: it lacks events of {', '.join(sorted(set(days) - set(shown_days)))}"
        return
    if len(courier["data"]) != len(due):
        yield f"{name}: it holds {len(courier['data'])} events, the truth is {len(due)}"
    if sorted(shown_days) != sorted(days):
        yield f"{name}: the days of its events are not those of the truth"


def _at_marketplace(simulator: Simulator, order: SoldOrder, package: Package, stand: TrueStatus) -> Iterator[str]:
    """The updates that the marketplace got about a package that it sold."""
    name = f"{package.code} at the marketplace"
    told = simulator.marketplace.invoices.get((order.marketplace_number, package.invoice_number))
    if told is None:
        yield f"{name}: it does not know the invoice"
        return
    if told.get("number") not in package.numbers and (told.get("number") or package.carrier == "correios"):
        yield f"{name}: its number is {told.get('number')}"
    if bool(told.get("delivered", False)) != (stand.status == "delivered"):
        yield f"{name}: delivered is {told.get('delivered')}, the truth is {stand.status}"


def _at_mercado_livre(simulator: Simulator, order: SoldOrder, at: datetime) -> Iterator[str]:
    """What Mercado Livre shows of an order that it sold: one shipment for all packages of all orders in it. A final
    status stays even when withdrawn elsewhere; `not_delivered` is due only once all packages came back.
    """
    if order.affiliate != MERCADO_LIVRE:
        return
    shown = simulator.mercado_livre.shipments[order.marketplace_number]
    name, status = f"order {order.marketplace_number} at Mercado Livre", shown["status"]
    numbers = set(simulator.mercado_livre.sales.names(shown))
    packages = [p for o in simulator.ground_truth.orders if o.marketplace_number in numbers for p in o.packages]
    number, codes = shown["tracking_number"], {n for p in packages for n in p.numbers} | {shown["typed"]}
    if number is not None and number not in codes:
        yield f"{name}: its number is {number}"
    if shown["mode"] == "me2" and (status, number) != ("pending", shown["typed"]):
        yield f"{name}: it was told of a shipment that moves by itself"
    every = {true_status(package, at).status for package in packages}
    once = [{h.says for h in package.visible(at)} for package in packages]
    if status == "delivered" and not all("delivered" in said for said in once):
        yield f"{name}: it shows delivered, which not all packages ever were"
    elif status == "not_delivered" and not all(said & {"returning", "returned"} for said in once):
        yield f"{name}: it shows that it comes back, which not all packages ever did"
    elif shown["mode"] == "me1" and status not in {"delivered", "not_delivered"}:
        due = "delivered" if every == {"delivered"} else "not_delivered" if every == {"returned"} else ""
        moving = bool(every - {"registered", "unknown", "cancelled"})
        if due or (moving and status != "shipped"):
            yield f"{name}: it shows {status}, the truth is {', '.join(sorted(every))}"
    if shown["mode"] == "me1" and number is None and every - {"registered", "unknown", "cancelled"}:
        yield f"{name}: its number is None"


def _mails_by_code(simulator: Simulator) -> dict[str, list[Mail]]:
    found: dict[str, list[Mail]] = {}
    for mail in simulator.mail.mails:
        found.setdefault(str(mail.message[CODE_HEADER]), []).append(mail)
    return found


def _mail_differences(
    order: SoldOrder, package: Package, stand: TrueStatus, claim: Claim | None, mails: list[Mail], at: datetime
) -> Iterator[str]:
    """The mails to the customer about a package."""
    name = f"the mails about {package.code} ({package.kind})"
    if not mails:
        news = claim is not None and _had_news(package, claim.registered_at, mails_expected_until=claim)
        if order.customer.email and news:
            yield f"{name}: none was sent"
        return
    if order.customer.email is None:
        yield f"{name}: the customer has no address, yet {len(mails)} were sent"
        return
    if any(mail.to != (order.customer.email,) for mail in mails):
        yield f"{name}: one went to somebody else"
    said = [str(mail.message[STATUS_HEADER]) for mail in mails]
    if said[-1] != stand.status:
        yield f"{name}: the last one says {said[-1]}, the truth is {stand.status}"
    if "delivered" in said and not any(h.says == "delivered" for h in package.happenings):
        yield f"{name}: one says delivered, which it never was"
    newer = [h for h in package.visible(at) if claim is None or h.happened_at > claim.registered_at]
    told = [mail for mail in mails if mail.message[KIND_HEADER] != REMINDER]
    if len(told) > len(newer):
        yield f"{name}: {len(told)} were sent, but only {len(newer)} events are newer than the registration"
    texts = [(str(mail.message["subject"]), mail.part("plain")) for mail in mails]
    if any(one == other for one, other in pairwise(texts)):
        yield f"{name}: the same was said twice"


def _had_news(package: Package, registered_at: datetime, mails_expected_until: Claim) -> bool:
    """Whether an event worth a mail was claimed that happened after the registration."""
    known = {_stated(package, *event) for event in mails_expected_until.events}
    return any(
        h.happened_at > registered_at + timedelta(minutes=1)
        and h.says not in {None, "registered"}
        and _stated(package, h.happened_at, h.code, h.says) in known
        for h in package.happenings
    )


def _mail_problems(simulator: Simulator) -> Iterator[str]:
    """Problems of mails in general."""
    ids = Counter(str(mail.message["message-id"]) for mail in simulator.mail.mails)
    for message_id, count in ids.items():
        if count > 1:
            yield f"the mail {message_id} was sent {count} times"
