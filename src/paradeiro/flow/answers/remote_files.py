"""In: accounts whose carrier puts files into a folder of its own (SFTP, FTPS) or of ours; out: new files taken.

A file there stays unless the account says otherwise; it is known again by name, size and time.
"""

import asyncio
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile

from paradeiro.db.accounts.stores import Account
from paradeiro.db.carriers import received_files
from paradeiro.db.following import contract_watches
from paradeiro.db.operations import notices
from paradeiro.db.pool import transaction
from paradeiro.domain.words import Outcome
from paradeiro.flow.accounts import account_health
from paradeiro.flow.answers.file_intake import LARGEST_FILE, check_size, refused_notice, take_file
from paradeiro.flow.context import Context, log
from paradeiro.flow.errors import ConflictError, StatementError
from paradeiro.flow.operations import unusable_rows
from paradeiro.sdk.transports import file_settings
from paradeiro.sdk.transports.folders import open_folder
from paradeiro.sdk.transports.remote_files import (
    RemoteError,
    RemoteFile,
    RemoteFolder,
    RemotePlace,
    TooLargeError,
    is_finished,
    place_of,
)

# All of one account's fetching; what is left is fetched the next time.
REMOTE_SECONDS = 480.0
# A file that was written to within this time may not be whole.
STABLE_AFTER = timedelta(minutes=1)
# Of one folder at one time.
_MOST_FILES = 1000
DONE, UNREADABLE = "done", "unreadable"


@dataclass(frozen=True, slots=True)
class _Fetch:
    """The fetching of one account's files."""

    context: Context
    account: Account
    place: RemotePlace
    folder: RemoteFolder


async def fetch_remote_files(context: Context, account_id: int) -> int:
    """Take the new files of an account's remote folder. Returns how many were new."""
    account = await _open_account(context, account_id, file_settings.URL)
    if account is None:
        return 0
    taken = 0
    try:
        place = place_of(account.settings)
        async with asyncio.timeout(REMOTE_SECONDS), open_folder(place) as folder:
            fetch = _Fetch(context, account, place, folder)
            for file in (await folder.files())[:_MOST_FILES]:
                taken += await _fetch_file(fetch, file)
    except RemoteError as error:
        await _unhealthy(context, account, error.outcome, error.message)
    except TimeoutError:
        why = f"fetching its files had not ended after {REMOTE_SECONDS:.0f} s; it goes on the next time"
        await _unhealthy(context, account, Outcome.RETRY, why)
    else:
        await _healthy(context, account)
    return taken


async def _open_account(context: Context, account_id: int, setting: str) -> Account | None:
    async with transaction(context.pool) as connection:
        account = await unusable_rows.open_account(context, connection, account_id, now=context.now())
    return account if account is not None and account.settings.get(setting) else None


async def _unhealthy(context: Context, account: Account, outcome: Outcome, why: str) -> None:
    async with transaction(context.pool) as connection:
        await account_health.mark_unhealthy(connection, account, outcome, why, now=context.now())


async def _healthy(context: Context, account: Account) -> None:
    """It was looked into, whether or not there was news: so a silence is noticed."""
    now = context.now()
    async with transaction(context.pool) as connection:
        await account_health.mark_healthy(connection, account, now=now)
        await contract_watches.count_hour(connection, account.store_id, account.id, now=now, answers=1)


async def _fetch_file(fetch: _Fetch, file: RemoteFile) -> bool:
    """Take one file. Whether it was new."""
    context, account = fetch.context, fetch.account
    name = _known_name(file)
    if file.size == 0:  # what some carriers put there on a day without news
        await _tidy(fetch, file)
        return False
    async with context.pool.connection() as connection:
        if await received_files.is_known(connection, account.id, name, file.size):
            await _tidy(fetch, file)
            return False
    try:
        check_size(file.size)
        with TemporaryFile() as local:
            await fetch.folder.read(file.name, local, LARGEST_FILE)
            if local.tell() != file.size:
                log.info("a file is still being written; it is fetched the next time", account=account.name)
                return False
            taken = await take_file(context, account.id, name, local, fetch.place.scheme)
    except ConflictError:
        return False  # another worker reads it
    except StatementError as error:
        await _refuse(context, account, file.name, error.message)
        return False
    except TooLargeError:
        # It has grown since it was listed, and its connection is at its end.
        raise RemoteError(Outcome.RETRY, f"{file.name} is larger than a file may be") from None
    await _tidy(fetch, file)
    return not taken.known


def _known_name(file: RemoteFile) -> str:
    """The name that tells this file from another one of its name."""
    return f"{file.name} ({file.modified_at:%Y-%m-%d %H:%M:%S} UTC)"


async def _tidy(fetch: _Fetch, file: RemoteFile) -> None:
    """What the account says about a file that was taken."""
    try:
        if fetch.place.delete:
            await fetch.folder.remove(file.name)
        elif fetch.place.move_to:
            await fetch.folder.move(file.name, fetch.place.move_to)
    except RemoteError as error:
        # The others are still fetched; this one is known.
        why = f"it was taken, but cannot be moved or deleted there: {error.message}"
        await _refuse(fetch.context, fetch.account, file.name, why)


async def _refuse(context: Context, account: Account, name: str, why: str) -> None:
    async with transaction(context.pool) as connection:
        await notices.open_notices(connection, [refused_notice(account, name, why)], now=context.now())


async def read_folder(context: Context, account_id: int) -> int:
    """Take the files of an account's folder here that nobody writes to any more. Returns how many were new."""
    account = await _open_account(context, account_id, file_settings.FOLDER)
    if account is None:
        return 0
    folder = Path(account.settings[file_settings.FOLDER])
    try:
        found = await asyncio.to_thread(_stable_files, folder, context.now() - STABLE_AFTER)
        taken = [await _take_local(context, account, path) for path in found]
    except OSError as error:
        await _unhealthy(context, account, Outcome.RETRY, f"the folder {folder} cannot be used: {error.strerror}")
        return 0
    await _healthy(context, account)
    return sum(taken)


def _stable_files(folder: Path, before: datetime) -> list[Path]:
    """The files that were not written to since, oldest first. Links are not followed: whoever may write here must not
    have other files read.
    """
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            written = datetime.fromtimestamp(status.st_mtime, UTC)
            if entry.is_file(follow_symlinks=False) and is_finished(entry.name) and written <= before:
                found.append((written, entry.name))
    return [folder / name for _, name in sorted(found)[:_MOST_FILES]]


async def _take_local(context: Context, account: Account, path: Path) -> bool:
    """Take one file and move it away. Whether it was new."""
    try:
        if (await asyncio.to_thread(path.stat)).st_size == 0:  # what some carriers write on a day without news
            await asyncio.to_thread(_move, path, DONE)
            return False
        with path.open("rb") as stream:
            taken = await take_file(context, account.id, path.name, stream, "folder")
    except FileNotFoundError:
        return False  # another worker took it
    except ConflictError:
        return False  # another worker reads it
    except StatementError as error:
        await _refuse(context, account, path.name, error.message)
        await asyncio.to_thread(_move, path, UNREADABLE)
        return False
    file = taken.file
    # Where nothing at all could be read, a person must look.
    unread = file.problem_count >= file.parts > 0
    await asyncio.to_thread(_move, path, UNREADABLE if unread else DONE)
    return not taken.known


def _move(path: Path, folder: str) -> None:
    """Move a file into a folder beside it; one of its name there stays, and this one gets a number."""
    target = path.parent / folder
    target.mkdir(exist_ok=True)
    names = (path.name, *(f"{path.stem}-{n}{path.suffix}" for n in range(2, 10_000)))
    free = next((target / name for name in names if not (target / name).exists()), target / path.name)
    shutil.move(path, free)
