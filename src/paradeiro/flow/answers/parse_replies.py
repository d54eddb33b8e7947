"""In: stored replies; out: reported events by shipment, and counts for the contract watch by account."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from paradeiro.db.accounts.stores import Account
from paradeiro.db.carriers.code_mappings import mappings_at, mappings_of
from paradeiro.db.following.replies import Reply
from paradeiro.db.following.shipments import FollowedShipment
from paradeiro.db.pool import Connection
from paradeiro.domain.bounds import bounded_parsed
from paradeiro.domain.following.code_mappings import Mappings, apply_mappings
from paradeiro.domain.following.merging import attribute_to_source
from paradeiro.domain.orders.identifiers import Identifier, IdentifierKind
from paradeiro.domain.records import NamedLeg, ParsedAnswer, TrackingEvent
from paradeiro.domain.words import ProofKind
from paradeiro.flow.answers.account_answer import AccountAnswer
from paradeiro.flow.answers.matching import match_shipments
from paradeiro.flow.following import contract_watch
from paradeiro.sdk.contract import Connector


@dataclass(frozen=True, slots=True)
class ReportedEvents:
    """What one source states about one shipment, from a reply or by hand (`actor`). `whole`: the full history, so a
    missing event was withdrawn. `proofs`: available kinds of proof of delivery. `carrier_code`, `legs`: as in
    `ParsedAnswer`. `numbers`: by which this account's answers call the shipment; later ones may have no other name.
    """

    events: tuple[TrackingEvent, ...]
    estimate: datetime | None = None
    reply_id: int | None = None
    actor: str = ""
    whole: bool = False
    proofs: frozenset[ProofKind] = frozenset()
    carrier_code: str = ""
    legs: tuple[NamedLeg, ...] = ()
    account_id: int | None = None
    numbers: tuple[Identifier, ...] = ()


async def parse_replies(
    connection: Connection,
    accounts: Sequence[Account],
    connectors: Mapping[str, Connector],
    stored_replies: Sequence[Reply],
    *,
    now: datetime,
) -> tuple[dict[int, list[ReportedEvents]], dict[int, contract_watch.ReplyCounts]]:
    """Parse replies. Returns reported events by shipment id and reply counts by account id."""
    reports: dict[int, list[ReportedEvents]] = defaultdict(list)
    counts: dict[int, contract_watch.ReplyCounts] = defaultdict(contract_watch.ReplyCounts)
    by_id = {account.id: account for account in accounts}
    mappings = await mappings_of(connection, {account.store_id for account in accounts})
    answers = []
    for reply in stored_replies:
        account = by_id[reply.account_id]
        for parsed in parse_reply(
            connectors[account.connector], account, reply, mappings_at(mappings, account.store_id, account.connector)
        ):
            counts[reply.account_id].add(reply, parsed)
            answers.append(AccountAnswer(account, reply, parsed))
    for answer, followed in await match_shipments(connection, answers, now=now):
        account = answer.account
        for each in followed:
            stated = reported_events(account, connectors[account.connector], each, answer.parsed, answer.reply.id)
            reports[each.id].append(stated)
    return reports, counts


def reported_events(
    account: Account, connector: Connector, followed: FollowedShipment, parsed: ParsedAnswer, reply_id: int
) -> ReportedEvents:
    """What an account's answer says about one shipment; events of a fallback are attributed to it."""
    # Only the carrier's own account gives an estimate, a whole history and proofs.
    is_carrier = account.connector == followed.carrier and not followed.by_leg
    estimate = parsed.estimate if is_carrier else None
    whole = is_carrier and connector.whole_history
    proofs = parsed.proofs & connector.proofs if is_carrier else frozenset()
    events = attribute_to_source(parsed.events, account.connector, followed.carrier)
    named = parsed.carrier_code if is_carrier else ""
    return ReportedEvents(
        events,
        estimate,
        reply_id,
        whole=whole,
        proofs=proofs,
        carrier_code=named,
        legs=parsed.legs,
        account_id=account.id,
        numbers=tuple(i for i in parsed.identifiers if i.kind is IdentifierKind.CARRIER_NUMBER),
    )


def parse_reply(connector: Connector, account: Account, reply: Reply, mappings: Mappings) -> list[ParsedAnswer]:
    """Parse a stored reply with today's parser and the store's mappings; an answer without a code gets the reply's."""
    parse = connector.parser_for(account.settings)
    assert parse is not None, f"{connector.name} is no carrier"
    parsed = [apply_mappings(bounded_parsed(each), mappings) for each in parse(reply.body)]
    return [p if p.tracking_code else replace(p, tracking_code=reply.tracking_code) for p in parsed]
