"""In: a backup; out: the configured database as it was then, migrated to today's schema, with its secret key."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

from paradeiro.app import key_source, up_runs
from paradeiro.cli.backups.passphrase import known_passphrase
from paradeiro.cli.running.database import database_url, migrate_command
from paradeiro.db.backup.archive import About, ArchiveReader
from paradeiro.db.backup.restore import TargetHasDataError, check_target, mark_told, restore_database
from paradeiro.db.migrate import NewerSchemaError, head, knows_revision
from paradeiro.db.secrets import keys_of
from paradeiro.secret_key import read_key, write_key
from paradeiro.settings import Settings


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored backup, and what a person must know of it."""

    about: About
    said: tuple[str, ...]


@contextmanager
def _source(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdin.buffer
        return
    with path.open("rb") as file:
        yield cast("BinaryIO", file)


def restore_backup(settings: Settings, path: Path | None, *, replace: bool, told_until: datetime | None) -> Restored:
    """Restore a file; None: standard input. Raises `PassphraseError`, `WrongPassphraseError`, `BackupDamagedError`,
    `TargetHasDataError`, `UnusableDatabaseError`, `ProgramError`, `OSError`; then nothing was changed.
    """
    if up_runs(settings):
        message = "Paradeiro runs in this data folder: stop it first (Ctrl-C in its terminal)."
        raise TargetHasDataError(message)
    with _source(path) as source:
        archive = ArchiveReader(source, lambda: known_passphrase(settings))
        _check_revision(archive.about)
        with database_url(settings) as url:
            check_target(url, replace=replace)
            _check_key_file(settings, archive.about, replace=replace)
            restore_database(archive, url, replace=replace, told_until=told_until)
            key_words = _restore_key(settings, archive.key)
            asyncio.run(migrate_command(url))
            mark_told(url, told_until)
    about = archive.about
    migrated = f" and migrated to {head()}" if about.revision != head() else ""
    rows = sum(about.tables.values())
    said = [
        f"Restored: {rows} rows as of {about.taken_at:%Y-%m-%d %H:%M:%S} UTC, revision {about.revision}{migrated}.",
        key_words,
        _told_words(told_until),
        (
            "Everybody signs in again. What happened after that instant is not in it: packages are asked about again, "
            "keys and operators that were removed since are there again, tokens that were renewed since may have to be "
            "given anew (paradeiro status)."
        ),
    ]
    return Restored(about, tuple(said))


def _told_words(told_until: datetime | None) -> str:
    if told_until is None:
        return "All messages that waited are sent (--told-until none)."
    return (
        f"Customers are not mailed what happened, or was due, until {told_until:%Y-%m-%d %H:%M} UTC: the lost instance "
        "may have told them. If it stopped earlier, restore again with --told-until and that instant."
    )


def _check_revision(about: About) -> None:
    if knows_revision(about.revision):
        return
    message = (
        f"This backup was made by Paradeiro {about.product} (revision {about.revision}); this one knows revisions up "
        f"to {head()}. Restore it with {about.product} or newer. Nothing was changed."
    )
    raise NewerSchemaError(message)


def _check_key_file(settings: Settings, about: About, *, replace: bool) -> None:
    """A key that is there already opens something else: it is not overwritten unasked."""
    own = key_source(settings).own_file
    if about.with_key and own is not None and own.exists() and not replace:
        message = (
            f"{own} is there already, and the backup brings another. Nothing was changed. Choose another "
            "PARADEIRO_DATA_DIR, or add --replace: the one that is there is then kept beside it."
        )
        raise TargetHasDataError(message)


def _restore_key(settings: Settings, key: str | None) -> str:
    """Put the key where it is looked for; what to do if that is not possible."""
    source = key_source(settings)
    own = source.own_file
    place = own or "the place that PARADEIRO_SECRET_KEY, …_KEY_FILE or …_COMMAND names"
    if key is None:
        return (
            f"The secret key was NOT in the backup: put it into {place} before you start, or give each account its "
            "credentials anew."
        )
    if own is None:
        same = set(keys_of(key)) <= set(keys_of(read_key(source)))
        told = "The secret key of your settings is the backup's."
        return told if same else f"Your settings name another secret key than the backup's: put that one into {place}."
    own.parent.mkdir(parents=True, exist_ok=True)
    if own.exists() and own.read_text(encoding="ascii").strip() != key.strip():
        own.replace(own.with_name("secret.key.before-restore"))
    write_key(own, keys_of(key))
    return f"The secret key is in {own}."
