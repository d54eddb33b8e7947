"""Server answers are stored, logged and shown without personal data; erasure covers data of older versions."""

import io
import logging
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
import structlog
from psycopg.types.json import Jsonb

from paradeiro.app import real_clock, set_up_logs
from paradeiro.cli.accounts.accounts import make_key
from paradeiro.connectors import discover
from paradeiro.db.accounts import stores
from paradeiro.db.pool import transaction
from paradeiro.domain.words import PartyKind
from paradeiro.flow.context import Sessions
from paradeiro.flow.customers.personal_data import CustomerQuery, erase_customer
from paradeiro.logs import _RedactedRecord
from paradeiro.settings import Settings
from tests.connectors.parties import mail_server
from tests.flow.conftest import Shop
from tests.flow.customers.test_personal_data import BY, found_anywhere, lived
from tests.flow.following.test_fallbacks import fallback
from tests.flow.test_main_line import DELIVERED, OUT, POSTED
from tests.web.apps import create_app
from tests.web.signing_in import enter

_SAYS = "450 4.2.1 <ana@example.com>: Ana Souza (11 98765-4321, CPF 529.982.247-25) is greylisted"
# Where an address has to be, until the customer is erased.
_WHERE_IT_BELONGS = {"effect.request", "effect.sent_to", "orders.customer_email"}


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """What is logged, through all that app.py puts before it."""
    lines = io.StringIO()
    set_up_logs(Settings())
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(lines))
    yield lines
    logging.setLogRecordFactory(logging.LogRecord)
    structlog.reset_defaults()


async def _with_mail(shop: Shop, port: int) -> Shop:
    """The same shop, whose mail goes to a server that speaks SMTP."""
    known = {**shop.context.connectors, "email": discover()["email"]}
    async with transaction(shop.context.pool) as connection:
        await connection.execute("UPDATE account SET state = 'removed' WHERE id = %s", (shop.accounts["mail"],))
        shop.accounts["email"] = await stores.put_account(
            connection,
            shop.store_id,
            connector="email",
            kind=PartyKind.MAIL,
            name="email",
            settings={"host": "127.0.0.1", "port": str(port), "tls": "none", "from_address": "loja@example.com"},
            secrets={},
            key=shop.context.secret_key,
            now=shop.context.now(),
        )
    context = replace(shop.context, connectors=known, sessions=Sessions(known, shop.clock))
    return replace(shop, context=context)


@pytest.mark.parametrize("step", ["RCPT", "GREETING"])
async def test_a_greylisting_server_leaves_the_address_nowhere(shop: Shop, step: str, log_lines: io.StringIO) -> None:
    async with mail_server({step: _SAYS}, []) as port:
        shop = await _with_mail(shop, port)
        shipment = await shop.register("AA1")
        shop.outside.say("AA1", POSTED, OUT, DELIVERED)
        await shop.ask(shipment, days=2)
        for _ in range(6):
            await shop.later(minutes=20)
        await shop.context.sessions.close()
    (mail,) = [e for e in await shop.effects(shipment) if e.kind == "customer_mail" and e.message]
    assert "450 4.2.1 <…>: …" in mail.message, "it was said, and what it says of the fault stays"
    assert "is greylisted" in mail.message
    assert set(await found_anywhere(shop, "ana@example.com")) <= _WHERE_IT_BELONGS
    for word in ("98765-4321", "529.982.247-25"):
        assert await found_anywhere(shop, word) == []
    pages = await _seen(shop, "/accounts", "/notices", "/api/v1/notices")
    said = log_lines.getvalue()
    if step == "GREETING":
        assert "greylisted" in (await shop.account("email")).problem
        assert "greylisted" in said, "the log was looked at"
        assert "greylisted" in pages
    for word in ("ana@example.com", "Souza", "98765-4321", "529.982"):
        assert word not in said
        assert word not in pages


async def _seen(shop: Shop, *paths: str) -> str:
    key = {"X-API-Key": (await make_key(shop.context, "Loja", name="op"))[1]}
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=key) as client:
        await enter(client, shop.context, shop.store_id)
        answers = [await client.get(path) for path in paths]
    assert [a.status_code for a in answers] == [200] * len(paths)
    return "\n".join(a.text for a in answers)


async def test_erasing_reaches_what_older_versions_kept_of_accounts_and_jobs(shop: Shop) -> None:
    await lived(shop)
    said = "450 <ana@example.com>: Ana Souza"
    async with transaction(shop.context.pool) as connection:
        await connection.execute("UPDATE account SET problem = %s WHERE id = %s", (said, shop.accounts["mail"]))
        await connection.execute("UPDATE attempt SET message = %s", (said,))
        await connection.execute("UPDATE effect SET message = %s", (said,))
        await connection.execute(
            """INSERT INTO notice (store_id, kind, subject, message, account_id, facts, opened_at, last_seen_at)
               VALUES (%s, 'outage', 'account 1', %s, %s, %s, now(), now())""",
            (shop.store_id, said, shop.accounts["mail"], Jsonb({"why": said})),
        )
        await connection.execute(
            """INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint, traceback)
               VALUES (1, 'exception', 0, 'relay', %s)""",
            (Jsonb({"exception_message": said, "traceback": f'File "x"\n  "{said}"\\'}),),
        )
    assert set(await found_anywhere(shop, "Ana Souza")) >= {"account.problem", "attempt.message", "notice.facts"}
    assert await _in_jobs(shop, "ana@example.com") == 1
    await erase_customer(shop.context, shop.store_id, CustomerQuery(order="1001"), BY)
    for word in ("ana@example.com", "Souza"):
        assert await found_anywhere(shop, word) == [], word
        assert await _in_jobs(shop, word) == 0, word
    assert await _in_jobs(shop, "450 <…>: …") == 1


async def _in_jobs(shop: Shop, word: str) -> int:
    async with shop.context.pool.connection() as connection:
        sql = "SELECT count(*) FROM pgqueuer_log WHERE traceback::text ILIKE %s"
        row = await (await connection.execute(sql, (f"%{word}%",))).fetchone()
    assert row is not None
    return int(row[0])


async def test_raw_answers_of_a_fallback_source_are_erased_too(shop: Shop) -> None:
    await fallback(shop, "ajuda")
    shipment = await shop.register("AA1")
    other = await shop.register("AA2", replace((await shop.shipment_row(shipment)).order, number="1002"))
    shop.outside.fail("carrier", "retry")
    for code in ("AA1", "AA2"):
        shop.outside.say(code, ("collected", POSTED[1], "SANTOS"), by="ajuda", words="para Ana Souza: ")
    for _ in range(12):
        await shop.later(minutes=30)
    assert await _answers(shop) == {("AA1", "ajuda"), ("AA2", "ajuda")}, "a fallback was asked"
    await erase_customer(shop.context, shop.store_id, CustomerQuery(order="1001"), BY)
    assert await _answers(shop) == {("AA2", "ajuda")}, other


async def _answers(shop: Shop) -> set[tuple[str, str]]:
    async with shop.context.pool.connection() as connection:
        sql = "SELECT tracking_code, name FROM reply JOIN account a ON a.id = account_id WHERE recorded_at IS NOT NULL"
        return {(row[0], row[1]) async for row in await connection.execute(sql)}


def test_the_last_net_is_over_every_line_of_the_log_and_its_traces(log_lines: io.StringIO) -> None:
    log = structlog.get_logger()
    try:
        int("Key (customer_email)=(ana@example.com) of postgresql://me:p4ss@db/x")
    except ValueError as error:
        log.warning("failed for ana@example.com", orders=["1001", "x-ana@example.com"], count=3, exc_info=error)
        record = _RedactedRecord("asyncio", 40, "x.py", 1, "no task for %s", ("ana@example.com",), None)
        traced = _RedactedRecord("uvicorn", 40, "x.py", 1, "failed", (), (ValueError, error, error.__traceback__))
    said = log_lines.getvalue()
    assert "failed for …" in said
    assert "ValueError" in said
    assert "count=3" in said
    assert record.getMessage() == "no task for …"
    assert "Key (customer_email)=(…) of postgresql://…db/x" in str(traced.exc_text)
    for word in ("ana@", "p4ss"):
        assert word not in said
        assert word not in str(traced.exc_text)
