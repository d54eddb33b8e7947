"""In: an account's secret settings; out: encrypted bytes, and back. The key never enters the database."""

import msgspec
from cryptography.fernet import Fernet, InvalidToken


class WrongKeyError(RuntimeError):
    """Stored secrets cannot be read with this key. To do: start with the PARADEIRO_SECRET_KEY they were saved with."""


def new_key() -> str:
    """A fresh key, as text for a settings file."""
    return Fernet.generate_key().decode()


def seal(secrets: dict[str, str], key: str) -> bytes:
    """Encrypt (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return Fernet(key).encrypt(msgspec.json.encode(secrets))


def unseal(sealed: bytes, key: str) -> dict[str, str]:
    """Decrypt; raises `WrongKeyError`."""
    try:
        return msgspec.json.decode(Fernet(key).decrypt(sealed), type=dict[str, str])
    except InvalidToken as error:
        message = "the stored credentials were saved with another PARADEIRO_SECRET_KEY"
        raise WrongKeyError(message) from error
