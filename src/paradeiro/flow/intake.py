"""In: orders as an order system shows them, packages as somebody registers them; out: shipments that are followed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from paradeiro.db import audit, jobs, notices, orders, packages, shipments
from paradeiro.db.audit import By, Deed
from paradeiro.db.jobs import Job
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.packages import Stated
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.stores import Account
from paradeiro.domain.bounds import bounded_order, number_problem
from paradeiro.domain.codes import CodeProblem, codes_in, free_code_problem, tidy_code
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import DeedKind, NoticeKind, PartyKind
from paradeiro.flow import deadlines, labels, set_aside
from paradeiro.flow.carriers import default_courier
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.means import Means
from paradeiro.flow.planning import introduce_shipment, tell_invoices
from paradeiro.flow.shared_codes import shared_code
from paradeiro.flow.stated_keys import with_right_keys
from paradeiro.flow.surroundings import Surroundings, surround
from paradeiro.sdk.contract import Connector

_LONGEST_SAID = 500
# Who said what nobody is known to have said.
_SOMEBODY = "cli"


@dataclass(frozen=True, slots=True)
class Registration:
    """A package as stated by somebody, or several of one invoice, if the text names several codes. `lenient` takes a
    code whose check digit is wrong. `replaces`: the code of the order's label whose place this one takes.
    """

    order: Order
    carrier: str
    tracking_code: str
    invoice: Invoice
    lenient: bool = False
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """A package that was taken. `joined`: it was known, and carries one more invoice now."""

    shipment_id: int
    created: bool
    joined: bool = False


@dataclass(frozen=True, slots=True)
class StatedOrder:
    """An order as stated by somebody, with all of its packages that are known by now. Each names this order."""

    order: Order
    packages: tuple[Registration, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenOrder:
    """An order that was taken; its packages in the order stated, one for each code."""

    order_id: int
    created: bool
    packages: tuple[Registered, ...]


async def register(means: Means, store_id: int, stated: Registration, by: By | None = None) -> Registered:
    """Register a package of a store. Raises `InvalidError`; registering it again is the same shipment."""
    return (await state_order(means, store_id, StatedOrder(stated.order, (stated,)), by)).packages[0]


async def state_order(means: Means, store_id: int, stated: StatedOrder, by: By | None = None) -> TakenOrder:
    """Take an order with its packages, all or nothing. Raises `InvalidError`; stated again it is completed."""
    async with transaction(means.pool) as connection:
        around = await surround(means, connection, [store_id])
        return await take_stated(means, connection, around, store_id, stated, by)


async def take_stated(
    means: Means, connection: Connection, around: Surroundings, store_id: int, stated: StatedOrder, by: By | None
) -> TakenOrder:
    """The same inside the caller's transaction, and who stated it, if anybody did."""
    number = stated.order.number
    if not number:
        raise InvalidError("no_order", "An order number is needed: give order.number as the order system names it.")
    if problem := number_problem(number):
        raise InvalidError("bad_number", f"The order's number cannot be kept: {problem}.")
    packages = [each for package in stated.packages for each in each_package(means, package)]
    for package in packages:
        _code_of(means, package)  # what cannot be taken is refused before anything is locked
    order_id, created = await orders.state_order(connection, store_id, stated.order, now=means.now())
    policy = around.stores[store_id].policy
    await deadlines.ordered(connection, store_id, order_id, stated.order, policy, now=means.now())
    taken = [await _register(means, connection, around, store_id, order_id, package) for package in packages]
    ended = await _replace(means, connection, around, packages, taken, by)
    if by is not None:
        deeds = [Deed("order", number)] if created else []
        deeds += [
            Deed("register", number, done.shipment_id, package.tracking_code[:_LONGEST_SAID])
            for done, package in zip(taken, packages, strict=True)
            if done.created
        ]
        deeds += [Deed(DeedKind.REPLACE, number, old, said) for old, said in ended]
        await audit.note(connection, store_id, by, deeds, now=means.now())
    return TakenOrder(order_id, created, tuple(taken))


async def _replace(
    means: Means,
    connection: Connection,
    around: Surroundings,
    packages: Sequence[Registration],
    taken: Sequence[Registered],
    by: By | None,
) -> list[tuple[int, str]]:
    """The labels that packages say they replace: of each that is new the old one's id, and what took whose place."""
    ended = []
    for package, done in zip(packages, taken, strict=True):
        if package.replaces.strip():
            kept = (await shipments.lock(connection, [done.shipment_id]))[0]
            known = await shipments.of_order(connection, kept.shipment.store_id, kept.order.number)
            author = by.author if by else _SOMEBODY
            old = await labels.replace_named(
                connection, around, known, package.replaces, done.shipment_id, author=author, now=means.now()
            )
            if old is not None:
                ended.append((old[0], f"{old[1]} → {kept.shipment.tracking_code}"))
    return ended


def each_package(means: Means, stated: Registration) -> list[Registration]:
    """The same, once for each code that its text names. Raises `InvalidError`."""
    codes = codes_of(carrier_named(means, stated.carrier), stated.tracking_code)
    if len(codes) == 1:
        return [stated]
    # An address that was given is that of one of them, or of none: each has its carrier's.
    bill = replace(stated.invoice, tracking_url=None)
    return [replace(stated, tracking_code=code, invoice=bill) for code in codes]


def codes_of(connector: Connector, text: str) -> tuple[str, ...]:
    """The codes that a text names at this carrier; raises `InvalidError` where it may be one or several."""
    formless = connector.check_code is None or connector.check_code is free_code_problem
    try:
        return codes_in(text, partial(code_problem, connector), formless=formless)
    except ValueError as error:
        raise InvalidError("bad_tracking_code", str(error)) from error


def _code_of(means: Means, stated: Registration) -> tuple[Connector, str]:
    """The carrier and the tidied code of a package; raises `InvalidError`."""
    connector = carrier_named(means, stated.carrier)
    code = tidy_code(stated.tracking_code)
    problem = code_problem(connector, code)
    if problem is not None and (problem.hard or not stated.lenient):
        details = {"suggestion": problem.suggestion} if problem.suggestion else {}
        raise InvalidError("bad_tracking_code", problem.message, details)
    return connector, code


async def _register(
    means: Means, connection: Connection, around: Surroundings, store_id: int, order_id: int, stated: Registration
) -> Registered:
    now = means.now()
    connector, code = _code_of(means, stated)
    account = _follower(around, store_id, connector.name)
    invoice = stated.invoice
    if invoice.courier.strip().lower() in {"", connector.name}:
        invoice = replace(invoice, courier=default_courier(means.connectors, connector, code))
    if not invoice.tracking_url and connector.tracking_url is not None:
        invoice = replace(invoice, tracking_url=connector.tracking_url(code))
    whose = account.id if account else None
    as_stated = Stated(store_id, order_id, connector.name, code, invoice, whose, means.new_token())
    placed = await packages.register(connection, as_stated, now=now, first_check=now)
    kept = (await shipments.lock(connection, [placed.id]))[0]
    await introduce_shipment(connection, around, kept, invoiced=placed.invoiced, now=now)
    await deadlines.ordered(connection, store_id, order_id, kept.order, around.stores[store_id].policy, now=now)
    if placed.further is not None and kept.shipment.snapshot.news_at is not None:
        # What happened before this invoice was known is told of it too.
        await tell_invoices(connection, around, kept, "joined", now=now, only=placed.further)
    if account is None:
        await notices.open_notices(connection, [_unfollowed(store_id, connector.title)], now=now)
    if placed.created:
        await notices.open_notices(connection, await shared_code(connection, kept), now=now)
    if account is not None and placed.created:
        await jobs.enqueue(connection, [Job(jobs.COLLECT, str(account.id), once=True)])
        await orders.settle_deliveries(connection, [order_id])
    return Registered(placed.id, placed.created, joined=placed.further is not None)


def carrier_named(means: Means, name: str) -> Connector:
    """The carrier's connector, by its name or as people call it and its services ("PAC", "Sedex"), as at every other
    door; raises `InvalidError` that names those there are.
    """
    connector = means.connectors.get(name.strip().lower()) or recognised(means, name)
    if connector is None or PartyKind.CARRIER not in connector.kinds:
        # Who stands in for others carries nothing itself.
        carriers = (c for c in means.connectors.values() if PartyKind.CARRIER in c.kinds and not c.stands_in_for)
        known = sorted(c.name for c in carriers)
        message = f"'{name[:64]}' is no carrier we can follow. Known carriers: {', '.join(known)}."
        raise InvalidError("unknown_carrier", message, {"known": known})
    return connector


def code_problem(connector: Connector, code: str) -> CodeProblem | None:
    """What is wrong with a (tidied) code at this carrier."""
    problem: CodeProblem | None = (connector.check_code or free_code_problem)(code)
    return problem


def _follower(around: Surroundings, store_id: int, connector: str) -> Account | None:
    mine = (a for a in around.accounts if a.store_id == store_id and a.connector == connector)
    return next(mine, None)


def _unfollowed(store_id: int, title: str) -> NoticeDraft:
    words = f"Packages of {title} are registered, but no account there is configured: nobody asks for them. Add one."
    return NoticeDraft(store_id, NoticeKind.NO_ACCOUNT, f"carrier {title}", words, facts={"carrier": title})


async def take_orders(
    means: Means, connection: Connection, store_id: int, found: Sequence[Order], account_id: int | None = None
) -> None:
    """Take orders of one store. In the order of their numbers, so that two who take the same never wait crosswise. One
    that cannot be taken is set aside with a notice, and the others go on.
    """
    around = await surround(means, connection, [store_id])
    taken: list[str] = []
    for order in sorted(found, key=lambda each: each.number):
        try:
            async with connection.transaction():
                await take_order(means, connection, around, store_id, order)
            taken.append(order.number)
        except Exception as error:  # whatever one order does to us, the others of its page are taken
            if not set_aside.is_of_one(error):
                raise
            await set_aside.put(means, connection, store_id, account_id, order.number, error)
    await set_aside.taken(connection, store_id, taken, now=means.now())


async def take_order(
    means: Means, connection: Connection, around: Surroundings, store_id: int, order: Order
) -> list[int]:
    """Take an order as its order system shows it: keep it, follow its packages. Ids of its shipments. One that others
    ship is none of ours: a seller's has a notice, a channel was named by a person. Raises for one that cannot be kept.
    """
    problem = number_problem(order.number)
    if problem:
        raise InvalidError("bad_number", f"The order's number cannot be kept: {problem}.")
    order = bounded_order(order)
    if order.shipped_by:
        if order.shipped_by.startswith("seller "):
            await _open(means, connection, _not_ours(store_id, order))
        return []
    invoices = await with_right_keys(connection, store_id, order.number, order.invoices, now=means.now())
    order = replace(order, invoices=invoices)
    awaits = any(not (i.tracking_code or i.finished or i.fetched) for i in order.invoices)
    order_id = await orders.put_order(connection, store_id, order, now=means.now(), awaits_code=awaits)
    policy = around.stores[store_id].policy
    await deadlines.ordered(connection, store_id, order_id, order, policy, now=means.now())
    before = await shipments.of_order(connection, store_id, order.number)
    followed = {kept.shipment.tracking_code for kept in before}
    new: dict[str, list[int]] = {}
    taken: list[int] = []
    says: set[str] = set()
    for invoice in order.invoices:
        shown = await _shown(means, connection, store_id, order, invoice, followed)
        says |= {tidy_code(each.tracking_code) for each in shown}
        for each in () if invoice.finished else shown:
            try:
                done = await _register(means, connection, around, store_id, order_id, each)
            except InvalidError as error:
                await _open(means, connection, _bad_code(store_id, order, each.invoice, error.message))
                continue
            taken.append(done.shipment_id)
            if done.created or done.joined:
                new.setdefault(invoice.number, []).append(done.shipment_id)
    await labels.by_field(connection, around, order_id, before, new, says, shown=True, now=means.now())
    return taken


async def _shown(
    means: Means, connection: Connection, store_id: int, order: Order, invoice: Invoice, followed: Collection[str]
) -> list[Registration]:
    """The packages that an invoice's one field for a number names; what cannot be one is left to a person."""
    if not invoice.tracking_code:
        return []
    connector = recognised(means, invoice.courier)
    if connector is None:
        if not invoice.finished:
            await _open(means, connection, strange_courier(store_id, order, invoice))
        return []
    whole = tidy_code(invoice.tracking_code)
    try:
        codes = (whole,) if whole in followed else codes_of(connector, invoice.tracking_code)
    except InvalidError as error:
        await _open(means, connection, _bad_code(store_id, order, invoice, error.message))
        return []
    url = invoice.tracking_url if len(codes) == 1 else None
    bills = [replace(invoice, tracking_code=code, tracking_url=url) for code in codes]
    # What is followed already was taken once, by somebody who knew: it is not refused for its check digit now.
    return [Registration(order, connector.name, c, b, lenient=c in followed) for c, b in zip(codes, bills, strict=True)]


def recognised(means: Means, courier: str) -> Connector | None:
    """The carrier that an order system's free text names; None rather than a guess."""
    for connector in means.connectors.values():
        if connector.recognises_courier is not None and connector.recognises_courier(courier):
            return connector
    return None


async def _open(means: Means, connection: Connection, draft: NoticeDraft) -> None:
    await notices.open_notices(connection, [draft], now=means.now())


def _not_ours(store_id: int, order: Order) -> NoticeDraft:
    who = order.shipped_by.removeprefix("seller ")
    words = (
        f"Orders of the seller {who} (the first was {order.number}) are fulfilled in that seller's own account: their "
        "invoices and news belong there, so they are not followed here. Add that account, or end this notice."
    )
    facts = {"variant": "seller", "seller": who, "order": order.number}
    return NoticeDraft(store_id, NoticeKind.NO_ACCOUNT, f"seller {who}", words, facts=facts)


def strange_courier(store_id: int, order: Order, invoice: Invoice) -> NoticeDraft:
    """What a person is told of a package whose carrier nobody here knows."""
    words = (
        f"Order {order.number} goes by '{invoice.courier}', which no connector recognises, so {invoice.tracking_code} "
        "is not followed. Register the package with its carrier's name, or add a connector."
    )
    facts = {
        "variant": "courier",
        "order": order.number,
        "courier": invoice.courier,
        "code": invoice.tracking_code or "",
    }
    return NoticeDraft(store_id, NoticeKind.NO_ACCOUNT, f"courier {invoice.courier}", words, facts=facts)


def _bad_code(store_id: int, order: Order, invoice: Invoice, message: str) -> NoticeDraft:
    words = f"Order {order.number}, invoice {invoice.number}: {message} The package is not followed until then."
    subject = f"order {order.number} {invoice.number}"
    facts = {
        "variant": "refused",
        "order": order.number,
        "invoice": invoice.number,
        "code": invoice.tracking_code or "",
    }
    return NoticeDraft(store_id, NoticeKind.WRONG_CODE, subject, words, facts=facts)
