"""Signing in by OpenID Connect: only who was added comes in, only with a token that is right in every part."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from structlog.testing import capture_logs

from paradeiro.flow.people import openid_provider
from paradeiro.flow.people import operators as people
from paradeiro.flow.people.openid_provider import OpenIdClient, OpenIdProvider
from paradeiro.web.auth import COOKIE
from tests.flow.conftest import Shop
from tests.web.people.provider import CLIENT, SECRET, Provider, SigningKey, b64, serve, signing_key
from tests.web.people.test_sessions import BIA, SessionApp
from tests.web.signing_in import PASSWORD, add_person, sign_in

PERSON = {"sub": "b-17", "email": "Bia@Loja.example.com", "email_verified": True}
HOST = "https://paradeiro.example.com"


@dataclass(slots=True)
class At(SessionApp):
    """The application with a provider."""

    provider: Provider | None = None

    async def go(self, browser: httpx.AsyncClient, **person: Any) -> httpx.Response:
        """To the provider and back."""
        assert self.provider is not None
        sent = await browser.get("/sign-in/openid")
        assert sent.status_code == 303, sent.text
        return await browser.get(self.provider.authorize(sent.headers["location"], **(person or PERSON)))

    async def refused(self, words: str, status: int = 401, **person: Any) -> None:
        """Nobody is signed in, and the page says so."""
        async with self.browser() as browser:
            answer = await self.go(browser, **person)
            assert (answer.status_code, words in answer.text) == (status, True), answer.text
            assert COOKIE not in browser.cookies


@asynccontextmanager
async def _app(shop: Shop, provider: Provider, issuer: str = "") -> AsyncIterator[At]:
    client = OpenIdClient(issuer or provider.issuer, CLIENT, SECRET, "Loja SSO")
    there = replace(shop, context=replace(shop.context, openid=OpenIdProvider(client), public_url=HOST))
    person = await add_person(shop.context, shop.store_id, email=BIA, password=PASSWORD)
    at = At(there, person, address=HOST, provider=provider)
    provider.now = lambda: at.clock().timestamp()
    yield at


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serve(Provider(now=None, person=PERSON)) as served:
        yield served


@pytest.fixture
async def at(shop: Shop, provider: Provider) -> AsyncIterator[At]:
    async with _app(shop, provider) as made:
        yield made


REFUSED = "não confirmou quem você é"
UNKNOWN = "Ninguém daqui tem esta conta"
STALE = "começou em outro navegador"
DOWN = "A conta da empresa não responde agora"


async def test_who_was_added_signs_in_by_address_the_first_time_then_by_subject(at: At) -> None:
    async with at.browser() as browser:
        page = (await browser.get("/sign-in")).text
        assert 'href="/sign-in/openid">Entrar com Loja SSO<' in page
        assert "Sign in with Loja SSO" in (await browser.get("/sign-in?lang=en")).text
        came = await at.go(browser)
        assert (came.status_code, came.headers["location"]) == (303, "/")
        assert (await browser.get("/")).status_code == 200
        assert "Loja SSO" not in (await browser.get("/?lang=pt")).text
        assert "· conta da empresa ·" in (await browser.get("/profile")).text
        assert "senha, conta da empresa</td>" in (await browser.get("/people")).text
        assert "paradeiro_openid" not in browser.cookies
    async with at.browser() as browser:
        changed = await at.go(browser, sub="b-17", email="other@elsewhere.example", email_verified=False)
        assert changed.status_code == 303
    assert at.provider is not None
    assert await at.said() == [
        ("link_identity", "Bia", at.provider.issuer),
        ("sign_in", "Bia", "openid"),
        ("sign_in", "Bia", "openid"),
    ]


async def test_where_the_browser_is_sent_and_what_it_takes_along(at: At) -> None:
    assert at.provider is not None
    async with at.browser() as browser, at.browser() as other:
        sent = await browser.get("/sign-in/openid")
        again = await other.get("/sign-in/openid")
        address = urlsplit(sent.headers["location"])
        assert f"http://{address.netloc}{address.path}" == at.provider.issuer.replace("/realm", "/authorize")
        asked, else_asked = (parse_qs(urlsplit(each.headers["location"]).query) for each in (sent, again))
        assert asked["tenant"] == ["1"], "the provider's own parameter stays"
        assert asked["redirect_uri"] == [f"{HOST}/sign-in/openid/callback"]
        assert asked["scope"] == ["openid email"]
        for name in ("state", "nonce", "code_challenge"):
            assert asked[name] != else_asked[name]
        cookie = sent.headers["set-cookie"].lower()
        assert all(each in cookie for each in ("httponly", "samesite=lax", "secure", "max-age=600"))
        assert SECRET not in sent.headers["location"]


async def test_nobody_is_made_and_no_role_is_given(at: At) -> None:
    before = [await at.count("operator"), await at.count("operator_role")]
    for person in (
        {"sub": "x", "email": "nobody@loja.example.com", "email_verified": True},
        {"sub": "b-17", "email": BIA, "email_verified": False},
        {"sub": "b-17", "email": BIA},
        {"sub": "b-17", "email": BIA, "email_verified": "true"},
        {"sub": "b-17", "email": BIA, "email_verified": 1},
        {"sub": "b-17", "email": "", "email_verified": True},
        {"sub": "b-17", "email": [BIA], "email_verified": True},
        {"sub": "b-17", "email": "bia\0@loja.example.com", "email_verified": True},
        {"sub": "b-17"},
    ):
        await at.refused(UNKNOWN, **person)
        assert await at.count("operator_identity") == 0
    assert [await at.count("operator"), await at.count("operator_role")] == before
    assert await at.said() == []


async def test_an_address_that_only_looks_like_a_persons_opens_nothing(at: At) -> None:
    await add_person(at.shop.context, at.shop.store_id, "Kai")
    await at.refused(UNKNOWN, sub="k-1", email="\N{KELVIN SIGN}ai@loja.example.com", email_verified=True)
    async with at.browser() as browser:
        assert (await at.go(browser, sub="k-1", email="KAI@loja.example.com", email_verified=True)).status_code == 303


async def test_an_address_that_the_provider_gave_to_somebody_else_opens_nothing(at: At) -> None:
    async with at.browser() as browser:
        assert (await at.go(browser)).status_code == 303
    await at.refused(UNKNOWN, **PERSON | {"sub": "b-18"})
    assert (await at.said())[-1] == ("refuse_sign_in", "Bia", "openid")


async def test_who_was_taken_out_does_not_come_in_even_if_added_anew_by_another_name(at: At) -> None:
    by = people.Actor("root", "cli")
    async with at.browser() as browser:
        assert (await at.go(browser)).status_code == 303
        await people.end_operator(at.shop.context, at.shop.store_id, at.person, by, forced=True)
        assert (await browser.get("/")).headers["location"] == "/sign-in"
    await at.refused(UNKNOWN)
    assert await at.count("operator_identity") == 0
    await add_person(at.shop.context, at.shop.store_id, "Bia")
    await at.refused(UNKNOWN, sub="b-17", email="else@x.example", email_verified=True)


async def test_a_reset_of_the_second_factor_forgets_the_account_too(at: At) -> None:
    by = people.Actor("root", "cli")
    async with at.browser() as browser:
        assert (await at.go(browser)).status_code == 303
        await people.reset_operator(
            at.shop.context, at.shop.store_id, at.person, by, second_factor=True, now=at.clock()
        )
    assert await at.count("operator_identity") == 0


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": []},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"azp": "another"},
        {"exp": -61},
        {"exp": None},
        {"exp": "later"},
        {"exp": True},
        {"iat": 61},
        {"iat": -601},
        {"iat": None},
        {"nbf": 61},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 17},
        {"sub": "x" * 256},
        {"sub": "b\0"},
    ],
    ids=str,
)
async def test_a_token_that_is_wrong_in_one_claim_is_refused(at: At, claims: dict[str, Any]) -> None:
    assert at.provider is not None
    now = int(at.clock().timestamp())
    moved = {name: now + value for name, value in claims.items() if type(value) is int and name != "sub"}
    at.provider.claims = claims | moved
    await at.refused(REFUSED)
    assert await at.count("operator_identity") == 0


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": -30},
        {"iat": 30},
        {"iat": -300},
        {"nbf": 30},
        {"azp": CLIENT},
        {"aud": [CLIENT, "api"], "azp": CLIENT},
    ],
    ids=str,
)
async def test_clocks_may_be_a_little_off_and_a_token_may_be_for_others_too(at: At, claims: dict[str, Any]) -> None:
    assert at.provider is not None
    now = int(at.clock().timestamp())
    at.provider.claims = {name: now + value if type(value) is int else value for name, value in claims.items()}
    async with at.browser() as browser:
        assert (await at.go(browser)).status_code == 303


async def test_only_a_signature_of_the_providers_key_pair_counts(at: At) -> None:
    provider = at.provider
    assert provider is not None
    stranger = SigningKey("one", signing_key("two").key)
    secret = {"kty": "oct", "kid": "one", "k": b64(signing_key("one").pem()), "alg": "HS256"}
    for header in ({"alg": "none"}, {"alg": "HS256"}, {"alg": "HS512"}, {"alg": None}, {"alg": "RS257"}):
        provider.header = header
        await at.refused(REFUSED)
        provider.shown_keys = [secret, signing_key("one").jwk()]
        await at.refused(REFUSED)
        provider.shown_keys = None
    provider.header, provider.signs_with = {}, stranger
    await at.refused(REFUSED)
    provider.header = {"crit": ["x"], "x": 1}
    provider.signs_with = None
    await at.refused(REFUSED)
    provider.header = {"kid": "unknown"}
    await at.refused(REFUSED)
    provider.header = {}
    provider.shown_keys = [signing_key("one").jwk() | {"use": "enc"}]
    at.clock.ahead = timedelta(hours=2)
    await at.refused(REFUSED)
    provider.shown_keys = [{"kty": "RSA", "kid": "one"}, {"kty": 7}, "x", signing_key("one").jwk()]  # type: ignore[list-item]
    async with at.browser("198.51.100.9") as browser:
        assert (await at.go(browser)).status_code == 303, "one key that nobody can read spoils no other"


async def test_keys_of_elliptic_curves_and_without_names_count_too(at: At) -> None:
    assert at.provider is not None
    curve = SigningKey("curve", ec.generate_private_key(ec.SECP256R1()))
    at.provider.keys, at.provider.header = [signing_key("two"), curve, signing_key("one")], {"kid": None}
    for by in (curve, signing_key("one")):
        at.provider.signs_with = by
        async with at.browser() as browser:
            assert (await at.go(browser)).status_code == 303


async def test_a_provider_may_change_its_keys(at: At) -> None:
    provider = at.provider
    assert provider is not None
    for kid, asked in (("one", 1), ("one", 1), ("two", 2), ("two", 2)):
        provider.keys = [signing_key(kid)]
        async with at.browser() as browser:
            assert (await at.go(browser)).status_code == 303
        assert provider.asked.count("/keys") == asked, "they are kept, and fetched anew once where none fits"
    assert provider.asked.count("/realm/.well-known/openid-configuration") == 1
    provider.signs_with = signing_key("one")
    await at.refused(REFUSED)
    assert provider.asked.count("/keys") == 3
    provider.signs_with = None
    at.clock.ahead = timedelta(hours=1, seconds=1)
    async with at.browser() as browser:
        assert (await at.go(browser)).status_code == 303
    assert provider.asked.count("/keys") == 4, "a key that was withdrawn counts for an hour at most"


async def test_a_sign_in_belongs_to_one_browser_works_once_and_ends(at: At) -> None:
    assert at.provider is not None
    async with at.browser() as browser, at.browser() as thief:
        sent = await browser.get("/sign-in/openid")
        back = at.provider.authorize(sent.headers["location"], **PERSON)
        stolen = await thief.get(back)
        assert (stolen.status_code, STALE in stolen.text) == (422, True), "no cookie"
        await thief.get("/sign-in/openid")
        assert (await thief.get(back)).status_code == 422, "another sign-in's cookie"
        wrong = back.replace("state=", "state=x")
        assert (await browser.get(wrong)).status_code == 422
        assert (await browser.get(back.split("&state")[0])).status_code == 422
        ticket = browser.cookies["paradeiro_openid"]
        assert (await browser.get(back)).status_code == 303
        assert (await browser.get(back)).status_code == 422, "the cookie is gone"
        browser.cookies.delete(COOKIE)
        browser.cookies.set("paradeiro_openid", ticket)
        again = await browser.get(back)
        assert (again.status_code, STALE in again.text) == (422, True), "replayed with its cookie"
        assert COOKIE not in browser.cookies
        assert at.provider.asked.count("/token") == 1
        sent = await browser.get("/sign-in/openid")
        back = at.provider.authorize(sent.headers["location"], **PERSON)
        at.clock.ahead = timedelta(minutes=10, seconds=1)
        assert (await browser.get(back)).status_code == 422, "too late"


async def test_a_code_that_was_used_or_stolen_from_another_sign_in_is_refused(at: At) -> None:
    assert at.provider is not None
    async with at.browser() as browser, at.browser() as victim:
        sent = await victim.get("/sign-in/openid")
        theirs = parse_qs(urlsplit(at.provider.authorize(sent.headers["location"], **PERSON)).query)["code"][0]
        for code in (theirs, "used"):
            mine = parse_qs(urlsplit((await browser.get("/sign-in/openid")).headers["location"]).query)
            address = f"/sign-in/openid/callback?code={code}&state={mine['state'][0]}"
            answer = await browser.get(address)
            assert (answer.status_code, REFUSED in answer.text) == (401, True), "the verifier is another (PKCE)"
        assert COOKIE not in browser.cookies


async def test_an_error_or_another_providers_answer_is_refused_and_nothing_of_it_shown(at: At) -> None:
    assert at.provider is not None
    evil = "<script>alert(1)</script>"
    async with at.browser() as browser:
        for extra in (
            {"error": "access_denied", "error_description": evil},
            {"error": evil, "code": "x"},
            {"code": ""},
            {"code": "x", "iss": "https://evil.example"},
        ):
            mine = parse_qs(urlsplit((await browser.get("/sign-in/openid")).headers["location"]).query)
            answer = await browser.get("/sign-in/openid/callback", params={"state": mine["state"][0], **extra})
            assert (answer.status_code, REFUSED in answer.text) == (401, True)
            assert "alert(1)" not in answer.text
    assert "/token" not in at.provider.asked
    async with at.browser() as browser:
        assert "did not confirm who you are" in (await _in_english(at, browser)).text


async def _in_english(at: At, browser: httpx.AsyncClient) -> httpx.Response:
    await browser.get("/sign-in?lang=en")
    mine = parse_qs(urlsplit((await browser.get("/sign-in/openid")).headers["location"]).query)
    return await browser.get("/sign-in/openid/callback", params={"state": mine["state"][0], "error": "x"})


async def test_it_leads_nowhere_else(at: At) -> None:
    evil = "https://evil.example/"
    async with at.browser() as browser:
        for path in ("/sign-in/openid", "/sign-in/openid/callback"):
            for name in ("next", "return_to", "redirect_uri", "url"):
                answer = await browser.get(
                    path, params={name: evil}, headers={"Referer": evil, "X-Forwarded-Host": "evil.example"}
                )
                assert "evil" not in answer.headers.get("location", "")  # fmt: skip
        sent = await browser.get("/sign-in/openid", headers={"Host": "evil.example"})
        assert "evil" not in sent.headers["location"], "the public address counts"


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        *((path, status) for path in ("/token", "/keys", "/userinfo") for status in (500, 404, 302)),
        *((path, b"<html>") for path in ("/token", "/keys", "/userinfo")),
        ("/keys", b"[]"),
        ("/token", 401),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_a_provider_that_breaks_on_the_way_is_said_in_a_sentence(at: At, path: str, wrong: int | bytes) -> None:
    assert at.provider is not None
    at.provider.down[path] = wrong
    at.provider.only_userinfo = path == "/userinfo"
    await at.refused(DOWN, 503)
    at.provider.down.clear()
    async with at.browser() as browser:
        assert (await at.go(browser)).status_code == 303, "and works again at once"


async def test_an_answer_is_bounded_in_size(at: At) -> None:
    assert at.provider is not None
    keys = json.dumps({"keys": [signing_key("one").jwk()]}).encode()
    at.provider.down["/keys"] = keys.ljust(openid_provider.LARGEST_ANSWER + 1)
    await at.refused(DOWN, 503)
    at.provider.down["/keys"] = keys.ljust(openid_provider.LARGEST_ANSWER)
    async with at.browser() as browser:
        assert (await at.go(browser)).status_code == 303


@pytest.mark.parametrize(
    "published",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"authorization_endpoint": "http://evil.example/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "http://evil.example/token"},
        {"token_endpoint": None},
        {"jwks_uri": "ftp://evil.example/keys"},
        {"jwks_uri": "https://user:password@evil.example/keys"},
        {"jwks_uri": ["x"]},
    ],
    ids=str,
)
async def test_a_provider_that_publishes_odd_addresses_is_not_followed(at: At, published: dict[str, Any]) -> None:
    assert at.provider is not None
    at.provider.published = published
    async with at.browser() as browser:
        answer = await browser.get("/sign-in/openid")
        assert (answer.status_code, DOWN in answer.text) == (503, True)
        at.provider.published = {}
        asked = len(at.provider.asked)
        assert (await browser.get("/sign-in/openid")).status_code == 503, "not asked again at once"
        assert len(at.provider.asked) == asked
        at.clock.ahead = timedelta(seconds=6)
        assert (await browser.get("/sign-in/openid")).status_code == 303


async def test_a_provider_that_is_not_there_or_never_ends_its_answer(
    shop: Shop, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}"
        async with _app(shop, provider, nowhere) as at, at.browser() as browser:
            answer = await browser.get("/sign-in/openid")
            assert (answer.status_code, DOWN in answer.text) == (503, True)
            assert (await sign_in(browser, BIA)).status_code == 303, "passwords work as before"
    monkeypatch.setattr(openid_provider, "LONGEST_SECONDS", 0.3)

    gone = asyncio.Event()

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
        with suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()
        gone.set()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    slow = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with _app(shop, provider, slow) as at, at.browser() as browser:
        answer = await browser.get("/sign-in/openid")
        assert (answer.status_code, DOWN in answer.text) == (503, True)
    await gone.wait()
    server.close()
    await server.wait_closed()


async def test_an_address_that_only_userinfo_tells_counts_if_it_is_of_the_same_person(at: At) -> None:
    assert at.provider is not None
    at.provider.only_userinfo = True
    at.provider.userinfo = {"sub": "somebody else"}
    await at.refused(UNKNOWN)
    at.provider.userinfo = {}
    async with at.browser() as browser:
        assert (await at.go(browser)).status_code == 303


async def test_a_provider_may_take_the_secret_in_the_body_alone(at: At) -> None:
    assert at.provider is not None
    at.provider.published = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    async with at.browser() as browser:
        assert (await at.go(browser)).status_code == 303


async def test_many_answers_from_one_place_meet_the_throttle(at: At) -> None:
    async with at.browser() as browser, at.browser("198.51.100.7") as elsewhere:
        answers = [(await at.go(browser, sub="x")).status_code for _ in range(22)]
        assert answers == [401] * 20 + [429] * 2
        assert (await at.go(elsewhere)).status_code == 303


async def test_no_secret_code_or_token_is_logged(at: At, capsys: pytest.CaptureFixture[str]) -> None:
    assert at.provider is not None
    seen = []
    with capture_logs() as lines:
        for change in ({}, {"claims": {"nonce": "x"}}, {"header": {"alg": "none"}}, {"down": {"/token": 500}}):
            for name, value in change.items():
                setattr(at.provider, name, value)
            async with at.browser() as browser:
                sent = (await browser.get("/sign-in/openid")).headers["location"]
                back = at.provider.authorize(sent, **PERSON)
                seen += [*parse_qs(urlsplit(back).query)["code"], *parse_qs(urlsplit(sent).query)["nonce"]]
                await browser.get(back)
    assert len(lines) >= 3
    said = json.dumps(lines, default=str) + "".join(capsys.readouterr())
    for secret in (*seen, SECRET, "secret%3A", at.provider.made_token, "Bia@", *at.provider._access):
        assert secret not in said
    assert SECRET not in repr(at.shop.context.openid.client)  # type: ignore[union-attr]


async def test_without_settings_there_is_no_such_way(shop: Shop) -> None:
    at = SessionApp(shop, 0)
    async with at.browser() as browser:
        assert "openid" not in (await browser.get("/sign-in")).text
        for path in ("/sign-in/openid", "/sign-in/openid/callback?code=x&state=y"):
            answer = await browser.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize("odd", ["é", "1.é.x", "x" * 500, "..", '"'])
async def test_odd_cookies_and_states_are_no_fault(at: At, odd: str) -> None:
    async with at.browser() as browser:
        header = [(b"cookie", b"paradeiro_openid=" + odd.encode())]
        answer = await browser.get("/sign-in/openid/callback", params={"code": "x", "state": odd[:9]}, headers=header)
        assert answer.status_code == 422
