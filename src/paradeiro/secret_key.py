"""In: where the secret key comes from; out: the key: from settings, a file, a command, else a file that is made once.

A key is a text of one Fernet key, or of several while it is changed, the newest first (`db/secrets.py`).
"""

import os
import shlex
import subprocess
import tempfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from paradeiro.db.secrets import BadKeyError, keys_of, new_key

_COMMAND_SECONDS = 30


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where the key comes from, as the settings say: itself, a file or a command; if none, a file in `folder`."""

    folder: Path
    key: str | None = field(default=None, repr=False)
    file: Path | None = None
    command: str | None = field(default=None, repr=False)

    @property
    def own_file(self) -> Path | None:
        """The file that Paradeiro made and may change; None if the key comes from elsewhere."""
        return None if self.key or self.file or self.command else self.folder / "secret.key"


def read_key(source: KeySource) -> str:
    """The key. Raises `BadKeyError` with what to do, never with the key or a command's output."""
    if len([each for each in (source.key, source.file, source.command) if each]) > 1:
        message = (
            "The secret key is given more than once: set one of PARADEIRO_SECRET_KEY, PARADEIRO_SECRET_KEY_FILE and "
            "PARADEIRO_SECRET_COMMAND."
        )
        raise BadKeyError(message)
    if source.key:
        return source.key
    if source.command:
        return _told_by(source.command)
    return _read(source.file) if source.file else _own_key(source.folder / "secret.key")


def write_key(path: Path, keys: tuple[str, ...]) -> None:
    """Replace the key file (mode 0600) in one step: whoever reads it finds the former or the new one."""
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=".secret-")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write("\n".join(keys))
            file.flush()
            os.fsync(file.fileno())
        Path(made).replace(path)
    except OSError:
        Path(made).unlink(missing_ok=True)
        raise


def _own_key(path: Path) -> str:
    """From our file, which is made if it is not there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        key = new_key()
        file.write(key)
    return key


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError | UnicodeDecodeError) -> BadKeyError:
    reason = error.strerror if isinstance(error, OSError) else "it is no text"
    message = f"The secret key cannot be read from or kept in {path}: {reason}. Set PARADEIRO_DATA_DIR or that key."
    return BadKeyError(message)


@lru_cache(maxsize=8)
def _told_by(command: str) -> str:
    """What a command prints, asked once per process. Its error output is not shown: it may be secret."""
    name = command.split(maxsplit=1)[0] if command.strip() else ""
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command
            shlex.split(command), capture_output=True, check=True, timeout=_COMMAND_SECONDS, stdin=subprocess.DEVNULL
        )
        key = done.stdout.decode("ascii").strip()
        keys_of(key)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        why = f"it ended with status {error.returncode}" if isinstance(error, subprocess.CalledProcessError) else ""
        why = why or ("it took too long" if isinstance(error, subprocess.TimeoutExpired) else "")
        why = why or ("it cannot be started" if isinstance(error, OSError) else "it printed no key")
        message = (
            f"PARADEIRO_SECRET_COMMAND ({name}) gave no secret key: {why}. It must print the key and nothing else."
        )
        raise BadKeyError(message) from None
    return key
