"""In: an account's secret settings; out: encrypted bytes, and back. The key never enters the database."""

from functools import lru_cache

import msgspec
from cryptography.fernet import Fernet, InvalidToken


class WrongKeyError(RuntimeError):
    """Stored secrets cannot be read with this key. To do: start with the PARADEIRO_SECRET_KEY they were saved with."""


class BadKeyError(ValueError):
    """The text is not a Fernet key."""


def new_key() -> str:
    """A fresh key, as text for a settings file."""
    return Fernet.generate_key().decode()


def seal(secrets: dict[str, str], key: str) -> bytes:
    """Encrypt (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return Fernet(key).encrypt(msgspec.json.encode(secrets))


def unseal(sealed: bytes, key: str) -> dict[str, str]:
    """Decrypt; raises `WrongKeyError`."""
    return dict(_unseal_cached(bytes(sealed), key))


@lru_cache(maxsize=1024)
def _unseal_cached(sealed: bytes, key: str) -> tuple[tuple[str, str], ...]:
    """Decrypt with a cache: accounts are read for every batch, and open sessions hold their secrets anyway."""
    try:
        return tuple(msgspec.json.decode(Fernet(key).decrypt(sealed), type=dict[str, str]).items())
    except InvalidToken as error:
        message = "the stored credentials were saved with another PARADEIRO_SECRET_KEY"
        raise WrongKeyError(message) from error
