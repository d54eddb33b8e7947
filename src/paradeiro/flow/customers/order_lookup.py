"""In: an order number and a proof (e-mail address or postal code); out: the token of the tracking page, or not found.

The answer does not reveal which of the two was wrong. Attempts are limited per origin; those by postal code also per
order number.
"""

from datetime import timedelta

from paradeiro.db.accounts import stores
from paradeiro.db.customers import brands, order_lookup
from paradeiro.db.pool import transaction
from paradeiro.domain.customers.order_lookup import plain_number, proves_identity
from paradeiro.flow.context import Context
from paradeiro.flow.errors import StatementError
from paradeiro.flow.operations.attempt_limit import network_of, take_attempt

# (burst, per hour). A family shares an IP address, a call centre more: ten at once, then one every three minutes.
_PER_ORIGIN = (10, 20.0)
# Postal codes are few enough for a distributed attack, so they are limited per order number: 100,000 of them then take
# a year. With the e-mail address an order's customer gets in during such an attack.
_PER_NUMBER = (10, 10.0)
# An order without an e-mail address could be locked by any ten attempts: it gets more.
_PER_NUMBER_WITHOUT_EMAIL = (60, 20.0)
_RETENTION = timedelta(days=1)
_MAX_LENGTH = 200


class TooManyAttemptsError(StatementError):
    """The rate limit of attempts is used up."""


async def find_tracking_token(context: Context, *, host: str, number: str, typed: str, origin: str) -> str | None:
    """The token of the tracking page; None if there is no such order or the proof does not match. On a store's own
    host only its orders are searched. Raises `TooManyGuessesError`.
    """
    plain = plain_number(number.replace("\0", "")[:_MAX_LENGTH])
    by_code = "@" not in typed
    from_here, for_number, without_email = await _spend_attempts(context, origin, plain.lower(), by_code=by_code)
    if not from_here or not (for_number or without_email):
        raise _too_many_attempts()
    async with context.pool.connection() as connection:
        store_id = await brands.store_at(connection, host) if host else None
        found = (
            await order_lookup.candidates(connection, plain, None if store_id is None else [store_id]) if plain else []
        )
    matching = [c for c in found if proves_identity(typed, c.order.customer, addresses=(c.stated_email,)) and c.token]
    if not for_number:
        matching = [c for c in matching if not (c.order.customer.email or c.stated_email)]
        if not matching:
            raise _too_many_attempts()  # found or not: the same answer
    return matching[0].token if matching else None


async def _spend_attempts(context: Context, origin: str, number: str, *, by_code: bool) -> tuple[bool, bool, bool]:
    """Whether this origin may try, this number by postal code, and this number if its order has no e-mail address. All
    limits are always spent, or the answer would reveal which was used up.
    """
    bounds = [("from", network_of(origin), _PER_ORIGIN)]
    if by_code:
        bounds += [("number", number, _PER_NUMBER), ("no e-mail", number, _PER_NUMBER_WITHOUT_EMAIL)]
    async with transaction(context.pool) as connection:
        allowed = [
            await take_attempt(context, connection, kind, text, limit, now=context.now())
            for kind, text, limit in bounds
        ]
    return (allowed[0], allowed[1], allowed[2]) if by_code else (allowed[0], True, True)


def _too_many_attempts() -> TooManyAttemptsError:
    words = "Too many tries. Use the e-mail address of the order, or wait a few minutes."
    return TooManyAttemptsError("too_many", words)


async def store_of_host(context: Context, host: str) -> int | None:
    """The store of this host, else the only store; None if there are several."""
    async with context.pool.connection() as connection:
        store_id = await brands.store_at(connection, host) if host else None
        if store_id is not None:
            return store_id
        known = list(await stores.stores(connection))
        return known[0] if len(known) == 1 else None


async def forget_old_attempts(context: Context) -> None:
    """Delete attempt counters older than `_RETENTION`."""
    async with transaction(context.pool) as connection:
        await order_lookup.remove_old_attempts(connection, before=context.now() - _RETENTION)
