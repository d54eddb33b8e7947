"""In: a passphrase and bytes; out: an encrypted stream that is read back only if nothing in it was changed or cut off.

Header, then chunks of a mebibyte, each encrypted with AES-256-GCM: the STREAM construction of Hoang, Reyhanitabar,
Rogaway and Vizár (2015). A chunk's nonce holds its number and whether it is the last one, so that chunks can be
neither left out, repeated, reordered nor cut off. The key comes from the passphrase by scrypt.
"""

import hmac
import os
import struct
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"paradeiro-backup-encrypted-1\n"
CHUNK = 1 << 20
_TAG = 16
_SALT, _PREFIX = 16, 7
# log2 of scrypt's N, r, p, salt, nonce prefix, and by what a wrong passphrase is known
_HEADER = struct.Struct(f">BII{_SALT}s{_PREFIX}s{_TAG}s")
_COST, _BLOCK, _LANES = 17, 8, 1  # 128 MB and about half a second: what OWASP asks for
_MOST_COST, _MOST_BLOCK, _MOST_LANES = 20, 16, 4
_MOST_CHUNKS = 1 << 32


class BackupDamagedError(ValueError):
    """The file is no whole backup, or was changed. The text is for people."""


class WrongPassphraseError(ValueError):
    """The passphrase does not open the backup, or its first bytes were changed."""


class ByteSink(Protocol):
    """Where a stream is written to."""

    def write(self, data: bytes, /) -> object:
        """Take all of it."""
        ...


@dataclass(slots=True)
class SealedWriter:
    """Encrypts what is written. Only after `finish` is the stream whole."""

    out: ByteSink
    _cipher: AESGCM
    _header: bytes
    _prefix: bytes
    _waiting: bytearray = field(default_factory=bytearray)
    _number: int = 0

    @classmethod
    def begin(cls, out: ByteSink, passphrase: str, *, cost: int = _COST) -> Self:
        """Write the header. `cost`: log2 of scrypt's N, less only in tests."""
        salt, prefix = os.urandom(_SALT), os.urandom(_PREFIX)
        key, check = _derive(passphrase, salt, cost, _BLOCK, _LANES)
        header = MAGIC + _HEADER.pack(cost, _BLOCK, _LANES, salt, prefix, check)
        out.write(header)
        return cls(out, AESGCM(key), header, prefix)

    def write(self, data: bytes) -> int:
        """Take some bytes; at most a chunk of them is held back."""
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def finish(self) -> None:
        """Write the last chunk, marked as such."""
        self._put(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _put(self, data: bytes, *, last: bool) -> None:
        self.out.write(self._cipher.encrypt(_nonce(self._prefix, self._number, last=last), data, self._header))
        self._number += 1


@dataclass(slots=True)
class SealedReader:
    """Decrypts a stream whose magic was read already. `read` raises `BackupDamagedError` before it gives changed bytes,
    and at the end if the last chunk is missing.
    """

    source: BinaryIO
    _cipher: AESGCM
    _header: bytes
    _prefix: bytes
    _ahead: bytes = b""
    _open: bytearray = field(default_factory=bytearray)
    _number: int = 0
    _ended: bool = False

    @classmethod
    def begin(cls, source: BinaryIO, passphrase: str) -> Self:
        """Read the header and try the passphrase. Raises `BackupDamagedError`, `WrongPassphraseError`."""
        packed = read_fully(source, _HEADER.size)
        if len(packed) < _HEADER.size:
            message = "This backup ends within its first bytes."
            raise BackupDamagedError(message)
        cost, block, lanes, salt, prefix, check = _HEADER.unpack(packed)
        if not (1 <= cost <= _MOST_COST and 1 <= block <= _MOST_BLOCK and 1 <= lanes <= _MOST_LANES):
            message = "The first bytes of this backup were changed."
            raise BackupDamagedError(message)
        key, right = _derive(passphrase, salt, cost, block, lanes)
        if not hmac.compare_digest(check, right):
            message = "This passphrase does not open the backup (or the backup's first bytes were changed)."
            raise WrongPassphraseError(message)
        return cls(source, AESGCM(key), MAGIC + packed, prefix, read_fully(source, CHUNK + _TAG))

    def read(self, size: int = -1) -> bytes:
        """That many bytes, fewer only at the end; all that is left if `size` is negative."""
        while not self._ended and (size < 0 or len(self._open) < size):
            self._next()
        size = len(self._open) if size < 0 else size
        data = bytes(self._open[:size])
        del self._open[:size]
        return data

    def _next(self) -> None:
        data, self._ahead = self._ahead, read_fully(self.source, CHUNK + _TAG)
        last = not self._ahead
        try:
            self._open += self._cipher.decrypt(_nonce(self._prefix, self._number, last=last), data, self._header)
        except InvalidTag as error:
            message = f"This backup was changed or cut off, after {self._number} MiB that are right."
            raise BackupDamagedError(message) from error
        self._number += 1
        self._ended = last


def read_fully(source: BinaryIO, size: int) -> bytes:
    """That many bytes, also from a pipe that gives fewer at once; fewer only at the end."""
    parts, left = [], size
    while left > 0 and (part := source.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _derive(passphrase: str, salt: bytes, cost: int, block: int, lanes: int) -> tuple[bytes, bytes]:
    """The key, and the bytes by which it is known."""
    made = Scrypt(salt=salt, length=32 + _TAG, n=1 << cost, r=block, p=lanes).derive(passphrase.encode())
    return made[:32], made[32:]


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    if number >= _MOST_CHUNKS:
        message = "A backup holds 4 PiB at most."
        raise BackupDamagedError(message)
    return prefix + struct.pack(">IB", number, last)
