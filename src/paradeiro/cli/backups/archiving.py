"""In: settings; out: the embedded server with its WAL archived if that is wanted, and restored to an instant."""

from datetime import UTC, datetime
from pathlib import Path

from paradeiro.app import key_source, up_runs
from paradeiro.cli.running.database import REAL_DATABASE
from paradeiro.db.backup.restore import TargetHasDataError, forget_what_was_told
from paradeiro.db.migrate import migrate
from paradeiro.db.server.embedded import Embedded
from paradeiro.db.server.point_in_time import (
    archiving_is_on,
    base_backup,
    bases_in,
    check_archiving,
    give_folder,
    remove_older_bases,
    restore_until,
    stop_archiving,
)
from paradeiro.settings import Settings

_BASES = 2


def embedded_server(settings: Settings) -> Embedded:
    """The embedded server; it archives its WAL if PARADEIRO_WAL_FOLDER is set, and does not if it is not.

    Raises `EmbeddedError`.
    """
    folder = settings.data_dir.resolve() / "postgres"
    server = Embedded(folder)
    if settings.wal_folder is None:
        stop_archiving(server.url("postgres"))
        return server
    give_folder(settings.wal_folder, folder)
    if not archiving_is_on(server.url("postgres"), settings.wal_folder):
        server.stop()  # it takes a restart
        server = Embedded(folder)
    check_archiving(server.url("postgres"))
    return server


def base_is_due(folder: Path, hours: float, now: datetime) -> bool:
    """Whether the newest base backup is older than that."""
    found = bases_in(folder)
    return not found or (now - found[0][0]).total_seconds() >= hours * 3600


def make_base(url: str, folder: Path) -> None:
    """A base backup; those before the second newest go, and the WAL that only they needed."""
    base_backup(url, folder, datetime.now(UTC))
    remove_older_bases(folder, _BASES)


def restore_to_instant(settings: Settings, folder: Path, until: datetime, told_until: datetime | None) -> list[str]:
    """The embedded database as of an instant, in a data folder that has none; what a person must know. Raises
    `EmbeddedError`, `TargetHasDataError`, `UnusableDatabaseError`.
    """
    if up_runs(settings) or settings.database_url is not None:
        message = "To an instant only an embedded database is restored: another PARADEIRO_DATA_DIR, and no address."
        raise TargetHasDataError(message)
    with restore_until(folder, until, settings.data_dir.resolve() / "postgres") as server:
        url = server.url(REAL_DATABASE)
        migrate(url)
        forget_what_was_told(url, told_until)
    own = key_source(settings).own_file
    key = f"Put secret.key (of the old data folder, or of a backup) into {own}." if own and not own.exists() else ""
    return [f"Restored as of {until:%Y-%m-%d %H:%M:%S} UTC, in {settings.data_dir}.", *([key] if key else [])]
