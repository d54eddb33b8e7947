"""In: packages that their carrier has not found for two days; out: a notice where another carrier is more likely."""

from collections.abc import Sequence
from datetime import timedelta

from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.carriers import wrong_carrier
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import transaction
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.words import NoticeKind, PartyKind
from paradeiro.flow.carriers.carrier_recommendation import Recommendation, recommend
from paradeiro.flow.context import Context
from paradeiro.flow.operations import unusable_rows

_NOT_FOUND_FOR = timedelta(days=2)
_LOOKED_AT = timedelta(days=30)
# A carrier that finds fewer of our packages is slow itself: what it does not find says nothing.
_USUALLY_FOUND = 0.8
_ENOUGH = 5
_AT_ONCE = 200


async def watch_wrong_carrier(context: Context, account_id: int) -> int:
    """Open notices about packages that are probably another carrier's. Returns how many."""
    now = context.now()
    async with transaction(context.pool) as connection:
        account = await unusable_rows.open_account(context, connection, account_id, now=now)
        if account is None or account.kind is not PartyKind.CARRIER or account.state != "ok":
            return 0
        since, until = now - _LOOKED_AT, now - _NOT_FOUND_FOR
        found, all_of_them = await wrong_carrier.found_share(connection, account_id, since=since, until=until)
        if all_of_them < _ENOUGH or found < all_of_them * _USUALLY_FOUND:
            return 0
        rows = await wrong_carrier.never_found(connection, account_id, since=since, until=until, limit=_AT_ONCE)
        known = await stores.accounts(connection, context.secret_key, store_ids=[account.store_id]) if rows else []
        drafts = [draft for row in rows if (draft := _draft(context, account, row, known)) is not None]
        await notices.open_notices(connection, drafts, now=now)
    return len(drafts)


def _draft(context: Context, account: Account, row: ShipmentRow, known: Sequence[Account]) -> NoticeDraft | None:
    """`known`: the store's accounts. Where one of them alone is at the likelier carrier, the notice can move there."""
    guess = better_carrier(context, row)
    if guess is None:
        return None
    code, order = row.shipment.shown_code, row.order.number
    words = (
        f"{account.name} has not found {code} of order {order} for two days, and usually finds a code within hours. It "
        f"looks like {guess.title}: {guess.reason}. Check it, and move the package there; its history stays."
    )
    facts = {"carrier": account.name, "code": code, "order": order, "guess": guess.title}
    there = [each for each in known if each.connector == guess.connector and each.state != "disabled"]
    if len(there) == 1:
        facts |= {"move_to": str(there[0].id), "move_name": there[0].name}
    return NoticeDraft(
        account.store_id,
        NoticeKind.WRONG_CARRIER,
        f"shipment {row.shipment.id}",
        words,
        account_id=account.id,
        shipment_id=row.shipment.id,
        facts=facts,
    )


def better_carrier(context: Context, row: ShipmentRow) -> Recommendation | None:
    """Another carrier that the package's courier, code or tracking address points to. A code that has its own carrier's
    form points to no other.
    """
    others = {name: c for name, c in context.connectors.items() if name != row.shipment.carrier}
    invoice = row.shipment.invoice
    own = context.connectors.get(row.shipment.carrier)
    named = invoice.courier if own is None or own.title != invoice.courier else ""
    code = row.shipment.number
    its_own = own is not None and own.code_has_form(tidy_code(code))
    return recommend(others, named, "" if its_own else code, invoice.tracking_url or "")
