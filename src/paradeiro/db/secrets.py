"""In: the secret key, what must stay secret; out: encrypted bytes, and back; a key of its own for every purpose.

The key is a text: one Fernet key, or several, the newest first. The newest encrypts, each of them decrypts. It never
enters the database.
"""

import base64
import re
from enum import StrEnum
from functools import lru_cache

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES = 32
_BETWEEN = re.compile(r"[\s,]+")
_TEXT_OF_A_KEY = re.compile(r"[A-Za-z0-9_-]{43}=")


class WrongKeyError(RuntimeError):
    """Stored secrets cannot be read with this key. To do: start with the PARADEIRO_SECRET_KEY they were saved with."""


class BadKeyError(ValueError):
    """The text is not a Fernet key."""


class Purpose(StrEnum):
    """What a derived key is for. Its value is part of the key: it never changes."""

    CREDENTIALS = "credentials"  # of accounts: settings, tokens, addresses of pushes
    PROOFS = "proofs"  # pictures of deliveries: faces, signatures, documents
    SIGNATURES = "signatures"  # of sign-in links and forms
    SECOND_FACTORS = "second factors"  # of operators: what their codes are made of
    GUESSES = "guesses"  # hashes of addresses that guess at sign-in and look-up
    CHECK = "check"  # the value in the database that tells this key from another


def new_key() -> str:
    """A fresh key, as text for a settings file."""
    return Fernet.generate_key().decode()


def keys_of(text: str) -> tuple[str, ...]:
    """The keys in a text, the newest first. Raises `BadKeyError`, which does not show it."""
    keys = tuple(each for each in _BETWEEN.split(text.strip()) if each)
    if not keys or not all(_TEXT_OF_A_KEY.fullmatch(each) for each in keys):
        raise BadKeyError("it is no Fernet key: that is 44 letters, or several such, with commas between")
    return tuple(dict.fromkeys(keys))


@lru_cache(maxsize=256)
def purpose_key(text: str, purpose: Purpose) -> bytes:
    """The newest key's own key for a purpose, 32 bytes (HKDF-SHA256): from one of them no other can be found."""
    return _derive(keys_of(text)[0], purpose)


def _derive(key: str, purpose: Purpose) -> bytes:
    info = f"paradeiro {purpose} 1".encode()
    return HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=info).derive(base64.urlsafe_b64decode(key))


@lru_cache(maxsize=256)
def _box(text: str, purpose: Purpose) -> MultiFernet:
    """Encrypts with the newest key of the purpose. Also opens what 0.1 encrypted, with the key itself."""
    keys = keys_of(text)
    derived = [Fernet(base64.urlsafe_b64encode(_derive(key, purpose))) for key in keys]
    former = [Fernet(key) for key in keys] if purpose is Purpose.CREDENTIALS else []
    return MultiFernet([*derived, *former])


def seal(secrets: dict[str, str], key: str) -> bytes:
    """Encrypt credentials (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return _box(key, Purpose.CREDENTIALS).encrypt(msgspec.json.encode(secrets))


def unseal(sealed: bytes, key: str) -> dict[str, str]:
    """Decrypt; raises `WrongKeyError`."""
    return dict(_unseal_cached(bytes(sealed), key))


@lru_cache(maxsize=1024)
def _unseal_cached(sealed: bytes, key: str) -> tuple[tuple[str, str], ...]:
    """Decrypt with a cache: accounts are read for every batch, and open sessions hold their secrets anyway."""
    content = _open(_box(key, Purpose.CREDENTIALS), sealed)
    return tuple(msgspec.json.decode(content, type=dict[str, str]).items())


def seal_bytes(content: bytes, key: str, purpose: Purpose) -> bytes:
    """Encrypt bytes; 33 to 73 bytes longer than they are."""
    return base64.urlsafe_b64decode(_box(key, purpose).encrypt(content))


def unseal_bytes(sealed: bytes, key: str, purpose: Purpose) -> bytes:
    """Decrypt; raises `WrongKeyError`."""
    return _open(_box(key, purpose), base64.urlsafe_b64encode(sealed))


def reseal(sealed: bytes, key: str) -> bytes | None:
    """Credentials encrypted anew with the newest key; None if they are already. Raises `WrongKeyError`."""
    newest = _box(keys_of(key)[0], Purpose.CREDENTIALS)
    try:
        Fernet(base64.urlsafe_b64encode(purpose_key(key, Purpose.CREDENTIALS))).decrypt(bytes(sealed))
    except InvalidToken:
        return newest.encrypt(_open(_box(key, Purpose.CREDENTIALS), bytes(sealed)))
    return None


def reseal_bytes(sealed: bytes, key: str, purpose: Purpose) -> bytes | None:
    """The same for bytes."""
    try:
        unseal_bytes(sealed, keys_of(key)[0], purpose)
    except WrongKeyError:
        return seal_bytes(unseal_bytes(sealed, key, purpose), key, purpose)
    return None


def _open(box: MultiFernet, sealed: bytes) -> bytes:
    try:
        return box.decrypt(sealed)
    except InvalidToken as error:
        message = "the stored credentials were saved with another PARADEIRO_SECRET_KEY"
        raise WrongKeyError(message) from error
