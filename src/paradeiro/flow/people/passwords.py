"""In: a password; out: its Argon2id hash, or whether it is the one; what a password must be. Nothing is stored here."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from paradeiro.flow.errors import InvalidError

SHORTEST, LONGEST = 12, 200
_FEWEST_LETTERS = 5
# RFC 9106, low memory: 64 MiB and 3 passes, about 0.1 s. Two at a time, so that sign-ins cannot use up the memory.
_HASHER = PasswordHasher()
_AT_ONCE = 2
_slots: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}
# The hash of nothing that anybody knows: an unknown person costs the time of a known one.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$YmRkNDhmZDE3NTZlNDZkZg$XnNpuyTtCzBNO0tFTHUx5HKnMV5fsKEIiWzE3mQ4F0Q"


def check_password(password: str, email: str, name: str) -> None:
    """Raises `InvalidError` with what to do."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidError("password_length", f"Choose a password of {SHORTEST} to {LONGEST} characters.")
    plain = password.casefold()
    personal = (email.partition("@")[0], email, name.casefold())
    if len(set(plain)) < _FEWEST_LETTERS or any(len(each) > 3 and plain.strip(each) == "" for each in personal):
        raise InvalidError("password_plain", "Choose a password that is harder to guess: several words, for example.")
    if plain in personal:
        raise InvalidError("password_plain", "Choose a password that is neither your name nor your address.")


async def hash_password(password: str) -> str:
    """The hash, with its parameters and salt."""
    async with _slot():
        return await asyncio.to_thread(_HASHER.hash, password)


async def is_password(password: str, hashed: str | None) -> bool:
    """Whether this is the password; against None it takes as long and is False."""
    async with _slot():
        right = await asyncio.to_thread(_verify, hashed or _NOBODY, password[:LONGEST])
    return right and hashed is not None


def _slot() -> asyncio.Semaphore:
    loop = asyncio.get_running_loop()
    for closed in [each for each in _slots if each.is_closed()]:
        del _slots[closed]
    return _slots.setdefault(loop, asyncio.Semaphore(_AT_ONCE))


def _verify(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False
