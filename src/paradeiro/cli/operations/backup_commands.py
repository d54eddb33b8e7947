"""In: what was typed after `paradeiro backup` and `restore` or `promote`; out: what was made, checked or restored."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from paradeiro.db.backup.archive import About

_Json = Annotated[bool, typer.Option("--json", help="print what was done as JSON")]
_STREAM = "-"


def backup(
    what: Annotated[str, typer.Argument(metavar="FOLDER|-|verify", help="where to; - is standard output")],
    file: Annotated[Path | None, typer.Argument(help="the backup to verify")] = None,
    no_encryption: Annotated[
        bool, typer.Option("--no-encryption", help="without a passphrase, and without the secret key")
    ] = False,
    deep: Annotated[bool, typer.Option("--deep", help="verify: restore it aside, compare schema and rows")] = False,
    as_json: _Json = False,
) -> None:
    """Back up the database and the secret key, while everything goes on: one encrypted file. `backup verify FILE`
    checks one. The passphrase: PARADEIRO_BACKUP_PASSPHRASE_FILE, PARADEIRO_BACKUP_PASSPHRASE, or asked for.
    """
    with _errors_told():
        if what == "verify":
            _verify(file, deep=deep, as_json=as_json)
        elif file is not None or deep:
            raise typer.BadParameter("to check one: paradeiro backup verify FILE")
        else:
            _backup(None if what == _STREAM else Path(what), encrypted=not no_encryption, as_json=as_json)


def _backup(folder: Path | None, *, encrypted: bool, as_json: bool) -> None:
    from paradeiro.cli.backups.taking import take_backup, taken_lines
    from paradeiro.settings import Settings

    taken = take_backup(Settings(), folder, encrypted=encrypted)
    # Standard output may be the backup itself.
    out = Console(stderr=folder is None, highlight=False, markup=False, soft_wrap=True)
    if as_json:
        out.print(json.dumps(_facts(taken.about) | {"file": str(taken.path or ""), "bytes": taken.size}))
    else:
        out.print("\n".join(taken_lines(taken)))


def _verify(file: Path | None, *, deep: bool, as_json: bool) -> None:
    from paradeiro.cli.backups.verifying import verify_backup
    from paradeiro.settings import Settings

    if file is None:
        raise typer.BadParameter("which one? paradeiro backup verify FILE")
    about = verify_backup(Settings(), file, deep=deep)
    out = Console(highlight=False, markup=False, soft_wrap=True)
    if as_json:
        out.print(json.dumps(_facts(about) | {"file": str(file), "restored": deep}))
        return
    how = "restored aside: schema and rows are as they were" if deep else "every byte is right (--deep restores it too)"
    key = "with" if about.with_key else "WITHOUT"
    out.print(
        f"{file}: {how}. {about.taken_at:%Y-%m-%d %H:%M:%S} UTC, Paradeiro {about.product}, revision {about.revision}, "
        f"PostgreSQL {about.server}, {sum(about.tables.values())} rows, {key} the secret key."
    )


def restore(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="a backup; - reads standard input")],
    replace: Annotated[bool, typer.Option("--replace", help="remove what is in the database")] = False,
    told_until: Annotated[
        str,
        typer.Option(help="when the lost instance stopped (UTC): mails due by then are not sent again; none: all are"),
    ] = "now",
    until: Annotated[
        str, typer.Option(help="FILE is a PARADEIRO_WAL_FOLDER: the database as of this instant (UTC)")
    ] = "",
    as_json: _Json = False,
) -> None:
    """Restore a backup into the configured database (PARADEIRO_DATABASE_URL, or the embedded one of
    PARADEIRO_DATA_DIR), all of it or nothing, and migrate it.
    """
    from paradeiro.cli.backups.archiving import restore_to_instant
    from paradeiro.cli.backups.restoring import restore_backup
    from paradeiro.settings import Settings

    out = Console(highlight=False, markup=False, soft_wrap=True)
    with _errors_told():
        if (instant := _instant(until or "none")) is not None:
            said = restore_to_instant(Settings(), Path(file), instant, _instant(told_until))
            out.print(json.dumps({"said": said}) if as_json else "\n".join(said))
            return
        path = None if file == _STREAM else Path(file)
        done = restore_backup(Settings(), path, replace=replace, told_until=_instant(told_until))
    if as_json:
        out.print(json.dumps(_facts(done.about) | {"said": done.said}))
    else:
        out.print("\n".join(done.said))


def promote() -> None:
    """After the primary has died: make the replica that answers the server that takes writes. Both stand in
    PARADEIRO_DATABASE_URL (host=one,two target_session_attrs=read-write). Refused while one of them takes writes.
    """
    from paradeiro.db.server.replica import promote_replica
    from paradeiro.settings import Settings

    with _errors_told():
        url = Settings().database_url
        if url is None:
            raise typer.BadParameter("PARADEIRO_DATABASE_URL is not set: it names both servers")
        host = promote_replica(url)
    Console(highlight=False, markup=False, soft_wrap=True).print(f"{host} takes writes now.")


def add_backup_commands(app: typer.Typer) -> None:
    """All of them."""
    app.command()(backup)
    app.command()(restore)
    app.command()(promote)


def _instant(text: str) -> datetime | None:
    """Until when the lost instance told things; None: it had stopped before the backup."""
    if text in {"now", "none"}:
        return datetime.now(UTC) if text == "now" else None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("--told-until 2026-12-01T10:30 (UTC), or none") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _facts(about: "About") -> dict[str, object]:
    return asdict(about) | {"taken_at": about.taken_at.isoformat()}


@contextmanager
def _errors_told() -> Iterator[None]:
    """An error as one sentence, status 2."""
    from paradeiro.cli.backups.passphrase import PassphraseError
    from paradeiro.db.backup.programs import ProgramError
    from paradeiro.db.backup.restore import TargetHasDataError
    from paradeiro.db.backup.sealed_stream import BackupDamagedError, WrongPassphraseError
    from paradeiro.db.secrets import BadKeyError
    from paradeiro.db.server.embedded import EmbeddedError
    from paradeiro.db.server.start_check import UnusableDatabaseError

    known = (
        *(PassphraseError, ProgramError, TargetHasDataError, BackupDamagedError, WrongPassphraseError),
        *(BadKeyError, EmbeddedError, UnusableDatabaseError, OSError),
    )
    try:
        yield
    except known as error:
        message = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.strerror else str(error)
        Console(stderr=True).print(message, style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from None
