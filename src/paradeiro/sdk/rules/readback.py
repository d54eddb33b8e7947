"""In: a connector that tells effects; out: a sentence for each way in which what it says to have read back is not so.

A success proves nothing: parties say OK and write nothing. So a sink reads afterwards what it told; a connector whose
party has nothing to read says so in quality.toml, with the reason.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from paradeiro.sdk.contract import Connector
from paradeiro.sdk.hard_cases import hard_cases
from paradeiro.sdk.rules.subject import Subject, account_of

_SECONDS = 20.0
# What a party may answer that shows nothing of what it was told, and what it must not be taken for.
_TROUBLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
_EMPTY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


def read_back(subject: Subject) -> Iterator[str]:
    """Asked whether something was done, it asks its party, and takes no trouble and no empty answer for a yes."""
    yield from asyncio.run(_tried(subject.connector))


async def _tried(connector: Connector) -> list[str]:
    problems: list[str] = []
    async with _party(_TROUBLE) as (address, asked):
        for kind, done in await _all_done(connector, address):
            if done is not None:
                problems.append(f"{kind}: the party is in trouble, so whether it was done is None, not {done}")
        if not asked:
            problems.append("already_done asks its party nothing: claim 'exempt' if there is nothing to read")
    async with _party(_EMPTY) as (address, _):
        for kind, done in await _all_done(connector, address):
            if done:
                problems.append(f"{kind}: an answer that shows nothing is taken for a yes")
    return problems


async def _all_done(connector: Connector, address: str) -> list[tuple[str, bool | None]]:
    """What `already_done` says of a plain request of each kind."""
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
async def _party(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers everything alike, and the first lines of what it was asked."""
    asked: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
            writer.write(answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # it hung up first
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()
