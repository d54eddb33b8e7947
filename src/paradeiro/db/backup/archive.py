"""In: the parts of a backup, one after the other; out: a tar stream of them with a manifest at its end, and back.

    about.json        what it is a backup of
    secret.key        the secret key; only in an encrypted backup
    database/000000   the dump of pg_dump (format custom), in parts of 16 MiB: joined they are one file
    manifest.json     SHA-256 and size of each of these

Never more than a part is in memory.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, cast

from paradeiro.db.backup.sealed_stream import (
    MAGIC,
    BackupDamagedError,
    ByteSink,
    SealedReader,
    read_fully,
)

FORMAT = 1
_PART = 16 << 20
_MOST_PART = 64 << 20  # of a foreign file: no more is taken into memory
_ABOUT, _KEY, _MANIFEST, _DATABASE = "about.json", "secret.key", "manifest.json", "database/"


@dataclass(frozen=True, slots=True)
class About:
    """What a backup is of. `taken_at`: the instant whose data it has; `tables`: rows of each table; `schema`: SHA-256
    of the schema's description, as `schema_check` has it.
    """

    product: str
    revision: str
    server: str
    taken_at: datetime
    with_key: bool
    schema: str
    tables: dict[str, int] = field(default_factory=dict)


class ArchiveWriter:
    """Writes a backup to a stream."""

    def __init__(self, out: ByteSink) -> None:
        self._tar = tarfile.open(  # noqa: SIM115 - closed by `finish`; one that breaks off shall have no end mark
            fileobj=cast("BinaryIO", out), mode="w|", format=tarfile.PAX_FORMAT
        )
        self._files: dict[str, dict[str, str | int]] = {}
        self._at = 0

    def about(self, about: About, key: str | None) -> None:
        """The first files."""
        self._at = int(about.taken_at.timestamp())
        facts = asdict(about) | {"format": FORMAT, "taken_at": about.taken_at.isoformat()}
        self._add(_ABOUT, json.dumps(facts, indent=1).encode())
        if key is not None:
            self._add(_KEY, key.encode("ascii"))

    def database(self, dump: BinaryIO) -> None:
        """All that can be read there."""
        number = 0
        while part := read_fully(dump, _PART):
            self._add(f"{_DATABASE}{number:06}", part)
            number += 1

    def finish(self) -> None:
        """The manifest, and the end mark."""
        self._add(_MANIFEST, json.dumps({"files": self._files}, indent=1).encode())
        self._tar.close()

    def _add(self, name: str, data: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mtime, entry.mode = len(data), self._at, 0o600
        self._tar.addfile(entry, io.BytesIO(data))
        self._files[name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


class ArchiveReader:
    """Reads a backup from a stream, in its order: `about`, then `database` to its end, which checks everything.

    All methods raise `BackupDamagedError`.
    """

    def __init__(self, source: BinaryIO, passphrase: Callable[[], str]) -> None:
        """`passphrase` is called if it is encrypted. Raises `WrongPassphraseError`, `BackupDamagedError`."""
        first = read_fully(source, len(MAGIC))
        self.encrypted = first == MAGIC
        self._stream: Any = SealedReader.begin(source, passphrase()) if self.encrypted else _Joined(first, source)
        self._files: dict[str, dict[str, str | int]] = {}
        try:
            self._tar = tarfile.open(fileobj=cast("BinaryIO", self._stream), mode="r|")  # noqa: SIM115 - the caller closes the stream
        except tarfile.TarError as error:
            message = "This is no backup of Paradeiro."
            raise BackupDamagedError(message) from error
        self._members = self._read_members()
        name, data = self._next()
        if name != _ABOUT:
            message = "This is no backup of Paradeiro: it does not say what it is of."
            raise BackupDamagedError(message)
        self.about = _about_of(data)
        self.key: str | None = None

    def database(self) -> Iterator[bytes]:
        """The dump's parts. Only when all were taken is it known that the backup is whole."""
        for name, data in self._members:
            if name == _KEY and self.key is None:
                self.key = data.decode("ascii", "replace")
            elif name.startswith(_DATABASE) and name == f"{_DATABASE}{len(self._files) - 2 - self.about.with_key:06}":
                yield data
            elif name == _MANIFEST:
                self._check_manifest(data)
                return
            else:
                message = f"This backup holds {name!r} where it should not."
                raise BackupDamagedError(message)
        message = "This backup ends before its manifest: it is not whole."
        raise BackupDamagedError(message)

    def _next(self) -> tuple[str, bytes]:
        return next(self._members, ("", b""))

    def _read_members(self) -> Iterator[tuple[str, bytes]]:
        try:
            for entry in self._tar:
                file = self._tar.extractfile(entry) if entry.size <= _MOST_PART else None
                data = b"" if file is None else file.read()
                if file is None or len(data) != entry.size:
                    message = f"{entry.name!r} in this backup is cut off or of no size that it can have."
                    raise BackupDamagedError(message)
                if entry.name != _MANIFEST:
                    digest = hashlib.sha256(data).hexdigest()
                    self._files[entry.name] = {"bytes": len(data), "sha256": digest}
                yield entry.name, data
        except (tarfile.TarError, EOFError) as error:
            message = "This backup is cut off or damaged."
            raise BackupDamagedError(message) from error

    def _check_manifest(self, data: bytes) -> None:
        try:
            stated = json.loads(data)["files"]
        except (ValueError, KeyError, TypeError) as error:
            message = "The manifest of this backup cannot be read."
            raise BackupDamagedError(message) from error
        if stated != self._files:
            wrong = sorted(name for name in {*stated, *self._files} if stated.get(name) != self._files.get(name))
            message = f"This backup is damaged: {', '.join(wrong[:5])} differ from its manifest."
            raise BackupDamagedError(message)
        if self.about.with_key != (self.key is not None):
            message = "This backup says that it holds the secret key, and does not."
            raise BackupDamagedError(message)
        while self._stream.read(1 << 16):  # to the last chunk, whose mark says that nothing is missing
            pass


@dataclass(slots=True)
class _Joined:
    """Bytes read already, then the rest of a stream."""

    first: bytes
    rest: BinaryIO

    def read(self, size: int) -> bytes:
        data, self.first = self.first[:size], self.first[size:]
        return data if len(data) == size else data + read_fully(self.rest, size - len(data))


def _about_of(data: bytes) -> About:
    try:
        facts = json.loads(data)
        number = facts.pop("format")
        if number != FORMAT:
            message = f"This backup has format {number}; this Paradeiro reads {FORMAT}. Restore it with a newer one."
            raise BackupDamagedError(message)
        return About(**facts | {"taken_at": datetime.fromisoformat(facts["taken_at"])})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, BackupDamagedError):
            raise
        message = "What this backup says of itself cannot be read."
        raise BackupDamagedError(message) from error
