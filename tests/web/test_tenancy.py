"""Every operation, page, form and door of VTEX, tried by who is not of the store: nothing of it is shown or changed."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx
import psycopg
import pytest
import structlog
from psycopg import sql

from paradeiro.app import real_clock
from paradeiro.db.accounts import stores
from paradeiro.db.pool import transaction
from paradeiro.flow.accounts import api_keys
from paradeiro.flow.context import Context
from paradeiro.web import server
from paradeiro.web.auth import Reader, RequestContext
from tests.db.filled_tables import Rows, fill, read_catalogue
from tests.web.apps import create_app
from tests.web.signing_in import enter, token_in
from tests.web.walk import Attempt, attempts

MARK = "amark7f3"
_API = ("/api/", "/pvt/", "/pub/", "/shipping-network/", "/openapi.json")
# Shown to everybody, or to whoever has a secret that is not known here.
_PUBLIC = ("/sign-in", "/t/", "/hooks/", "/health", "/static/")
# What an answer may have of another store, with the reason.
_SHOWN = {"/metrics": "figures of the whole installation, by connector"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who tries. `form`: the token of a page of the session. `is_right`: whether a status is the right one for them."""

    name: str
    client: httpx.AsyncClient
    is_right: Callable[[Attempt, int], bool]
    form: str = ""
    only_changes: bool = False

    async def send(self, attempt: Attempt) -> httpx.Response:
        body = {**attempt.body, "form": self.form} if attempt.form else attempt.body
        how = {"data" if attempt.form else "json": body} if attempt.method != "GET" else {}
        return await self.client.request(attempt.method, attempt.path, params=attempt.query, **how)


def _is_right_elsewhere(attempt: Attempt, status: int) -> bool:
    """For who may do all in another store: what is named by a number is not there; all else does no harm."""
    names_a_row = any(f"/{{{name}}}" in attempt.route for name in attempt.names if attempt.is_number(name))
    return status in {303, 401, 404, 415, 422} if names_a_row else status < 500 and status != 403


def _is_right_for_nobody(attempt: Attempt, status: int) -> bool:
    if attempt.route.startswith(_PUBLIC):
        return status < 500
    return status in ({401, 413} if attempt.route.startswith(_API) else {303, 401, 413})


def _is_right_for_a_reader(attempt: Attempt, status: int) -> bool:
    """Keys do nothing on pages; VTEX asks for a package's news by POST."""
    if attempt.route.endswith("/tracking") and attempt.route.startswith("/shipping-network/"):
        return status < 500
    return status == 403 if attempt.route.startswith(_API) else status < 500


@asynccontextmanager
async def callers(context: Context, own: int, other: int) -> AsyncIterator[list[Caller]]:
    """All who try. A new kind of caller is added here."""
    async with AsyncExitStack() as stack:

        async def client(key: str = "") -> httpx.AsyncClient:
            transport = httpx.ASGITransport(create_app(context, real_clock), raise_app_exceptions=False)
            headers = {"X-API-Key": key} if key else {}
            made = httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)
            return await stack.enter_async_context(made)

        theirs = (await api_keys.make_key(context, other, name="erp", scopes=["read", "write"], by=None)).text
        reader = (await api_keys.make_key(context, own, name="bi", scopes=["read"], by=None)).text
        session = await client()
        await enter(session, context, other, "Olga")
        form = token_in((await session.get("/")).text)
        yield [
            Caller("another store's key", await client(theirs), _is_right_elsewhere),
            Caller("another store's session", session, _is_right_elsewhere, form),
            Caller("nobody", await client(), _is_right_for_nobody),
            Caller("a key that only reads", await client(reader), _is_right_for_a_reader, only_changes=True),
        ]


@pytest.fixture
def marked(database: str) -> Rows:
    """Store A: a row in every table, whose texts have the mark."""
    with psycopg.connect(database) as connection:
        return fill(connection, read_catalogue(connection), salt=MARK)


def _sums(database: str, store_id: int) -> dict[str, str]:
    """A checksum of a store's rows per table. When a key was used, and what was refused, is noted at its own store."""
    with psycopg.connect(database) as connection:
        where = " FROM {} t WHERE store_id = %s AND to_jsonb(t)->>'action' IS DISTINCT FROM 'use_key'"
        query = "SELECT md5(string_agg((to_jsonb(t) - 'last_used_at' - 'last_used_from')::text, ' ' ORDER BY t::text))"
        return {
            table: connection.execute(sql.SQL(query + where).format(sql.Identifier(table)), (store_id,)).fetchone()[0]  # type: ignore[index]  # an aggregate has a row
            for table in read_catalogue(connection).columns
        }


def _shown(attempt: Attempt, text: str, sent: frozenset[str]) -> bool:
    """Whether an answer has the mark beyond what was sent."""
    for each in sorted(sent, key=len, reverse=True):
        text = text.replace(each, "")
    return MARK in text and attempt.route not in _SHOWN


async def _try(caller: Caller, tried: list[Attempt], *, sent: frozenset[str]) -> list[str]:
    """What was wrong with the answers. `sent`: what others have stated to the store of this caller before."""
    wrong = []
    for attempt in tried:
        with structlog.testing.capture_logs():
            answer = await caller.send(attempt)
        if _shown(attempt, answer.text, sent | attempt.sent):
            wrong.append(f"{caller.name}: {attempt} shows something of the store")
        if not caller.is_right(attempt, answer.status_code):
            wrong.append(f"{caller.name}: {attempt} is answered {answer.status_code}: {answer.text[:80]!r}")
    return wrong


async def test_nobody_reads_or_changes_another_store(context: Context, marked: Rows, database: str) -> None:
    own = marked["store"]["store_id"]
    async with transaction(context.pool) as connection:
        other = await stores.add_store(connection, "Outra", now=context.now())
    tried = [each for each in attempts(create_app(context, real_clock), marked, MARK) if each.route != "/sign-out"]
    reading = [each for each in tried if each.method == "GET"]
    changing = [each for each in tried if each.method != "GET"]
    assert len({each.route for each in reading}) > 50
    assert len({each.route for each in changing}) > 60
    async with callers(context, own, other) as everybody:
        before = _sums(database, own)
        # All that read go first: what a caller states to its own store is shown to it afterwards.
        wrong = [
            each
            for caller in everybody
            if not caller.only_changes
            for each in await _try(caller, reading, sent=frozenset())
        ]
        stated = frozenset().union(*(each.sent for each in changing))
        for caller in everybody:
            wrong += await _try(caller, changing, sent=stated)
            after = _sums(database, own)
            wrong += [f"{caller.name} changed {table}" for table in before if before[table] != after[table]]
            before = after
    assert not wrong, "\n".join(wrong)


async def test_a_handler_without_a_where_sees_its_callers_store(context: Context, marked: Rows) -> None:
    async with transaction(context.pool) as connection:
        other = await stores.add_store(connection, "Outra", now=context.now())
    keys = [
        (await api_keys.make_key(context, store, name="erp", scopes=["read"], by=None)).text
        for store in (marked["store"]["store_id"], other)
    ]
    app = server.create_app(context, real_clock)
    app.add_api_route("/api/v1/orders/of-everybody", _numbers, methods=["GET"])
    app.router.routes.insert(0, app.router.routes.pop())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1/orders") as client:
        seen = [(await client.get("/of-everybody", headers={"X-API-Key": key})).json() for key in keys]
    assert seen == [[marked["orders"]["number"]], []]


async def _numbers(context: RequestContext, _: Reader) -> list[str]:
    async with context.pool.connection() as connection:
        return [row[0] async for row in await connection.execute("SELECT number FROM orders")]


async def test_a_customers_page_is_read_as_one_store(context: Context, marked: Rows, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("REVOKE SELECT ON brand FROM paradeiro_store")
    transport = httpx.ASGITransport(create_app(context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="brand"):
            await client.get(f"/t/{marked['shipment']['tracking_token']}")
