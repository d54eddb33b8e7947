"""In: an SFTP server's address, its key and our credentials; out: its folder. No other key is trusted."""

import posixpath
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from stat import S_ISREG
from typing import BinaryIO

import asyncssh

from paradeiro.domain.words import Outcome
from paradeiro.sdk.transports.remote_files import Bounded, RemoteError, RemoteFile, RemotePlace, in_order

_CONNECT_SECONDS = 30.0
_CHUNK = 256 * 1024
_MOST_FILES = 10_000


@asynccontextmanager
async def open_sftp(place: RemotePlace) -> AsyncIterator["SftpFolder"]:
    """The folder, open. Raises `RemoteError`."""
    trusted, ours = _keys(place)
    with _as_remote_errors():
        connection = await asyncssh.connect(
            place.host,
            place.port,
            username=place.user,
            password=place.password or None,
            client_keys=ours,
            known_hosts=([trusted], [], []),
            # Nothing of the machine that we run on has a say: no configuration, no agent, no keys of its user.
            config=None,
            agent_path=None,
            connect_timeout=_CONNECT_SECONDS,
            login_timeout=_CONNECT_SECONDS,
            keepalive_interval=15,
        )
    async with connection:
        with _as_remote_errors():
            client = await connection.start_sftp_client()
        async with client:
            yield SftpFolder(client, place.path)


def _keys(place: RemotePlace) -> tuple[asyncssh.SSHKey, list[asyncssh.SSHKey]]:
    """The server's key, and ours. A line of ssh-keyscan begins with the host's name."""
    words = place.host_key.split()
    start = next((at for at, word in enumerate(words) if word.startswith(("ssh-", "ecdsa-"))), 0)
    try:
        trusted = asyncssh.import_public_key(" ".join(words[start : start + 2]))
        ours = [asyncssh.import_private_key(place.key)] if place.key else []
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError) as error:
        raise RemoteError(Outcome.AUTH_FAILED, f"remote_host_key or remote_key is no key: {error}") from error
    return trusted, ours


@contextmanager
def _as_remote_errors() -> Iterator[None]:
    try:
        yield
    except asyncssh.HostKeyNotVerifiable as error:
        words = "the server shows another key than remote_host_key; nothing was sent to it. Ask the carrier"
        raise RemoteError(Outcome.AUTH_FAILED, words) from error
    except (asyncssh.PermissionDenied, asyncssh.SFTPPermissionDenied) as error:
        raise RemoteError(Outcome.AUTH_FAILED, f"not permitted: {error}") from error
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as error:
        raise RemoteError(Outcome.RETRY, f"not there: {error}") from error
    except (asyncssh.Error, OSError, TimeoutError) as error:
        raise RemoteError(Outcome.RETRY, f"{type(error).__name__}: {error}") from error


class SftpFolder:
    """A folder by SFTP."""

    def __init__(self, client: asyncssh.SFTPClient, path: str) -> None:
        self._client, self._path = client, path

    def _at(self, *names: str) -> str:
        return posixpath.join(self._path, *names)

    async def files(self) -> list[RemoteFile]:
        found: list[RemoteFile] = []
        with _as_remote_errors():
            async for entry in self._client.scandir(self._path):
                attributes, name = entry.attrs, str(entry.filename)
                kind = attributes.permissions
                if (kind is None or S_ISREG(kind)) and attributes.size is not None and len(found) < _MOST_FILES:
                    found.append(RemoteFile(name, attributes.size, datetime.fromtimestamp(attributes.mtime or 0, UTC)))
        return in_order(found)

    async def read(self, name: str, into: BinaryIO, most: int) -> None:
        bounded = Bounded(into, most)
        with _as_remote_errors():
            async with self._client.open(self._at(name), "rb") as remote:
                while data := await remote.read(_CHUNK):
                    assert isinstance(data, bytes), "it is opened so"
                    bounded.write(data)

    async def remove(self, name: str) -> None:
        with _as_remote_errors():
            await self._client.remove(self._at(name))

    async def move(self, name: str, folder: str) -> None:
        with _as_remote_errors():
            await self._client.makedirs(self._at(folder), exist_ok=True)
            await self._client.rename(self._at(name), self._at(folder, name))
