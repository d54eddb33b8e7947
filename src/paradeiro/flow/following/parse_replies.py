"""In: stored replies; out: reported events by shipment, and counts for the contract watch by account."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from paradeiro.db.accounts.stores import Account
from paradeiro.db.following import shipments
from paradeiro.db.following.replies import Reply
from paradeiro.db.following.shipments import FollowedShipment
from paradeiro.db.pool import Connection
from paradeiro.domain.bounds import bounded_parsed
from paradeiro.domain.following.merging import attribute_to_source
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome, ProofKind
from paradeiro.flow.following import contract_watch
from paradeiro.sdk.contract import Connector


@dataclass(frozen=True, slots=True)
class ReportedEvents:
    """What one source states about one shipment, from a reply or by hand (`actor`). `whole`: the full history, so a
    missing event was withdrawn. `proofs`: available kinds of proof of delivery.
    """

    events: tuple[TrackingEvent, ...]
    estimate: datetime | None = None
    reply_id: int | None = None
    actor: str = ""
    whole: bool = False
    proofs: frozenset[ProofKind] = frozenset()


async def parse_replies(
    connection: Connection,
    accounts: Sequence[Account],
    connectors: Mapping[str, Connector],
    stored_replies: Sequence[Reply],
) -> tuple[dict[int, list[ReportedEvents]], dict[int, contract_watch.ReplyCounts]]:
    """Parse replies. Returns reported events by shipment id and reply counts by account id."""
    reports: dict[int, list[ReportedEvents]] = defaultdict(list)
    counts: dict[int, contract_watch.ReplyCounts] = defaultdict(contract_watch.ReplyCounts)
    by_id = {account.id: account for account in accounts}
    codes = {(reply.account_id, reply.tracking_code) for reply in stored_replies}
    followers = await shipments.followers(connection, sorted(codes))
    for reply in stored_replies:
        connector = connectors[by_id[reply.account_id].connector]
        for parsed in parse_reply(connector, reply):
            counts[reply.account_id].add(reply, parsed)
            if parsed.outcome is not Outcome.FOUND:
                continue
            for followed in followers.get((reply.account_id, parsed.tracking_code), ()):
                account = by_id[reply.account_id]
                reports[followed.id].append(reported_events(account, connector, followed, parsed, reply.id))
    return reports, counts


def reported_events(
    account: Account, connector: Connector, followed: FollowedShipment, parsed: ParsedAnswer, reply_id: int
) -> ReportedEvents:
    """What an account's answer says about one shipment; events of a fallback are attributed to it."""
    # Only the carrier's own account gives an estimate, a whole history and proofs.
    is_carrier = account.connector == followed.carrier
    estimate = parsed.estimate if is_carrier else None
    whole = is_carrier and connector.whole_history
    proofs = parsed.proofs & connector.proofs if is_carrier else frozenset()
    events = attribute_to_source(parsed.events, account.connector, followed.carrier)
    return ReportedEvents(events, estimate, reply_id, whole=whole, proofs=proofs)


def parse_reply(connector: Connector, reply: Reply) -> list[ParsedAnswer]:
    """Parse a stored reply with today's parser; an answer without a code gets the reply's."""
    assert connector.parse is not None, f"{connector.name} is no carrier"
    parsed = [bounded_parsed(each) for each in connector.parse(reply.body)]
    return [p if p.tracking_code else replace(p, tracking_code=reply.tracking_code) for p in parsed]
