"""In: stored replies; out: what each says of which shipments, and what the watch of its account should know."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from paradeiro.db import shipments
from paradeiro.db.pool import Connection
from paradeiro.db.replies import Reply
from paradeiro.db.shipments import Followed
from paradeiro.db.stores import Account
from paradeiro.domain.bounds import bounded_parsed
from paradeiro.domain.records import Parsed, TrackingEvent
from paradeiro.domain.sources import reported
from paradeiro.domain.words import Outcome, ProofKind
from paradeiro.flow import watch
from paradeiro.sdk.contract import Connector


@dataclass(frozen=True, slots=True)
class Heard:
    """What one side says about one shipment: events, from a reply or by hand (`author`). `whole`: it tells all that
    ever happened, so what it lacks was taken back. `proofs`: what a delivery can be proven with.
    """

    events: tuple[TrackingEvent, ...]
    estimate: datetime | None = None
    reply_id: int | None = None
    author: str = ""
    whole: bool = False
    proofs: frozenset[ProofKind] = frozenset()


async def hear_replies(
    connection: Connection, accounts: Sequence[Account], connectors: Mapping[str, Connector], waiting: Sequence[Reply]
) -> tuple[dict[int, list[Heard]], dict[int, watch.Said]]:
    """Parse replies: what is heard of which shipment, and what each account's watch should know."""
    heard: dict[int, list[Heard]] = defaultdict(list)
    said: dict[int, watch.Said] = defaultdict(watch.Said)
    by_id = {account.id: account for account in accounts}
    spoken = {(reply.account_id, reply.tracking_code) for reply in waiting}
    followers = await shipments.followers(connection, sorted(spoken))
    for reply in waiting:
        connector = connectors[by_id[reply.account_id].connector]
        for parsed in parse_reply(connector, reply):
            said[reply.account_id].add(reply, parsed)
            if parsed.outcome is not Outcome.FOUND:
                continue
            for followed in followers.get((reply.account_id, parsed.tracking_code), ()):
                account = by_id[reply.account_id]
                heard[followed.id].append(hear(account, connector, followed, parsed, reply.id))
    return heard, said


def hear(account: Account, connector: Connector, followed: Followed, parsed: Parsed, reply_id: int) -> Heard:
    """What an account's answer says about one shipment; a stand-in's events are marked as its own."""
    # When it should arrive, only the carrier itself can promise; and only it has proofs.
    home = account.connector == followed.carrier
    estimate = parsed.estimate if home else None
    whole = home and connector.whole_history
    proofs = parsed.proofs & connector.proofs if home else frozenset()
    events = reported(parsed.events, account.connector, followed.carrier)
    return Heard(events, estimate, reply_id, whole=whole, proofs=proofs)


def parse_reply(connector: Connector, reply: Reply) -> list[Parsed]:
    """What a stored reply says now, about the code that it was stored for."""
    assert connector.parse is not None, f"{connector.name} is no carrier"
    parsed = [bounded_parsed(each) for each in connector.parse(reply.body)]
    return [p if p.tracking_code else replace(p, tracking_code=reply.tracking_code) for p in parsed]
