"""A mail server that drips: the message as a whole has an end."""

import asyncio

import pytest

from paradeiro.connectors.email import client as email
from paradeiro.connectors.email.client import MailSession
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Request
from tests.databases import START


async def test_a_server_that_drips_its_greeting_ends_without_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(email, "LONGEST_SECONDS", 0.4)
    monkeypatch.setattr(email, "TIMEOUT_SECONDS", 600.0)

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                writer.write(b"2")
                await writer.drain()
                await asyncio.sleep(0.02)
        except OSError:
            pass  # the client hung up, which is what this test is about
        finally:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with server:
        port = str(server.sockets[0].getsockname()[1])
        settings = {"host": "127.0.0.1", "port": port, "tls": "none", "connections": "1"}
        session = MailSession(AccountRef(1, 1, "email", "mail", settings, None), lambda: START)
        request = Request("SEND", "", (("From", "a@example.com"), ("To", "b@example.com")), b"text")
        async with asyncio.timeout(60):
            # The second waits for the only connection: that wait is bounded too.
            sent = await asyncio.gather(*(session.send(request, key) for key in ("one", "two")))
        await session.close()
    assert [each.outcome for each in sent] == [Outcome.RETRY] * 2
    assert not any(each.in_doubt for each in sent)
