"""Signing in and out: links work once, sessions end on the server, other sites' forms do nothing, tries are limited."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.db.accounts import api_keys, stores
from paradeiro.db.pool import transaction
from paradeiro.web.auth import COOKIE, DONE_COOKIE
from paradeiro.web.pages import one_time_link
from tests.flow.conftest import Shop
from tests.web.apps import create_app
from tests.web.signing_in import sign_in, sign_out, token_in


@dataclass(slots=True)
class Clock:
    """The real clock, moved forward by the test."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return real_clock() + self.ahead


@dataclass(slots=True)
class SessionApp:
    """The application and the one key of its operator."""

    shop: Shop
    key_id: int
    clock: Clock = field(default_factory=Clock)

    @asynccontextmanager
    async def browser(self, place: str = "192.0.2.1") -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(create_app(self.shop.context, self.clock), client=(place, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client

    def link(self) -> str:
        return one_time_link(self.key_id, self.shop.context.secret_key, self.clock())


@pytest.fixture
async def at(shop: Shop) -> SessionApp:
    async with transaction(shop.context.pool) as connection:
        key_id = await stores.add_api_key(
            connection, shop.store_id, name="Bia", key="pk_bia", scopes=["read", "write"], now=shop.clock()
        )
    return SessionApp(shop, key_id)


async def test_a_link_works_once_whoever_comes_first(at: SessionApp) -> None:
    link = at.link()
    async with at.browser() as first, at.browser() as second:
        assert (await first.get(link)).headers["location"] == "/"
        assert (await first.get("/")).status_code == 200
        assert (await second.get(link)).status_code == 401
        assert (await second.get("/")).headers["location"] == "/sign-in"
        assert (await second.get(at.link())).status_code == 303, "another link is another"
        late = at.link()
        at.clock.ahead = timedelta(hours=1, seconds=1)
        assert (await second.get(late)).status_code == 401


async def test_signing_out_ends_the_session_for_whoever_has_its_cookie(at: SessionApp) -> None:
    async with at.browser() as browser, at.browser() as thief:
        assert (await sign_in(browser, " pk_bia ")).status_code == 303
        thief.cookies.set(COOKIE, browser.cookies[COOKIE])
        assert (await thief.get("/")).status_code == 200
        assert (await sign_out(browser)).headers["location"] == "/sign-in"
        assert (await thief.get("/")).headers["location"] == "/sign-in"
        assert (await thief.get("/api/v1/orders")).status_code == 401
    async with at.shop.context.pool.connection() as connection:
        row = await (await connection.execute("SELECT count(*) FROM web_session")).fetchone()
    assert row == (0,)


async def test_a_session_ends_after_seven_days_and_with_its_key(at: SessionApp) -> None:
    async with at.browser() as browser:
        await sign_in(browser, "pk_bia")
        at.clock.ahead = timedelta(days=6, hours=23)
        assert (await browser.get("/")).status_code == 200
        at.clock.ahead = timedelta(days=7, seconds=5)
        assert (await browser.get("/")).headers["location"] == "/sign-in"
        browser.cookies.clear()
        await sign_in(browser, "pk_bia")
        assert (await browser.get("/")).status_code == 200
        async with transaction(at.shop.context.pool) as connection:
            row = await (await connection.execute("SELECT count(*) FROM web_session")).fetchone()
            assert row == (1,), "what has ended is dropped"
            await api_keys.revoke_key(connection, at.key_id, now=at.shop.clock(), store_id=at.shop.store_id)
        assert (await browser.get("/")).headers["location"] == "/sign-in"


async def test_another_sites_form_neither_signs_in_nor_out(at: SessionApp) -> None:
    async with at.browser() as browser, at.browser() as other:
        assert (await browser.post("/sign-in", data={"key": "pk_bia"})).status_code == 422
        theirs = token_in((await other.get("/sign-in")).text)
        await browser.get("/sign-in")
        assert (await browser.post("/sign-in", data={"key": "pk_bia", "form": theirs})).status_code == 422
        assert COOKIE not in browser.cookies
        await sign_in(browser, "pk_bia")
        await browser.post("/sign-out", data={"form": theirs})
        assert (await browser.get("/")).status_code == 200


async def test_many_wrong_keys_from_one_place_meet_a_throttle(at: SessionApp) -> None:
    async with at.browser() as guesser, at.browser("198.51.100.7") as elsewhere:
        answers = [(await sign_in(guesser, f"pk_{n}")).status_code for n in range(40)]
        assert answers == [401] * 20 + [429] * 20
        assert (await sign_in(guesser, "pk_bia")).status_code == 429, "right or wrong, nothing is said"
        assert (await sign_in(elsewhere, "pk_bia")).status_code == 303
        at.clock.ahead = timedelta(minutes=21)
        assert (await sign_in(guesser, "pk_bia")).status_code == 303


@pytest.mark.parametrize(
    "odd", [b"1.9.\xe9", b"\xff\xfe", b"1." + b"9" * 400 + b".x", b"a.b.c", b"\xc3\xa9.1.\xc3\xa9"]
)
async def test_odd_bytes_in_cookies_headers_and_paths_are_no_fault(at: SessionApp, odd: bytes) -> None:
    async with at.browser() as browser:
        for name in (COOKIE, DONE_COOKIE, "paradeiro_visit", "paradeiro_language"):
            for path in ("/", "/sign-in", "/api/v1/orders"):
                answer = await browser.get(path, headers=[(b"cookie", name.encode() + b"=" + odd)])
                assert answer.status_code in {200, 303, 401}, (name, path)
            await browser.post("/sign-out", headers=[(b"cookie", name.encode() + b"=" + odd)], data={"form": "é"})
        for header in (b"X-API-Key", b"Authorization", b"X-VTEX-API-AppToken", b"Accept-Language", b"Content-Type"):
            value = b"Bearer " + odd if header == b"Authorization" else odd
            assert (await browser.get("/api/v1/orders", headers=[(header, value)])).status_code == 401, header
            assert (await browser.get("/t/", headers=[(header, value)])).status_code == 200, header
        assert (await browser.get(f"/sign-in/{odd.decode('latin-1')}")).status_code == 401


async def test_what_was_done_is_said_once_and_only_if_it_was(at: SessionApp) -> None:
    await at.shop.register("AA1")
    async with at.browser() as browser, at.browser() as other:
        await sign_in(browser, "pk_bia")
        page = await browser.get("/orders/1001?done=confirm-delivery")
        assert 'role="status"' not in page.text, "an address claims nothing"
        done = await browser.post("/orders/1001/packages/1/ask-now", data={"form": token_in(page.text)})
        assert (done.status_code, done.headers["location"]) == (303, "/orders/1001")
        other.cookies.set(DONE_COOKIE, browser.cookies[DONE_COOKIE])
        await sign_in(other, "pk_bia")
        assert 'role="status"' not in (await other.get("/orders/1001")).text, "another session's"
        assert 'role="status"' in (await browser.get("/orders/1001")).text
        assert 'role="status"' not in (await browser.get("/orders/1001")).text
