"""In: a connector that sends messages; out: a sentence for each case in which its read-back reports a false success.

A success answer proves nothing: parties answer OK and write nothing. So a sink reads back what it sent; a connector
whose party offers nothing to read says so in quality.toml, with the reason.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from paradeiro.sdk.conformance.subject import Subject, account_of
from paradeiro.sdk.contract import Connector
from paradeiro.sdk.hard_cases import hard_cases

_SECONDS = 20.0
# Answers that do not show what was sent, and must not be taken for a confirmation.
_SERVER_ERROR = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
_EMPTY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


def check_read_back(subject: Subject) -> Iterator[str]:
    """`already_done` queries the party, and takes neither an error nor an empty answer for a yes."""
    yield from asyncio.run(_read_back_problems(subject.connector))


async def _read_back_problems(connector: Connector) -> list[str]:
    problems: list[str] = []
    async with _run_party(_SERVER_ERROR) as (address, asked):
        for kind, done in await _ask_all_done(connector, address):
            if done is not None:
                problems.append(f"{kind}: the party answers with an error, so whether it was done is None, not {done}")
        if not asked:
            problems.append("already_done asks its party nothing: claim 'exempt' if there is nothing to read")
    async with _run_party(_EMPTY) as (address, _):
        for kind, done in await _ask_all_done(connector, address):
            if done:
                problems.append(f"{kind}: an answer that shows nothing is taken for a yes")
    return problems


async def _ask_all_done(connector: Connector, address: str) -> list[tuple[str, bool | None]]:
    """The result of `already_done` for a plain request of each kind."""
    assert connector.render is not None
    account = account_of(connector, address)
    session = connector.open(account, lambda: datetime.now(UTC))
    found = []
    try:
        for kind in sorted(connector.effects):
            _, plain = next(hard_cases(kind))
            request = connector.render(plain, account.settings)
            asked = session.already_done(request, plain.effect_key)
            found.append((kind.value, await asyncio.wait_for(asked, _SECONDS)))
    finally:
        await session.close()
    return found


@asynccontextmanager
async def _run_party(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that gives every request the same answer, and the request lines that it received."""
    asked: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
            writer.write(answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client closed the connection first
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()
