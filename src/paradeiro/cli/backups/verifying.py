"""In: a backup; out: whether it is whole, and with `deep` whether a database can be made of it; what is in it."""

import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import BinaryIO, cast

from paradeiro.cli.backups.passphrase import known_passphrase
from paradeiro.db.backup.archive import About, ArchiveReader
from paradeiro.db.backup.contents import differences
from paradeiro.db.backup.dump import running, with_errors_ignored
from paradeiro.db.backup.programs import ProgramError, failure
from paradeiro.db.backup.restore import restore_database
from paradeiro.db.backup.sealed_stream import BackupDamagedError
from paradeiro.db.server.embedded import Embedded
from paradeiro.db.server.postgres_files import client_program
from paradeiro.settings import Settings

_SCRATCH = "paradeiro_verify"


def verify_backup(settings: Settings, path: Path, *, deep: bool) -> About:
    """Check every byte, and that pg_restore can list it; `deep`: restore it into an embedded server made for that and
    compare schema and rows. Raises `BackupDamagedError`, `WrongPassphraseError`, `ProgramError`, `OSError`.
    """
    asked = cache(lambda: known_passphrase(settings))
    with path.open("rb") as file:
        archive = ArchiveReader(cast("BinaryIO", file), asked)
        _list(archive)
    if deep:
        _restore_for_a_look(path, asked)
    return archive.about


def _list(archive: ArchiveReader) -> None:
    """Read it to its end, while pg_restore lists what is in the dump."""
    command = [client_program("pg_restore"), "--list"]
    with (
        tempfile.TemporaryFile() as said,
        tempfile.TemporaryFile() as listed,
        running(command, {}, said, stdin=subprocess.PIPE, stdout=listed.fileno()) as process,
    ):
        assert process.stdin is not None
        ended = False
        for part in archive.database():
            try:
                if not ended:
                    process.stdin.write(part)
            except BrokenPipeError:
                ended = True  # it has seen the table of contents, which comes first
        with_errors_ignored(process.stdin)
        if process.wait() != 0:
            said.seek(0)
            raise failure("pg_restore --list", said.read(20_000))
        listed.seek(0)
        if b"TABLE DATA" not in listed.read():
            message = "The dump in this backup holds no tables."
            raise BackupDamagedError(message)


def _restore_for_a_look(path: Path, passphrase: Callable[[], str]) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="paradeiro-verify-") as folder,
        Embedded(Path(folder) / "postgres") as server,
        path.open("rb") as file,
    ):
        archive = ArchiveReader(cast("BinaryIO", file), passphrase)
        url = server.fresh_url(_SCRATCH)
        restore_database(archive, url, replace=False, told_until=None, as_it_was=True)
        found = differences(url, archive.about)
        if found:
            message = f"Restored, it is not what it says: {'; '.join(found[:5])}."
            raise ProgramError(message)
