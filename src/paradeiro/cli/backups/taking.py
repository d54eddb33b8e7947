"""In: settings; out: a backup of the configured database in a folder, or on standard output."""

import sys
from dataclasses import dataclass
from pathlib import Path

from paradeiro.app import key_source
from paradeiro.cli.backups.backup_files import new_backup_file
from paradeiro.cli.backups.passphrase import new_passphrase
from paradeiro.cli.running.database import database_url
from paradeiro.db.backup.archive import About
from paradeiro.db.backup.dump import write_backup
from paradeiro.secret_key import KeySource, read_key
from paradeiro.settings import Settings


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup. `path` None: it went to standard output."""

    about: About
    path: Path | None
    size: int


def take_backup(settings: Settings, folder: Path | None, *, encrypted: bool) -> Taken:
    """Back up into a folder; None: to standard output. Raises `PassphraseError`, `UnusableDatabaseError`,
    `ProgramError`, `BadKeyError`, `OSError`.
    """
    passphrase = new_passphrase(settings) if encrypted else None
    with database_url(settings, says=folder is not None) as url:
        key = _kept_key(key_source(settings)) if encrypted else None
        if folder is None:
            about = write_backup(url, sys.stdout.buffer, passphrase=passphrase, key=key)
            sys.stdout.buffer.flush()
            return Taken(about, None, 0)
        with new_backup_file(folder) as new:
            about = write_backup(url, new.file, passphrase=passphrase, key=key)
            path = new.keep(about.taken_at)
        return Taken(about, path, path.stat().st_size)


def _kept_key(source: KeySource) -> str | None:
    """The key, never made here: one that is made now opens nothing of that database."""
    own = source.own_file
    return None if own is not None and not own.exists() else read_key(source)


def taken_lines(taken: Taken) -> list[str]:
    """What a person is told."""
    about, rows = taken.about, sum(taken.about.tables.values())
    where = f"{taken.path} ({taken.size / 1e6:.1f} MB)" if taken.path else "standard output"
    said = [f"Backup of {about.taken_at:%Y-%m-%d %H:%M:%S} UTC, revision {about.revision}, {rows} rows: {where}"]
    if not about.with_key:
        said.append(
            "The secret key is NOT in it. Keep it elsewhere: without it nobody can read the credentials and pictures "
            "in this backup."
        )
    return said
