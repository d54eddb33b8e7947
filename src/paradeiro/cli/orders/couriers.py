"""In: a store; out: its couriers in lines of text, a carrier's account by its name."""

from paradeiro.db.accounts import stores
from paradeiro.db.carriers import courier_rules
from paradeiro.domain.words import PartyKind
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.orders.couriers import waiting_couriers


async def carrier_account(context: Context, store_id: int, name: str) -> int:
    """The id of a store's carrier account. Raises `InvalidError` that lists them."""
    async with context.pool.connection() as connection:
        known = await stores.accounts(connection, context.secret_key, store_ids=[store_id])
    mine = {a.name: a.id for a in known if a.kind is PartyKind.CARRIER}
    if name not in mine:
        listed = ", ".join(sorted(mine)) or "none"
        raise InvalidError("unknown_account", f"'{name}' is no carrier's account of the store; there are: {listed}.")
    return mine[name]


async def listing(context: Context, store_id: int) -> str:
    """The rules, then the couriers that wait for one."""
    async with context.pool.connection() as connection:
        rules = await courier_rules.rules_of_store(connection, store_id)
        known = await stores.accounts(connection, context.secret_key, store_ids=[store_id])
    names = {account.id: account.name for account in known}
    lines = [f"{r.written} → {names.get(r.account_id or 0, 'nobody')}" for _, r in sorted(rules.items())]
    for each in await waiting_couriers(context, store_id):
        guess = each.recommendation
        looks = f"; looks like {guess.connector}: {guess.reason}" if guess else ""
        lines.append(f"{each.courier.written}: {each.courier.packages} packages wait for a rule{looks}")
    return "\n".join(lines) or "No courier has a rule, and none waits for one."
