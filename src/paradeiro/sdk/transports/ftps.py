"""In: an FTPS server's address and our credentials; out: its folder. Its certificate must be for its name.

The standard library's client blocks, so it runs in a thread. When its caller gives up, its connections are cut: so the
thread ends too, however slowly the server trickles.
"""

import asyncio
import ftplib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import BinaryIO, TypeVar

from paradeiro.domain.words import Outcome
from paradeiro.sdk.transports.remote_files import Bounded, RemoteError, RemoteFile, RemotePlace, TooLargeError, in_order

_SECONDS = 30.0
_CHUNK = 256 * 1024
_MOST_FILES = 10_000
_T = TypeVar("_T")


class _Client(ftplib.FTP_TLS):
    """The library's client, that can be cut off. Data connections go on with the control connection's TLS session, as
    many servers demand.
    """

    data: socket.socket | None = None

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 - TLS is put around it here
        if self._prot_p:  # type: ignore[attr-defined]  # what the library keeps; its own method does the same
            session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
            connection = self.context.wrap_socket(connection, server_hostname=self.host, session=session)
        self.data = connection
        return connection, size

    def cut(self) -> None:
        """End both connections at once, from another thread."""
        for each in (self.data, self.sock):
            if each is not None:
                with suppress(OSError):
                    socket.socket.shutdown(each, socket.SHUT_RDWR)


@asynccontextmanager
async def open_ftps(place: RemotePlace) -> AsyncIterator["FtpsFolder"]:
    """The folder, open. Raises `RemoteError`."""
    folder = FtpsFolder(place)
    try:
        await folder.open()
        yield folder
    finally:
        folder.close()


class FtpsFolder:
    """A folder by FTPS."""

    def __init__(self, place: RemotePlace) -> None:
        self._place = place
        try:
            context = ssl.create_default_context(cadata=place.host_key or None)
        except ssl.SSLError as error:
            raise RemoteError(Outcome.AUTH_FAILED, f"remote_host_key is no certificate: {error}") from error
        self._ftp = _Client(context=context, timeout=_SECONDS, encoding="utf-8")

    async def open(self) -> None:
        await self._call(self._log_in)

    def _log_in(self) -> None:
        place = self._place
        self._ftp.connect(place.host, place.port)
        self._ftp.login(place.user, place.password)
        self._ftp.prot_p()
        if place.path not in {"", ".", "/"}:
            self._ftp.cwd(place.path)

    async def _call(self, work: Callable[[], _T]) -> _T:
        """Work in a thread. Given up, it is cut off."""
        try:
            return await asyncio.to_thread(work)
        except asyncio.CancelledError:
            self._ftp.cut()
            raise
        except ftplib.error_perm as error:
            refused = str(error).startswith(("530", "532", "534", "535"))
            raise RemoteError(Outcome.AUTH_FAILED if refused else Outcome.RETRY, str(error)) from error
        except ssl.SSLCertVerificationError as error:
            words = f"the server's certificate is not trusted: {error.verify_message}"
            raise RemoteError(Outcome.AUTH_FAILED, words) from error
        except (ftplib.Error, OSError, EOFError, UnicodeError) as error:
            raise RemoteError(Outcome.RETRY, f"{type(error).__name__}: {error}") from error

    async def files(self) -> list[RemoteFile]:
        return in_order(await self._call(self._list))

    def _list(self) -> list[RemoteFile]:
        found: list[RemoteFile] = []
        for name, facts in self._ftp.mlsd(facts=["type", "size", "modify"]):
            if facts.get("type", "").casefold() == "file" and len(found) < _MOST_FILES:
                found.append(RemoteFile(name, int(facts.get("size", "0")), _instant(facts.get("modify", ""))))
        return found

    async def read(self, name: str, into: BinaryIO, most: int) -> None:
        bounded = Bounded(into, most)
        try:
            await self._call(lambda: self._ftp.retrbinary(f"RETR {_plain(name)}", bounded.write, _CHUNK))
        except TooLargeError:
            # The rest is on its way: this connection can do nothing more.
            self._ftp.cut()
            raise

    async def remove(self, name: str) -> None:
        await self._call(lambda: self._ftp.delete(_plain(name)))

    async def move(self, name: str, folder: str) -> None:
        def work() -> None:
            with suppress(ftplib.error_perm):  # it is there already; if not, the next command says so
                self._ftp.mkd(_plain(folder))
            self._ftp.rename(_plain(name), f"{_plain(folder)}/{_plain(name)}")

        await self._call(work)

    def close(self) -> None:
        self._ftp.cut()
        self._ftp.close()


def _plain(name: str) -> str:
    """A name that is no second command."""
    if "\r" in name or "\n" in name:
        raise RemoteError(Outcome.RETRY, "a file's name has a line break in it")
    return name


def _instant(text: str) -> datetime:
    """The time of a listing (RFC 3659: UTC); the epoch if there is none."""
    try:
        return datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
