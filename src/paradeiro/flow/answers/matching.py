"""In: parsed answers of accounts; out: the shipments that each is about, by tracking code or by what else it names.

An answer to a question names its tracking code. One that nobody asked for (feed, push, file) names invoices, orders
or numbers: the first of them that is a shipment's decides. If it fits several shipments, it is nobody's, and a person
is asked; if it fits none, it is remembered until that shipment is registered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from paradeiro.db.carriers import identifiers
from paradeiro.db.carriers.identifiers import Named, UnmatchedAnswer
from paradeiro.db.following import shipments
from paradeiro.db.following.shipments import FollowedShipment
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import Connection
from paradeiro.domain.words import NoticeKind, Outcome, Withdraws
from paradeiro.flow.answers.account_answer import AccountAnswer
from paradeiro.flow.answers.several_shipments import only_ours

# The shipments that a notice names.
_NAMED = 5


@dataclass(slots=True)
class _Matches:
    """Results of one matching, gathered before anything is written."""

    shipments: list[tuple[AccountAnswer, list[FollowedShipment]]] = field(default_factory=list)
    unmatched: list[UnmatchedAnswer] = field(default_factory=list)
    notices: list[NoticeDraft] = field(default_factory=list)


async def match_shipments(
    connection: Connection, answers: Sequence[AccountAnswer], *, now: datetime
) -> list[tuple[AccountAnswer, list[FollowedShipment]]]:
    """The shipments of each answer that was found; an answer about nobody has none."""
    found = [each for each in answers if each.parsed.outcome is Outcome.FOUND]
    codes = {(each.account.id, each.parsed.tracking_code) for each in found if each.parsed.tracking_code}
    by_code = await shipments.followers(connection, sorted(codes)) if codes else {}
    unasked = [each for each in found if not by_code.get((each.account.id, each.parsed.tracking_code))]
    by_name = await identifiers.shipments_named(connection, sorted({n for e in unasked for n in e.named}, key=_order))
    matches = _Matches()
    for each in found:
        shipments_found = by_code.get((each.account.id, each.parsed.tracking_code))
        if shipments_found:
            matches.shipments.append((each, shipments_found))
        else:
            _match_by_name(matches, each, by_name)
    await identifiers.put_unmatched(connection, matches.unmatched, now=now)
    ours, unclear = await only_ours(connection, matches.shipments)
    await notices.open_notices(connection, [*matches.notices, *unclear], now=now)
    return ours


def _order(named: Named) -> tuple[int, str]:
    return named[0], named[1].text


def _match_by_name(matches: _Matches, answer: AccountAnswer, by_name: dict[Named, list[FollowedShipment]]) -> None:
    """Match by the first identifier that is any shipment's."""
    first = next((n for n in answer.named if by_name.get(n)), None)
    if first is None:
        account, reply = answer.account, answer.reply
        matches.unmatched += [UnmatchedAnswer(account.store_id, account.id, i, reply.id) for _, i in answer.named]
        return
    candidates = by_name[first]
    # Rows of one box in several orders are one shipment each, of the same invoice.
    several = len({each.invoice_number for each in candidates}) > 1 or len(candidates) > 1
    if several and not _only_withdraws(answer):
        matches.notices.append(_ambiguous(answer, first, candidates))
    else:
        matches.shipments.append((answer, candidates))


def _only_withdraws(answer: AccountAnswer) -> bool:
    """Whether it says only which of its own events do not hold: that does nothing to a shipment without them."""
    events = answer.parsed.events
    return bool(events) and all(event.withdraws is Withdraws.NAMED for event in events)


def _ambiguous(answer: AccountAnswer, named: Named, candidates: Sequence[FollowedShipment]) -> NoticeDraft:
    account, text = answer.account, named[1].text
    which = ", ".join(f"#{each.id} ({each.invoice_number or '?'})" for each in candidates[:_NAMED])
    words = (
        f"{account.name} reports news of {text}, which fits {len(candidates)} shipments: {which}. Nothing was recorded "
        "for any of them. State the news by hand, or give the shipments different invoices."
    )
    facts = {"account": account.name, "code": text, "names": which, "count": str(len(candidates))}
    return NoticeDraft(
        account.store_id,
        NoticeKind.AMBIGUOUS_SHIPMENT,
        f"{text} at account {account.id}",
        words,
        account_id=account.id,
        reply_id=answer.reply.id,
        facts=facts,
    )
