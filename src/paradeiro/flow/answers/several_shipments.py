"""In: answers about one number that carries several shipments (FedEx uses numbers again); out: only ours.

Their events must never mix. Ours is the one that was sent after the order was made; if that fits several, or none,
nothing is recorded and a person is asked.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from paradeiro.db.carriers import wrong_carrier
from paradeiro.db.following.shipments import FollowedShipment
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import Connection
from paradeiro.domain.words import NoticeKind
from paradeiro.flow.answers.account_answer import AccountAnswer

Match = tuple[AccountAnswer, list[FollowedShipment]]
# A label may be made, and a parcel given to the carrier, before the order reached us.
_BEFORE_THE_ORDER = timedelta(days=1)


async def only_ours(connection: Connection, matches: Sequence[Match]) -> tuple[list[Match], list[NoticeDraft]]:
    """The matches without those of other shipments of the same number, and notices where that is not certain."""
    groups: dict[tuple[int, str], list[Match]] = defaultdict(list)
    for match in matches:
        answer = match[0]
        if answer.parsed.shipment:
            groups[answer.reply.id, answer.parsed.tracking_code].append(match)
    several = {key: group for key, group in groups.items() if len({m[0].parsed.shipment for m in group}) > 1}
    if not several:
        return list(matches), []
    ids = {each.id for group in several.values() for _, followed in group for each in followed}
    made = await wrong_carrier.made_at(connection, sorted(ids))
    kept = [match for match in matches if (match[0].reply.id, match[0].parsed.tracking_code) not in several]
    notices: list[NoticeDraft] = []
    for group in several.values():
        for shipment in group[0][1]:
            fitting = [answer for answer, _ in group if _may_be(answer, made.get(shipment.id))]
            if len({answer.parsed.shipment for answer in fitting}) == 1:
                kept += [(answer, [shipment]) for answer in fitting]
            else:
                notices.append(_unclear(group, shipment))
    return kept, notices


def _may_be(answer: AccountAnswer, made_at: datetime | None) -> bool:
    """Whether a shipment was sent when ours can have been; one without a date can have been."""
    sent_at = answer.parsed.sent_at
    return sent_at is None or made_at is None or sent_at >= made_at - _BEFORE_THE_ORDER


def _unclear(group: Sequence[Match], shipment: FollowedShipment) -> NoticeDraft:
    answer = group[0][0]
    account, code = answer.account, answer.parsed.tracking_code
    days = sorted(f"{m[0].parsed.sent_at:%Y-%m-%d}" if m[0].parsed.sent_at else "?" for m in group)
    words = (
        f"{account.name} has {len(group)} shipments under {code} (sent {', '.join(days)}), and it is not certain which "
        "is ours. Nothing was recorded. Ask the carrier, and state the news by hand."
    )
    facts = {"account": account.name, "code": code, "names": ", ".join(days), "count": str(len(group))}
    return NoticeDraft(
        account.store_id,
        NoticeKind.AMBIGUOUS_SHIPMENT,
        f"shipment {shipment.id}",
        words,
        account_id=account.id,
        shipment_id=shipment.id,
        reply_id=answer.reply.id,
        facts=facts,
    )
