"""In: the address of a folder at another company (SFTP, FTPS); out: its files listed, read, moved or removed.

Nothing is trusted that was not given: an SFTP server shows the key that the account names, an FTPS server a certificate
for its name. Errors are `RemoteError`s; their outcome says whether credentials or the connection are at fault.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

from paradeiro.domain.words import Outcome
from paradeiro.sdk.transports import file_settings

SFTP, FTPS = "sftp", "ftps"
_PORTS = {SFTP: 22, FTPS: 21}
# Names that a file has while it is being written.
_UNFINISHED = (".tmp", ".part", ".filepart", ".partial", ".writing")


class RemoteError(Exception):
    """The folder could not be used: RETRY, or AUTH_FAILED (credentials, keys, the address itself)."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message


class TooLargeError(Exception):
    """The file is larger than it may be; the rest was not read."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file in the folder, as it is listed. `modified_at`: by the clock there."""

    name: str
    size: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class RemotePlace:
    """Where a folder is, and with what it opens. `afterwards`: keep, delete, or the folder that taken files go to."""

    scheme: str
    host: str
    port: int
    user: str
    path: str
    password: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    host_key: str = ""
    delete: bool = False
    move_to: str = ""


class RemoteFolder(Protocol):
    """An open folder. Its methods raise `RemoteError`."""

    async def files(self) -> list[RemoteFile]:
        """The files in it, oldest first; those that are being written have names of their own and are left out."""
        ...

    async def read(self, name: str, into: BinaryIO, most: int) -> None:
        """Read a file of at most `most` bytes into a local one. Raises `TooLargeError`."""
        ...

    async def remove(self, name: str) -> None:
        """Remove a file."""
        ...

    async def move(self, name: str, folder: str) -> None:
        """Move a file into a folder in this one, which is made if it is not there."""
        ...


def place_of(settings: Mapping[str, str]) -> RemotePlace:
    """Where an account's files are fetched. Raises `RemoteError` if its settings do not say it."""
    try:
        parts = urlsplit(settings.get(file_settings.URL, ""))
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise _wrong(f"remote_url is no address: {error}") from error
    if parts.scheme not in _PORTS or not parts.hostname or not parts.username:
        raise _wrong("remote_url must be sftp://user@host/folder or ftps://user@host/folder")
    if parts.password:
        raise _wrong("the password belongs into remote_password, not into remote_url")
    host_key = settings.get(file_settings.HOST_KEY, "").strip()
    if parts.scheme == SFTP and not host_key:
        raise _wrong("remote_host_key is missing: the server's public key, as the carrier confirms it")
    delete, move_to = _afterwards(settings.get(file_settings.AFTERWARDS, ""))
    return RemotePlace(
        parts.scheme,
        parts.hostname,
        port,
        unquote(parts.username),
        unquote(parts.path) or ".",
        settings.get(file_settings.PASSWORD, ""),
        settings.get(file_settings.KEY, ""),
        host_key,
        delete,
        move_to,
    )


def _wrong(why: str) -> RemoteError:
    return RemoteError(Outcome.AUTH_FAILED, why)


def _afterwards(text: str) -> tuple[bool, str]:
    """Whether a taken file is deleted, and the folder that it is moved to."""
    word, _, folder = text.strip().partition(":")
    if word in {"", "keep", "delete"} and not folder:
        return word == "delete", ""
    if word == "move" and folder.strip("/ ") and ".." not in folder.split("/"):
        return False, folder.strip("/ ")
    raise _wrong(f"remote_afterwards must be keep, delete or move:FOLDER, not {text!r}")


def is_finished(name: str) -> bool:
    """Whether a file's name is none that it has only while it is written."""
    return not name.startswith(".") and not name.casefold().endswith(_UNFINISHED)


def in_order(found: list[RemoteFile]) -> list[RemoteFile]:
    """The finished files, oldest first."""
    return sorted((each for each in found if is_finished(each.name)), key=lambda f: (f.modified_at, f.name))


class Bounded:
    """Writes into a local file what comes, until it is too much."""

    def __init__(self, into: BinaryIO, most: int) -> None:
        self._into, self._left = into, most

    def write(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            raise TooLargeError
        self._into.write(data)
