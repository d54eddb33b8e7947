"""In: the address of a folder at another company; out: the folder, open, by whatever it is reached."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from paradeiro.sdk.transports.ftps import open_ftps
from paradeiro.sdk.transports.remote_files import SFTP, RemoteFolder, RemotePlace
from paradeiro.sdk.transports.sftp import open_sftp


@asynccontextmanager
async def open_folder(place: RemotePlace) -> AsyncIterator[RemoteFolder]:
    """The folder, open; closed at the end. Raises `RemoteError`."""
    if place.scheme == SFTP:
        async with open_sftp(place) as folder:
            yield folder
    else:
        async with open_ftps(place) as by_ftps:
            yield by_ftps
