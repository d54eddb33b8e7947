"""In: an order's number and what only its customer should know; out: the way to their page, or that it is not found.

Whether the number or the other thing was wrong nobody is told. Guesses are bounded by who guesses; those of postal
codes by the number too.
"""

import hmac
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

from paradeiro.db import brands, finding, stores
from paradeiro.db.pool import transaction
from paradeiro.domain.finding import knows, plain_number
from paradeiro.flow.errors import StatementError
from paradeiro.flow.means import Means

# A family shares an address, a call centre more: ten at once, then one every three minutes.
_FROM_ONE_PLACE = (10, 20.0)
# Only postal codes are few enough to be guessed from many places at once: those are bounded by number, 100,000 of them
# then take a year. An e-mail address is not guessed; with it an order's own customer gets in while others guess.
_FOR_ONE_NUMBER = (10, 10.0)
# An order that has no address would be locked by anybody's ten tries: it has more.
_WITHOUT_EMAIL = (60, 20.0)
# A key cannot be guessed; whoever tries many has a list of stolen ones, or a program that has gone wrong.
_KEYS_FROM_ONE_PLACE = (20, 60.0)
_REMEMBERED = timedelta(days=1)
_LONGEST = 200


class TooManyGuessesError(StatementError):
    """Somebody tried too often."""


async def find(means: Means, *, host: str, number: str, typed: str, origin: str) -> str | None:
    """The token of the customer's page; None if there is no such order, or what was typed is not its own. Under a
    store's own host only its orders are looked at. Raises `TooManyGuessesError`.
    """
    plain = plain_number(number.replace("\0", "")[:_LONGEST])
    by_code = "@" not in typed
    from_here, for_number, without_email = await _leave(means, origin, plain.lower(), by_code=by_code)
    if not from_here or not (for_number or without_email):
        raise _too_many()
    async with means.pool.connection() as connection:
        store_id = await brands.store_at(connection, host) if host else None
        found = await finding.candidates(connection, plain, None if store_id is None else [store_id]) if plain else []
    right = [c for c in found if knows(typed, c.order.customer, addresses=(c.stated_email,)) and c.token]
    if not for_number:
        right = [c for c in right if not (c.order.customer.email or c.stated_email)]
        if not right:
            raise _too_many()  # found or not: the same answer
    return right[0].token if right else None


async def _leave(means: Means, origin: str, number: str, *, by_code: bool) -> tuple[bool, bool, bool]:
    """Whether this place may try, whether this number may be tried by its postal code, and whether it may if its order
    has no address. All are spent always, or the answer would tell which was used up.
    """
    bounds = [("from", _network(origin), _FROM_ONE_PLACE)]
    if by_code:
        bounds += [("number", number, _FOR_ONE_NUMBER), ("no e-mail", number, _WITHOUT_EMAIL)]
    async with transaction(means.pool) as connection:
        allowed = [
            await finding.may_guess(connection, _hashed(means, kind, text), most=most, per_hour=rate, now=means.now())
            for kind, text, (most, rate) in bounds
        ]
    return (allowed[0], allowed[1], allowed[2]) if by_code else (allowed[0], True, True)


def _too_many() -> TooManyGuessesError:
    words = "Too many tries. Use the e-mail address of the order, or wait a few minutes."
    return TooManyGuessesError("too_many", words)


async def may_sign_in(means: Means, origin: str, *, now: datetime) -> bool:
    """Whether this place may try another key."""
    most, rate = _KEYS_FROM_ONE_PLACE
    async with transaction(means.pool) as connection:
        who = _hashed(means, "sign-in", _network(origin))
        return await finding.may_guess(connection, who, most=most, per_hour=rate, now=now)


async def store_named(means: Means, host: str) -> int | None:
    """The store whose customers come by this host; the only one, where there is but one."""
    async with means.pool.connection() as connection:
        store_id = await brands.store_at(connection, host) if host else None
        if store_id is not None:
            return store_id
        known = list(await stores.stores(connection))
        return known[0] if len(known) == 1 else None


async def forget_old_guesses(means: Means) -> None:
    """Drop who guessed once upon a time."""
    async with transaction(means.pool) as connection:
        await finding.forget_guesses(connection, before=means.now() - _REMEMBERED)


def _network(origin: str) -> str:
    """Whoever has one address of a version 6 network has all of it."""
    try:
        address = ip_address(origin)
    except ValueError:
        return origin[:64]
    return str(IPv6Address(int(address) >> 64 << 64)) if isinstance(address, IPv6Address) else str(address)


def _hashed(means: Means, kind: str, text: str) -> bytes:
    key = means.secret_key.encode()
    return hmac.new(key, f"guess {kind} {text}".encode("utf-8", "replace"), sha256).digest()
