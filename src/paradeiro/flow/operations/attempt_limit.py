"""In: what is tried, and from where or about whom; out: whether it is allowed. Only keyed hashes are stored."""

import hmac
from datetime import datetime
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

from paradeiro.db.customers import order_lookup
from paradeiro.db.pool import Connection
from paradeiro.db.secrets import Purpose, purpose_key
from paradeiro.flow.context import Context


async def take_attempt(
    context: Context, connection: Connection, kind: str, text: str, limit: tuple[int, float], *, now: datetime
) -> bool:
    """Take one try. `limit`: how many at once, and how many come back in an hour. False if none is left."""
    key = purpose_key(context.secret_key, Purpose.GUESSES)
    who = hmac.new(key, f"{kind} {text}".encode("utf-8", "replace"), sha256).digest()
    return await order_lookup.take_attempt(connection, who, most=limit[0], per_hour=limit[1], now=now)


def network_of(origin: str) -> str:
    """The network address as it is limited: an IPv6 address by its /64 network, which has one owner."""
    try:
        address = ip_address(origin)
    except ValueError:
        return origin[:64]
    return str(IPv6Address(int(address) >> 64 << 64)) if isinstance(address, IPv6Address) else str(address)
