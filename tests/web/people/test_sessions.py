"""Signing in and out: links work once, sessions end on the server, other sites' forms do nothing, tries are limited."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import pyotp
import pytest

from paradeiro.app import real_clock
from paradeiro.db.accounts import stores
from paradeiro.db.operations.audit import audit_lines
from paradeiro.db.people import operators
from paradeiro.db.pool import transaction
from paradeiro.domain.words import LinkPurpose, Role
from paradeiro.flow.people import operators as people
from paradeiro.flow.people import totp
from paradeiro.flow.people.new_links import make_link
from paradeiro.web.auth import COOKIE, DONE_COOKIE
from tests.flow.conftest import Shop
from tests.web.apps import create_app
from tests.web.signing_in import PASSWORD, add_person, sign_in, sign_out, token_in

BIA = "bia@loja.example.com"


@dataclass(slots=True)
class Clock:
    """The real clock, moved forward by the test."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return real_clock() + self.ahead


@dataclass(slots=True)
class SessionApp:
    """The application, and a person who has a password."""

    shop: Shop
    person: int
    clock: Clock = field(default_factory=Clock)
    address: str = "http://test"

    @asynccontextmanager
    async def browser(self, place: str = "192.0.2.1") -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(create_app(self.shop.context, self.clock), client=(place, 1))
        async with httpx.AsyncClient(transport=transport, base_url=self.address) as client:
            yield client

    async def link(self, purpose: LinkPurpose = LinkPurpose.SIGN_IN) -> str:
        async with transaction(self.shop.context.pool) as connection:
            whose = None if purpose is LinkPurpose.FIRST else self.person
            return await make_link(self.shop.context, connection, whose, purpose, now=self.clock())

    async def count(self, table: str) -> int:
        async with self.shop.context.pool.connection() as connection:
            row = await (await connection.execute(f"SELECT count(*) FROM {table}")).fetchone()
        assert row is not None
        return int(row[0])

    async def said(self) -> list[tuple[str, str, str]]:
        """The audit log, oldest first: action, who, what."""
        async with self.shop.context.pool.connection() as connection:
            lines = await audit_lines(connection, self.shop.store_id)
        return [(line.action, line.actor, line.said) for line in reversed(lines)]


@pytest.fixture
async def at(shop: Shop) -> SessionApp:
    return SessionApp(shop, await add_person(shop.context, shop.store_id, password=PASSWORD))


async def test_a_link_works_once_whoever_comes_first(at: SessionApp) -> None:
    link = await at.link()
    async with at.browser() as first, at.browser() as second:
        assert (await first.get(link)).headers["location"] == "/"
        assert (await first.get("/")).status_code == 200
        assert (await second.get(link)).status_code == 401
        assert (await second.get("/")).headers["location"] == "/sign-in"
        assert (await second.get(await at.link())).status_code == 303, "another link is another"
        late = await at.link()
        at.clock.ahead = timedelta(hours=1, seconds=1)
        assert (await second.get(late)).status_code == 401


async def test_a_password_signs_in_and_signing_out_ends_it_for_whoever_has_the_cookie(at: SessionApp) -> None:
    async with at.browser() as browser, at.browser() as thief:
        assert (await sign_in(browser, " Bia@Loja.Example.com ")).status_code == 303
        thief.cookies.set(COOKIE, browser.cookies[COOKIE])
        assert (await thief.get("/")).status_code == 200
        assert (await sign_out(browser)).headers["location"] == "/sign-in"
        assert (await thief.get("/")).headers["location"] == "/sign-in"
        assert (await thief.get("/api/v1/orders")).status_code == 401
    assert await at.count("operator_session") == 0
    assert await at.said() == [("sign_in", "Bia", "password"), ("sign_out", "Bia", "")]


@pytest.mark.parametrize(
    ("email", "password"),
    [(BIA, "quatro palavras bem junta"), (BIA, ""), ("nobody@loja.example.com", PASSWORD), ("", PASSWORD)],
)
async def test_a_wrong_password_and_a_wrong_person_get_the_same_answer(
    at: SessionApp, email: str, password: str
) -> None:
    async with at.browser() as browser:
        refused = await sign_in(browser, email, password)
        assert refused.status_code == 401
        assert "O e-mail ou a senha não está certo" in refused.text
        assert COOKIE not in browser.cookies
    assert await at.said() == ([("refuse_sign_in", "Bia", "password")] if email == BIA else [])


async def test_a_session_ends_after_seven_days_and_with_its_person(at: SessionApp) -> None:
    async with at.browser() as browser:
        await sign_in(browser, BIA)
        at.clock.ahead = timedelta(days=6, hours=23)
        assert (await browser.get("/")).status_code == 200
        at.clock.ahead = timedelta(days=7, seconds=5)
        assert (await browser.get("/")).headers["location"] == "/sign-in"
        browser.cookies.clear()
        await sign_in(browser, BIA)
        assert (await browser.get("/")).status_code == 200
        assert await at.count("operator_session") == 1, "what has ended is dropped"
        by = people.Actor("root", "cli")
        await people.end_operator(at.shop.context, at.shop.store_id, at.person, by, forced=True)
        assert (await browser.get("/")).headers["location"] == "/sign-in"
        assert (await sign_in(browser, BIA)).status_code == 401
    async with at.shop.context.pool.connection() as connection:
        gone = await operators.operator_by_id(connection, at.person)
    assert gone is not None
    assert gone.password is None


async def test_another_sites_form_neither_signs_in_nor_out(at: SessionApp) -> None:
    typed = {"email": BIA, "password": PASSWORD}
    async with at.browser() as browser, at.browser() as other:
        assert (await browser.post("/sign-in", data=typed)).status_code == 422
        theirs = token_in((await other.get("/sign-in")).text)
        await browser.get("/sign-in")
        assert (await browser.post("/sign-in", data={**typed, "form": theirs})).status_code == 422
        assert COOKIE not in browser.cookies
        await sign_in(browser, BIA)
        await browser.post("/sign-out", data={"form": theirs})
        assert (await browser.get("/")).status_code == 200


async def test_many_tries_from_one_place_meet_a_throttle(at: SessionApp) -> None:
    async with at.browser() as guesser, at.browser("198.51.100.7") as elsewhere:
        answers = [(await sign_in(guesser, f"{n}@loja.example.com", "x")).status_code for n in range(25)]
        assert answers == [401] * 20 + [429] * 5
        assert (await sign_in(guesser, BIA)).status_code == 429, "right or wrong, nothing is said"
        assert (await sign_in(elsewhere, BIA)).status_code == 303
        at.clock.ahead = timedelta(minutes=21)
        assert (await sign_in(guesser, BIA)).status_code == 303


async def test_many_tries_for_one_person_from_many_places_meet_one_too(at: SessionApp) -> None:
    answers = []
    for n in range(12):
        async with at.browser(f"203.0.113.{n}") as browser:
            answers.append((await sign_in(browser, BIA, "x")).status_code)
    assert answers == [401] * 10 + [429] * 2
    async with at.browser("192.0.2.77") as owner:
        assert (await sign_in(owner, BIA)).status_code == 429
        at.clock.ahead = timedelta(minutes=7)
        assert (await sign_in(owner, BIA)).status_code == 303


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
        ticket = {"ticket": odd.decode("latin-1"), "code": "123456", "form": "x"}
        assert (await browser.post("/sign-in/code", data=ticket)).status_code == 422


async def test_what_was_done_is_said_once_and_only_if_it_was(at: SessionApp) -> None:
    await at.shop.register("AA1")
    async with at.browser() as browser, at.browser() as other:
        await sign_in(browser, BIA)
        page = await browser.get("/orders/1001?done=confirm-delivery")
        assert 'role="status"' not in page.text, "an address claims nothing"
        done = await browser.post("/orders/1001/packages/1/ask-now", data={"form": token_in(page.text)})
        assert (done.status_code, done.headers["location"]) == (303, "/orders/1001")
        other.cookies.set(DONE_COOKIE, browser.cookies[DONE_COOKIE])
        await sign_in(other, BIA)
        assert 'role="status"' not in (await other.get("/orders/1001")).text, "another session's"
        assert 'role="status"' in (await browser.get("/orders/1001")).text
        assert 'role="status"' not in (await browser.get("/orders/1001")).text


# The first administrator, invitations, resets.


async def test_the_first_administrators_link_makes_a_person_for_every_store_once(shop: Shop) -> None:
    at = SessionApp(shop, 0)
    async with transaction(shop.context.pool) as connection:
        other = await stores.add_store(connection, "Outra", now=shop.clock())
    link, second = await at.link(LinkPurpose.FIRST), await at.link(LinkPurpose.FIRST)
    async with at.browser() as browser, at.browser() as late:
        assert (await browser.get(link)).status_code == 401, "a new link makes the former one void"
        page = await browser.get(second)
        typed = {"name": "Ana Souza", "email": "Ana@Loja.example.com", "form": token_in(page.text)}
        for wrong, words in (
            ("curta", "12 a 200"),
            ("a" * 20, "fácil de adivinhar"),
            ("ana@loja.example.com", "fácil"),
        ):
            refused = await browser.post(second, data=typed | {"password": wrong})
            assert refused.status_code == 422
            assert words in refused.text
            assert 'value="Ana Souza"' in refused.text, "what was typed stays"
        refused = await browser.post(second, data=typed | {"password": PASSWORD, "email": "ana"})
        assert "não é um endereço de e-mail" in refused.text
        assert (await browser.post(second, data=typed | {"password": PASSWORD, "form": "x"})).status_code == 422
        assert (await browser.post(second, data=typed | {"password": PASSWORD})).headers["location"] == "/"
        assert "Ana Souza" in (await browser.get("/")).text
        assert (await late.get(second)).status_code == 401
        third = await at.link(LinkPurpose.FIRST)
        assert (await late.get(third)).status_code == 401, "there is an administrator now"
    async with shop.context.pool.connection() as connection:
        ana = await operators.operator_by_email(connection, "ana@loja.example.com")
        assert ana is not None
        roles = await operators.roles_of(connection, ana.id)
    assert roles == {shop.store_id: Role.ADMINISTRATOR, other: Role.ADMINISTRATOR}
    assert ("add_operator", "Ana Souza", "ana@loja.example.com: administrator") in await at.said()


@pytest.mark.parametrize("purpose", [LinkPurpose.INVITATION, LinkPurpose.RESET])
async def test_a_link_chooses_a_password_and_signs_all_others_out(at: SessionApp, purpose: LinkPurpose) -> None:
    link = await at.link(purpose)
    async with at.browser() as before, at.browser() as browser:
        await sign_in(before, BIA)
        page = await browser.get(link)
        assert "Bia" in page.text
        assert (await browser.get(link)).status_code == 200, "a look does not use it up: mail scanners look"
        new = {"password": "cinco outras palavras", "form": token_in(page.text)}
        assert (await browser.post(link, data=new)).headers["location"] == "/"
        assert (await browser.get("/")).status_code == 200
        assert (await before.get("/")).headers["location"] == "/sign-in"
        assert (await before.post(link, data=new)).status_code == 401
        assert (await sign_in(before, BIA)).status_code == 401
        assert (await sign_in(before, BIA, "cinco outras palavras")).status_code == 303
    assert ("set_password", "Bia", "") in await at.said()


@pytest.mark.parametrize(
    ("purpose", "valid"), [(LinkPurpose.INVITATION, timedelta(days=7)), (LinkPurpose.RESET, timedelta(days=1))]
)
async def test_a_link_ends_by_itself_and_with_its_person(
    at: SessionApp, purpose: LinkPurpose, valid: timedelta
) -> None:
    link = await at.link(purpose)
    async with at.browser() as browser:
        at.clock.ahead = valid - timedelta(minutes=1)
        assert (await browser.get(link)).status_code == 200
        at.clock.ahead = valid + timedelta(minutes=1)
        assert (await browser.get(link)).status_code == 401
        link = await at.link(purpose)
        by = people.Actor("root", "cli")
        await people.end_operator(at.shop.context, at.shop.store_id, at.person, by, forced=True)
        assert (await browser.get(link)).status_code == 401


# The second factor.


async def _begin_codes(at: SessionApp) -> str:
    secret = totp.new_secret()
    async with transaction(at.shop.context.pool) as connection:
        await operators.set_totp(connection, at.person, totp.seal_secret(secret, at.shop.context.secret_key))
    return secret


async def test_a_second_factor_is_asked_for_and_its_code_works_once(at: SessionApp) -> None:
    secret = await _begin_codes(at)
    async with at.browser() as browser, at.browser() as thief:
        asked = await sign_in(browser, BIA)
        assert asked.status_code == 200
        assert COOKIE not in browser.cookies
        ticket = asked.text.split('name="ticket" value="')[1].split('"')[0]
        data = {"ticket": ticket, "form": token_in(asked.text)}
        wrong = await browser.post("/sign-in/code", data=data | {"code": "000000"})
        assert wrong.status_code == 401
        assert "O código não está certo" in wrong.text
        code = pyotp.TOTP(secret).at(at.clock())
        assert (await browser.post("/sign-in/code", data=data | {"code": f"{code[:3]} {code[3:]}"})).status_code == 303
        assert (await browser.get("/")).status_code == 200
        again = await sign_in(thief, BIA)
        stolen = {"ticket": again.text.split('name="ticket" value="')[1].split('"')[0], "form": token_in(again.text)}
        assert (await thief.post("/sign-in/code", data=stolen | {"code": code})).status_code == 401, (
            "seen over a shoulder"
        )
        at.clock.ahead = timedelta(minutes=6)
        later = pyotp.TOTP(secret).at(at.clock())
        assert (await thief.post("/sign-in/code", data=stolen | {"code": later})).status_code == 422, "too late"
    said = await at.said()
    assert ("refuse_sign_in", "Bia", "code") in said
    assert ("sign_in", "Bia", "password_totp") in said


async def test_codes_are_limited_too(at: SessionApp) -> None:
    await _begin_codes(at)
    async with at.browser() as browser:
        asked = await sign_in(browser, BIA)
        data = {
            "ticket": asked.text.split('name="ticket" value="')[1].split('"')[0],
            "form": token_in(asked.text),
        }
        answers = [
            (await browser.post("/sign-in/code", data=data | {"code": f"00000{n}"})).status_code for n in range(10)
        ]
    assert answers == [401] * 9 + [429]


async def test_a_reset_keeps_the_second_factor(at: SessionApp) -> None:
    await _begin_codes(at)
    link = await at.link(LinkPurpose.RESET)
    async with at.browser() as browser:
        page = await browser.get(link)
        new = {"password": "cinco outras palavras", "form": token_in(page.text)}
        assert (await browser.post(link, data=new)).headers["location"] == "/sign-in"
        assert COOKIE not in browser.cookies


async def test_neither_the_password_nor_the_secret_of_codes_stands_in_the_database(
    at: SessionApp, database: str
) -> None:
    import psycopg

    secret = await _begin_codes(at)
    with psycopg.connect(database) as connection:
        rows = str(connection.execute("SELECT o.* FROM operator o").fetchall())
    assert secret not in rows
    assert PASSWORD not in rows
    assert "$argon2id$" in rows
