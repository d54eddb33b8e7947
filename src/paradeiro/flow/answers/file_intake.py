"""In: a carrier's file, from anywhere; out: its parts stored as answers, each once, and their recording enqueued.

A file is known by its bytes. Some parts at a time are stored in one transaction with their jobs and with how far the
file is read: after a crash the same file goes on from there. Memory is constant, however long the file is.
"""

import asyncio
import email
import email.policy
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from itertools import islice
from typing import BinaryIO

from paradeiro.db import jobs
from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.carriers import received_files
from paradeiro.db.carriers.received_files import FileProblem, ReceivedFile
from paradeiro.db.following import contract_watches, replies, retention_holds
from paradeiro.db.jobs import Job
from paradeiro.db.operations import notices
from paradeiro.db.operations.audit import Actor
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.bounds import clean_text
from paradeiro.domain.redaction import redact
from paradeiro.domain.words import AuditAction, NoticeKind, Outcome, PartyKind, Way
from paradeiro.flow.context import Context, log
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.operations import audit_log, unusable_rows
from paradeiro.sdk.contract import Connector
from paradeiro.sdk.ways_in import FilePart

LARGEST_FILE = 200 * 1024 * 1024
LARGEST_MAIL = 64 * 1024 * 1024
# Parts stored in one transaction: some thousand lines.
_AT_ONCE = 20
_CHUNK = 1024 * 1024
_LONGEST_NAME = 200
_LONGEST_PROBLEM = 300
# The problems that the notice about a file tells.
_TOLD = 5


@dataclass(frozen=True, slots=True)
class TakenFile:
    """A file that was taken. `known`: these bytes had been taken before, and nothing was done."""

    file: ReceivedFile
    known: bool


async def take_file(
    context: Context, account_id: int, name: str, stream: BinaryIO, source: str, by: Actor | None = None
) -> TakenFile:
    """Take a file of an account; committed on return. `stream`: at its start, and seekable. One that was read half
    way is gone on with. `by`: who sent it, if a person did. Raises `StatementError`s; nothing is lost then, and it may
    be taken again.
    """
    digest, size = await asyncio.to_thread(_measure, stream)
    async with transaction(context.pool) as connection:
        account, connector = await _file_account(context, connection, account_id)
        file = await received_files.put_file(
            connection,
            account.store_id,
            account.id,
            name=file_name(name),
            source=source,
            digest=digest,
            size=size,
            now=context.now(),
        )
        if file.read_at is None:
            said = f"{account.name}: {file.name}"
            await audit_log.write_entry(context, connection, account.store_id, by, AuditAction.TAKE_FILE, said)
    if file.read_at is not None:
        return TakenFile(file, known=True)
    return TakenFile(await _read(context, account, connector, file, stream), known=False)


def file_name(name: str) -> str:
    """A name as it is kept: without folders, bounded."""
    return clean_text(name.replace("\\", "/").rsplit("/", 1)[-1], _LONGEST_NAME) or "?"


def check_size(size: int) -> None:
    """Raises `InvalidError` for a file that is larger than any carrier's."""
    if size > LARGEST_FILE:
        most = LARGEST_FILE // (1024 * 1024)
        words = f"A file may have at most {most} MB; nothing of it was taken. Ask the carrier for smaller files."
        raise InvalidError("file_too_large", words)


def _measure(stream: BinaryIO) -> tuple[bytes, int]:
    """The digest and the size of a file; it stands at its start again."""
    check_size(stream.seek(0, os.SEEK_END))
    stream.seek(0)
    digest, size = sha256(), 0
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    stream.seek(0)
    if size == 0:
        raise InvalidError("no_file", "The file is empty.")
    return digest.digest(), size


async def _file_account(context: Context, connection: Connection, account_id: int) -> tuple[Account, Connector]:
    account = await unusable_rows.usable_account(context, connection, account_id, now=context.now())
    if account is None:
        raise MissingError("unknown_account", f"There is no account {account_id} that can be used.")
    connector = context.connectors[account.connector]
    if Way.FILE not in connector.ways or connector.split_file is None:
        raise InvalidError("no_files", f"{account.name} has no files: {connector.title} tells its news otherwise.")
    return account, connector


async def _read(
    context: Context, account: Account, connector: Connector, file: ReceivedFile, stream: BinaryIO
) -> ReceivedFile:
    """Store the parts behind those that are stored already, then say what could not be read."""
    parts = islice(_split(connector, account, stream), file.parts, None)
    # In a thread: reading may take long, and others are served meanwhile.
    while chunk := await asyncio.to_thread(lambda: list(islice(parts, _AT_ONCE))):
        async with transaction(context.pool) as connection:
            file = await _store_parts(connection, account, file, chunk, now=context.now())
    now = context.now()
    async with transaction(context.pool) as connection:
        file = await _advance(connection, file, file.parts, file.problems, read_at=now)
        await contract_watches.count_hour(connection, account.store_id, account.id, now=now, answers=1)
        if file.problems:
            await notices.open_notices(connection, [_problem_notice(account, file)], now=now)
            held = [each.reply_id for each in file.problems if each.reply_id is not None]
            kind, subject = NoticeKind.MALFORMED_REPLY, _subject(file)
            await retention_holds.hold_replies(connection, account.store_id, kind, subject, held)
    return file


def _split(connector: Connector, account: Account, stream: BinaryIO) -> Iterator[FilePart]:
    """The parts of a file. A fault of the splitter is a problem of the file: what it gave before counts."""
    assert connector.split_file is not None
    try:
        yield from connector.split_file(stream, account.settings)
    except Exception as error:  # noqa: BLE001 - a fault of one file is told, and what it gave before counts
        log.exception("splitting a file failed", account=account.name, connector=connector.name)
        yield FilePart(b"", 0, f"nothing behind this could be read ({type(error).__name__}): mend the connector")


async def _store_parts(
    connection: Connection, account: Account, file: ReceivedFile, parts: Sequence[FilePart], *, now: datetime
) -> ReceivedFile:
    """Store some parts with their jobs, and how far the file is read now."""
    ids: dict[bytes, int] = {}
    for outcome, mine in (
        (Outcome.FOUND, [part.body for part in parts if not part.problem]),
        (Outcome.MALFORMED, [part.body for part in parts if part.problem]),
    ):
        readable = outcome is Outcome.FOUND
        stored = await replies.put_parts(
            connection, account.store_id, account.id, mine, outcome=outcome, now=now, to_record=readable
        )
        ids |= stored
        if readable:
            await jobs.enqueue(connection, [Job(jobs.RECORD, str(reply_id)) for reply_id in sorted(stored.values())])
    wrong = [
        FileProblem(part.line, redact(clean_text(part.problem, _LONGEST_PROBLEM)), ids[replies.digest(part.body)])
        for part in parts
        if part.problem
    ]
    return await _advance(connection, file, file.parts + len(parts), (*file.problems, *wrong))


async def _advance(
    connection: Connection,
    file: ReceivedFile,
    parts: int,
    problems: Sequence[FileProblem],
    read_at: datetime | None = None,
) -> ReceivedFile:
    ahead = await received_files.advance(connection, file, parts=parts, problems=problems, read_at=read_at)
    if ahead is None:
        words = f"{file.name} is being read by another process now; nothing is lost. Look at the list of files."
        raise ConflictError("file_is_read", words)
    return ahead


def _problem_notice(account: Account, file: ReceivedFile) -> NoticeDraft:
    """One notice for all that cannot be read in a file."""
    told = [_problem_text(each) for each in file.problems if not each.more][:_TOLD]
    count = file.problem_count
    why = "; ".join(told) + (f"; and {count - len(told)} more" if count > len(told) else "")
    words = (
        f"{account.name}'s file {file.name} has {count} places that cannot be read: {why}. The rest was taken. Send "
        "the lines to the carrier, or mend the connector and replay."
    )
    facts = {"variant": "file", "account": account.name, "file": file.name, "count": str(count), "why": why}
    first = next((each.reply_id for each in file.problems if each.reply_id is not None), None)
    return NoticeDraft(
        account.store_id,
        NoticeKind.MALFORMED_REPLY,
        _subject(file),
        words,
        account_id=account.id,
        reply_id=first,
        facts=facts,
    )


def _problem_text(problem: FileProblem) -> str:
    named = problem.text.casefold().startswith("line ") or not problem.line
    return problem.text if named else f"line {problem.line}: {problem.text}"


def _subject(file: ReceivedFile) -> str:
    return f"file {file.id}"


async def file_accounts(context: Context, store_id: int) -> list[Account]:
    """A store's accounts that read files."""
    async with context.pool.connection() as connection:
        known = await stores.accounts(connection, context.secret_key, store_ids=[store_id])
    filing = {name for name, connector in context.connectors.items() if Way.FILE in connector.ways}
    return [account for account in known if account.kind is PartyKind.CARRIER and account.connector in filing]


async def file_account(context: Context, store_id: int, account_id: int) -> Account:
    """The store's account of this id, which reads files. Raises `MissingError`."""
    found = next((each for each in await file_accounts(context, store_id) if each.id == account_id), None)
    if found is None:
        raise MissingError("unknown_account", f"The store has no account {account_id} that reads files.")
    return found


async def files(
    context: Context, store_id: int, *, account_id: int | None = None, before: int | None = None, limit: int = 50
) -> list[ReceivedFile]:
    """A store's files, newest first."""
    async with context.pool.connection() as connection:
        return await received_files.files(connection, store_id, account_id=account_id, before=before, limit=limit)


async def take_mail(context: Context, account_id: int, mail: bytes) -> list[TakenFile]:
    """Take the files attached to a mail. Raises `InvalidError` if there are none."""
    if len(mail) > LARGEST_MAIL:
        most = LARGEST_MAIL // (1024 * 1024)
        raise InvalidError("mail_too_large", f"A mail may have at most {most} MB; nothing of it was taken.")
    found = await asyncio.to_thread(lambda: list(_attachments(mail)))
    if not found:
        raise InvalidError("no_attachment", "The mail has no file attached; nothing was taken.")
    return [await take_file(context, account_id, name, BytesIO(content), "mail") for name, content in found]


def _attachments(mail: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of what is attached. Pictures are a signature's; the mail's own text has no file name."""
    message = email.message_from_bytes(mail, policy=email.policy.default)
    for part in message.walk():
        name = part.get_filename()
        if part.is_multipart() or not name or part.get_content_maintype() == "image":
            continue
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and content.strip():
            yield name, content


def refused_notice(account: Account, name: str, why: str) -> NoticeDraft:
    """The notice about a file that was not taken, or not tidied away."""
    words = f"There is a problem with {account.name}'s file {name}: {why}"
    facts = {"variant": "refused_file", "account": account.name, "file": name, "why": why}
    subject = f"file {account.id} {name}"
    kind = NoticeKind.MALFORMED_REPLY
    return NoticeDraft(account.store_id, kind, subject, words, account_id=account.id, facts=facts)
