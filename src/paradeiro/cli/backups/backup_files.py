"""In: a folder of backups; out: a backup in it under its name only once it is whole; the oldest ones removed."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

_NAME = re.compile(r"paradeiro-(\d{8}T\d{6}Z)(?:-\d+)?\.backup")
_STAMP = "%Y%m%dT%H%M%SZ"
_UNFINISHED = ".unfinished-"
_DEAD_AFTER_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class BackupFile:
    """A whole backup; the instant is that of its name."""

    path: Path
    taken_at: datetime


@dataclass(slots=True)
class NewFile:
    """A backup that is being written. `keep` gives it its name."""

    file: BinaryIO
    _unfinished: Path
    path: Path | None = None

    def keep(self, taken_at: datetime) -> Path:
        """It is whole: on the disk, then under its name."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        stamp, number = f"{taken_at.astimezone(UTC):{_STAMP}}", 0
        path = self._unfinished.with_name(f"paradeiro-{stamp}.backup")
        while path.exists():
            number += 1
            path = path.with_name(f"paradeiro-{stamp}-{number}.backup")
        self._unfinished.rename(path)
        _sync_folder(path.parent)
        self.path = path
        return path


@contextmanager
def new_backup_file(folder: Path) -> Iterator[NewFile]:
    """A file for a backup (mode 0600), removed again unless it is kept."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _remove_dead(folder)
    handle, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=folder)
    new = NewFile(cast("BinaryIO", os.fdopen(handle, "wb")), Path(name))
    try:
        yield new
    finally:
        new.file.close()
        Path(name).unlink(missing_ok=True)


def backups_in(folder: Path) -> list[BackupFile]:
    """The whole backups of a folder, the newest first. Other files are nobody's business."""
    if not folder.is_dir():
        return []
    found = [
        BackupFile(path, datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC))
        for path in folder.iterdir()
        if (match := _NAME.fullmatch(path.name)) and path.is_file()
    ]
    return sorted(found, key=lambda each: (each.taken_at, each.path.name), reverse=True)


def remove_older(folder: Path, keep: int) -> list[Path]:
    """Remove all but the newest `keep` backups; those removed."""
    gone = [each.path for each in backups_in(folder)[keep:]]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def _remove_dead(folder: Path) -> None:
    """What a killed backup left: nothing is written to it any more after a day."""
    for path in folder.glob(f"{_UNFINISHED}*"):
        if datetime.now(UTC).timestamp() - path.stat().st_mtime > _DEAD_AFTER_SECONDS:
            path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
