"""In: a courier's name, a code, an invoice; out: the carrier's connector, its account, and what it is asked by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from paradeiro.db.accounts.stores import Account
from paradeiro.db.carriers.courier_rules import CourierRule
from paradeiro.domain.following.tracking_codes import CodeProblem, codes_in, free_code_problem, tidy_code
from paradeiro.domain.orders import identifiers
from paradeiro.domain.orders.couriers import courier_key
from paradeiro.domain.orders.identifiers import Identifier, IdentifierKind, identifier_of
from paradeiro.domain.records import Invoice
from paradeiro.domain.words import PartyKind
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.following.recording_context import RecordingContext
from paradeiro.sdk.contract import Connector

_KIND_NAMES = {
    IdentifierKind.TRACKING_CODE: "a tracking code",
    IdentifierKind.INVOICE_KEY: "the key of its invoice (invoice.key)",
    IdentifierKind.INVOICE: "the key of its invoice (invoice.key)",
    IdentifierKind.INVOICE_TAIL: "the key of its invoice (invoice.key)",
    IdentifierKind.ORDER: "its order's number",
    IdentifierKind.CARRIER_NUMBER: "the carrier's own number",
}


@dataclass(frozen=True, slots=True)
class CarrierChoice:
    """Who follows a courier's packages. `account`: None if the store has none there yet."""

    connector: Connector
    account: Account | None


# A person said that packages of this courier are not followed.
NOT_FOLLOWED = "not followed"


def choose_carrier(
    context: Context,
    recording: RecordingContext,
    rules: Mapping[str, CourierRule],
    store_id: int,
    courier: str,
) -> CarrierChoice | str | None:
    """Who follows the packages of a courier in an order system's free text: the store's rule, else the connector that
    recognises the name. `NOT_FOLLOWED` by a rule; None if nobody is certain.
    """
    rule = rules.get(courier_key(courier))
    if rule is not None and rule.account_id is None:
        return NOT_FOLLOWED
    account = next((a for a in recording.accounts if rule is not None and a.id == rule.account_id), None)
    if account is not None and account.connector in context.connectors:
        return CarrierChoice(context.connectors[account.connector], account)
    connector = recognised_carrier(context, courier)
    return None if connector is None else CarrierChoice(connector, account_at(recording, store_id, connector.name))


def account_at(recording: RecordingContext, store_id: int, connector: str) -> Account | None:
    """The store's first account at a carrier."""
    return next((a for a in recording.accounts if a.store_id == store_id and a.connector == connector), None)


def recognised_carrier(context: Context, courier: str) -> Connector | None:
    """The carrier recognised in an order system's free text; None if none is certain. One that the text names goes
    before one whose service it names: "FRENET_SEDEX_03220" is Frenet's, whoever carries it then.
    """
    found = [
        c for c in context.connectors.values() if c.recognises_courier is not None and c.recognises_courier(courier)
    ]
    text = f" {courier_key(courier)} "
    return next((c for c in found if f" {courier_key(c.title)} " in text), found[0] if found else None)


def carrier_named(context: Context, name: str) -> Connector:
    """The carrier's connector, by its name or by common names of it and its services ("PAC", "Sedex"), as at every
    entry point. Raises `InvalidError` that lists the known carriers.
    """
    connector = context.connectors.get(name.strip().lower()) or recognised_carrier(context, name)
    if connector is None or PartyKind.CARRIER not in connector.kinds:
        # A connector that is a fallback for others carries nothing itself.
        carriers = (c for c in context.connectors.values() if PartyKind.CARRIER in c.kinds and not c.fallback_for)
        known = sorted(c.name for c in carriers)
        message = f"'{name[:64]}' is no carrier we can follow. Known carriers: {', '.join(known)}."
        raise InvalidError("unknown_carrier", message, {"known": known})
    return connector


def code_problem(connector: Connector, code: str) -> CodeProblem | None:
    """What is wrong with a (tidied) code at this carrier. A key of an invoice is right where the carrier takes one."""
    kind = identifier_of(code).kind
    if kind is not IdentifierKind.TRACKING_CODE and kind in connector.identifiers:
        return None
    problem: CodeProblem | None = (connector.check_code or free_code_problem)(code)
    return problem


def codes_of(connector: Connector, text: str) -> tuple[str, ...]:
    """The codes of this carrier in a text; raises `InvalidError` if it is ambiguous whether it is one or several."""
    if IdentifierKind.TRACKING_CODE not in connector.identifiers:
        return (text.strip(),)  # a number as the party writes it, or nothing that it takes
    formless = connector.check_code is None or connector.check_code is free_code_problem
    try:
        return codes_in(text, partial(code_problem, connector), formless=formless)
    except ValueError as error:
        raise InvalidError("bad_tracking_code", str(error)) from error


def known_identifiers(order_number: str, code: str, invoice: Invoice, connector: Connector) -> list[Identifier]:
    """All that a package is known by: its code (at a platform that numbers labels itself, that number as it writes it),
    its invoice's key and what that contains, its order.
    """
    by_number = IdentifierKind.TRACKING_CODE not in connector.identifiers
    by_number = by_number and IdentifierKind.CARRIER_NUMBER in connector.identifiers
    stated = identifier_of(tidy_code(code)) if code.strip() else None
    if by_number and stated is not None and stated.kind is IdentifierKind.TRACKING_CODE:
        stated = identifiers.carrier_number(code)
    order = identifiers.order_number(order_number)
    more = [each for each in (order,) if each is not None]
    return [*([stated] if stated else []), *identifiers.of_invoice_key(invoice.key or ""), *more]


def identifier_for(connector: Connector, known: Iterable[Identifier]) -> Identifier:
    """What a carrier is asked by about a package. Raises `InvalidError` that says what is missing."""
    chosen = identifiers.preferred(connector.identifiers, known)
    if chosen is None:
        needs = " or ".join(dict.fromkeys(_KIND_NAMES[kind] for kind in connector.identifiers))
        message = f"{connector.title} finds a package by {needs}: none was given."
        raise InvalidError("no_identifier", message, {"needs": [kind.value for kind in connector.identifiers]})
    return chosen
