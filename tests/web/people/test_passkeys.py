"""Passkeys: added by whoever proves themselves, used without an address; every wrong answer is refused and noted."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from paradeiro.app import real_clock
from paradeiro.db.people import passkeys
from paradeiro.db.pool import transaction
from paradeiro.flow.people import operators as people
from paradeiro.flow.people.challenges import Challenge
from paradeiro.flow.people.passkeys import RelyingParty, check_passkey
from paradeiro.flow.people.sign_in import RefusedError, Visit
from paradeiro.web.auth import COOKIE
from tests.flow.conftest import Shop
from tests.web.apps import create_app
from tests.web.people.authenticator import UP, Authenticator, bytes_of, text_of
from tests.web.people.test_people import _pages
from tests.web.people.test_sessions import BIA, SessionApp
from tests.web.signing_in import PASSWORD, add_person, sign_in, token_in

HOST = "http://localhost:8080"


@pytest.fixture
async def at(shop: Shop) -> SessionApp:
    """The public address is where we listen: the request's host counts."""
    there = replace(shop, context=replace(shop.context, public_url="http://127.0.0.1:8080"))
    return SessionApp(there, await add_person(shop.context, shop.store_id, password=PASSWORD), address=HOST)


async def options_to_add(browser: httpx.AsyncClient, **typed: str) -> httpx.Response:
    form = token_in((await browser.get("/profile")).text)
    return await browser.post("/profile/passkeys/options", data={"form": form, "name": "Celular"} | typed)


async def add(browser: httpx.AsyncClient, device: Authenticator, name: str = "Celular") -> httpx.Response:
    asked = (await options_to_add(browser)).json()
    form = token_in((await browser.get("/profile")).text)
    data = {"form": form, "name": name, "ticket": asked["ticket"], "answer": device.create(asked["options"])}
    return await browser.post("/profile/passkeys", data=data)


async def ask(browser: httpx.AsyncClient) -> tuple[dict[str, str], dict[str, Any]]:
    """What the sign-in page's script asks for: fields of the form, options."""
    form = token_in((await browser.get("/sign-in")).text)
    asked = (await browser.post("/sign-in/passkey/options", data={"form": form})).json()
    return {"form": form, "ticket": asked["ticket"]}, asked["options"]


async def enter(browser: httpx.AsyncClient, device: Authenticator, **changed: Any) -> httpx.Response:
    fields, options = await ask(browser)
    return await browser.post("/sign-in/passkey", data=fields | {"answer": device.get(options, **changed)})


async def with_passkey(at: SessionApp) -> Authenticator:
    """An authenticator with Bia's passkey."""
    device = Authenticator(HOST)
    async with at.browser("192.0.2.99") as browser:
        await sign_in(browser, BIA)
        assert (await add(browser, device)).status_code == 303
    return device


async def test_a_passkey_is_added_used_listed_and_removed(at: SessionApp) -> None:
    device = Authenticator(HOST)
    async with at.browser() as browser, at.browser() as other:
        await sign_in(browser, BIA)
        asked = (await options_to_add(browser)).json()["options"]
        assert asked["rp"]["id"] == "localhost"
        assert asked["authenticatorSelection"]["residentKey"] == "required"
        assert asked["authenticatorSelection"]["userVerification"] == "required"
        assert (asked["user"]["name"], asked["attestation"]) == (BIA, "none")
        assert b"bia" not in bytes_of(asked["user"]["id"]), "nothing personal"
        assert (await add(browser, device)).status_code == 303
        page = (await browser.get("/profile")).text
        assert "ainda não usada" in page
        again = (await options_to_add(browser)).json()["options"]
        assert [each["id"] for each in again["excludeCredentials"]] == [text_of(device.credentials[0].id)]
        _, options = await ask(other)
        assert options["userVerification"] == "required"
        assert options["allowCredentials"] == [], "no address is typed"
        assert (await enter(other, device)).headers["location"] == "/"
        assert "senha, chave de acesso</td>" in (await other.get("/people")).text
        page = (await other.get("/profile")).text
        assert "· chave de acesso ·" in page
        assert "ainda não usada" not in page
        (kept,) = await _kept(at)
        assert (kept.name, kept.sign_count, kept.last_used_at is not None) == ("Celular", 1, True)
        form = token_in(page)
        assert (await other.post(f"/profile/passkeys/{kept.id}/remove", data={"form": form})).status_code == 303
        gone = await other.post(f"/profile/passkeys/{kept.id}/remove", data={"form": form})
        assert "não existe mais" in gone.text
        assert (await enter(other, device)).status_code == 401
    assert await at.said() == [
        ("sign_in", "Bia", "password"),
        ("set_passkey", "Bia", "on: Celular"),
        ("sign_in", "Bia", "passkey"),
        ("set_passkey", "Bia", "off: Celular"),
    ]


async def _kept(at: SessionApp) -> list[passkeys.Passkey]:
    async with at.shop.context.pool.connection() as connection:
        return await passkeys.passkeys_of(connection, at.person)


async def test_adding_needs_the_password_or_a_session_of_the_last_minutes(at: SessionApp) -> None:
    async with at.browser() as browser:
        await sign_in(browser, BIA)
        assert "current-3" not in (await browser.get("/profile")).text
        assert (await options_to_add(browser)).status_code == 200
        at.clock.ahead = timedelta(minutes=11)
        assert "current-3" in (await browser.get("/profile")).text
        for wrong in ("", "quatro palavras bem junta"):
            refused = await options_to_add(browser, current=wrong)
            assert (refused.status_code, refused.json()) == (422, {"problem": "A senha atual não está certa."})
        assert (await options_to_add(browser, current=PASSWORD)).status_code == 200
        assert (await options_to_add(browser, current=PASSWORD, name=" ")).status_code == 422
        assert (await options_to_add(browser, current=PASSWORD, form="x")).status_code == 422
        for _ in range(9):
            refused = await options_to_add(browser, current="x")
        assert refused.status_code == 429, "guesses are limited here too"


async def test_a_new_passkey_belongs_to_one_session_one_challenge_and_soon(at: SessionApp) -> None:
    device = Authenticator(HOST)
    async with at.browser() as browser, at.browser() as other:
        await sign_in(browser, BIA)
        await sign_in(other, BIA)
        asked = (await options_to_add(browser)).json()
        data = {"name": "x", "ticket": asked["ticket"], "answer": device.create(asked["options"])}

        async def send(client: httpx.AsyncClient, **changed: str) -> int:
            form = token_in((await client.get("/profile")).text)
            return (await client.post("/profile/passkeys", data={"form": form} | data | changed)).status_code

        assert await send(other) == 422, "another session's challenge"
        assert await send(browser, ticket=asked["ticket"][:-1]) == 422
        signing, _ = await ask(browser)
        assert await send(browser, ticket=signing["ticket"]) == 422, "a challenge to sign in proves no password"
        assert await send(browser, form="x") == 422
        browser.cookies.set("paradeiro_visit", browser.cookies[COOKIE])
        fields, options = await ask(browser)
        other_use = device.create(asked["options"] | {"challenge": options["challenge"]})
        assert await send(browser, ticket=fields["ticket"], answer=other_use) == 422, "not even of this very cookie"
        at.clock.ahead = timedelta(minutes=5, seconds=1)
        assert await send(browser) == 422, "too late"
        at.clock.ahead = timedelta()
        assert await send(browser) == 303
        assert await send(browser) == 422, "once"
        await _delete_challenges(at)
        assert await send(browser) == 422, "the credential is there"
    assert len(await _kept(at)) == 1


async def _delete_challenges(at: SessionApp) -> None:
    async with transaction(at.shop.context.pool) as connection:
        await connection.execute("DELETE FROM operator_challenge")


def _another_origin(device: Authenticator) -> None:
    device.origin = "http://localhost:9090"


def _foreign_origin(device: Authenticator) -> None:
    device.origin = "https://evil.example"


def _nobody_there(device: Authenticator) -> None:
    device.flags = 0


def _not_verified(device: Authenticator) -> None:
    device.flags = UP


WRONG_DEVICES = [_another_origin, _foreign_origin, _nobody_there, _not_verified]


@pytest.mark.parametrize("wrong", WRONG_DEVICES)
async def test_a_new_passkey_of_another_page_or_of_nobody_is_refused(
    at: SessionApp, wrong: Callable[[Authenticator], None]
) -> None:
    device = Authenticator(HOST)
    wrong(device)
    async with at.browser() as browser:
        await sign_in(browser, BIA)
        refused = await add(browser, device)
        assert (refused.status_code, "não fez uma chave de acesso" in refused.text) == (422, True)
    assert await _kept(at) == []


async def test_a_new_passkey_of_another_host_or_challenge_is_refused(at: SessionApp) -> None:
    device = Authenticator(HOST)
    async with at.browser() as browser:
        await sign_in(browser, BIA)
        for changed in ({"rp": {"id": "evil.example"}}, {"challenge": text_of(b"another challenge")}):
            asked = (await options_to_add(browser)).json()
            form = token_in((await browser.get("/profile")).text)
            answer = device.create(asked["options"] | changed)
            data = {"form": form, "name": "x", "ticket": asked["ticket"], "answer": answer}
            assert (await browser.post("/profile/passkeys", data=data)).status_code == 422
    assert await _kept(at) == []


@pytest.mark.parametrize("wrong", WRONG_DEVICES)
async def test_an_answer_of_another_page_or_of_nobody_signs_nobody_in(
    at: SessionApp, wrong: Callable[[Authenticator], None]
) -> None:
    device = await with_passkey(at)
    wrong(device)
    async with at.browser() as browser:
        refused = await enter(browser, device)
        assert (refused.status_code, "não vale aqui" in refused.text) == (401, True)
        assert COOKIE not in browser.cookies
    assert (await at.said())[-1] == ("refuse_sign_in", "Bia", "passkey")


async def test_an_answer_with_another_host_key_user_or_signature_signs_nobody_in(at: SessionApp) -> None:
    device = await with_passkey(at)
    mine = device.credentials[0]
    caio = await add_person(at.shop.context, at.shop.store_id, "Caio")
    async with at.browser() as browser:
        mine.rp_id = "evil.example"
        assert (await enter(browser, device)).status_code == 401
        mine.rp_id = "localhost"
        for handle in (f"operator:{caio}".encode(), b""):
            assert (await enter(browser, device, userHandle=text_of(handle))).status_code == 401
        assert (await enter(browser, device, userHandle=None)).status_code == 401
        assert (await enter(browser, device, signature=text_of(b"0E\x02\x01\x01\x02\x01\x01"))).status_code == 401
        right, mine.key = mine.key, ec.generate_private_key(ec.SECP256R1())
        assert (await enter(browser, device)).status_code == 401
        mine.key = right
        assert COOKIE not in browser.cookies
        assert (await enter(browser, device)).status_code == 303
    assert [line for line in await at.said() if line[0] == "refuse_sign_in"] == [
        ("refuse_sign_in", "Bia", "passkey")
    ] * 6


# Made once, with a key that no longer is: an answer to be taken as it stands, for ever.
_KEY = "pQECAyYgASFYIFwWCcfLFLJ4_Ls3p2OxhHypXEmaU3W6KLsJt6o3y-rWIlgg82j-WxDyXTwxcnM6GsTjKfb7Re-9"
_KEY += "LFHmnQvIE_ph86s"
_CHALLENGE = "a challenge that never changes"
_CLIENT = "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiWVNCamFHRnNiR1Z1WjJVZ2RHaGhkQ0J1WlhabGNpQmphR0Z1WjJW"
_CLIENT += "eiIsIm9yaWdpbiI6Imh0dHBzOi8vcmFzdHJlaW8uZXhhbXBsZS5jb20iLCJjcm9zc09yaWdpbiI6ZmFsc2V9"
_DATA = "6_4-woHzFe6QouzFjVCZ4XoG4s8hmX28cmSr_69TAJAFAAAABw"
_SIGNATURE = "MEUCIGFoI_FathUtqFvUpfXWjo3GcihbRwjbCmv4C49NDAjDAiEAtOC6H2cZrPcCYDhjh2ww4Z2vYQWtd78Qg11SUL6ltbI"
_ID = "AQEBAQEBAQEBAQEBAQEBAQ"
_PARTY = RelyingParty("rastreio.example.com", ("https://rastreio.example.com",))


def _hard_wired(**changed: str) -> str:
    said = {"clientDataJSON": _CLIENT, "authenticatorData": _DATA, "signature": _SIGNATURE}
    said |= {"userHandle": text_of(b"operator:1")} | changed
    return json.dumps({"id": _ID, "rawId": _ID, "type": "public-key", "response": said})


@pytest.mark.parametrize(
    ("answer", "challenge", "party", "count", "right"),
    [
        (_hard_wired(), _CHALLENGE, _PARTY, 6, True),
        (_hard_wired(), _CHALLENGE, _PARTY, 7, False),
        (_hard_wired(), "another challenge", _PARTY, 6, False),
        (_hard_wired(), _CHALLENGE, replace(_PARTY, origins=("https://example.com",)), 6, False),
        (_hard_wired(), _CHALLENGE, replace(_PARTY, id="example.com"), 6, False),
        (_hard_wired(userHandle=text_of(b"operator:2")), _CHALLENGE, _PARTY, 6, False),
        (_hard_wired(signature=f"{_SIGNATURE[:-4]}AAAA"), _CHALLENGE, _PARTY, 6, False),
        (_hard_wired(authenticatorData=f"{_DATA[:-2]}gA"), _CHALLENGE, _PARTY, 6, False),
    ],
)
async def test_a_hard_wired_answer(
    at: SessionApp, answer: str, challenge: str, party: RelyingParty, count: int, right: bool
) -> None:
    assert at.person == 1
    of = {"credential_id": bytes_of(_ID), "public_key": bytes_of(_KEY), "sign_count": count}
    async with transaction(at.shop.context.pool) as connection:
        await passkeys.add_passkey(connection, at.person, "x", **of, now=at.clock())
    made = Challenge(challenge, at.clock() + timedelta(minutes=1))
    visit = Visit("192.0.2.1", "", at.clock())
    if right:
        assert (await check_passkey(at.shop.context, answer, made, party, visit)).id == at.person
    else:
        with pytest.raises(RefusedError):
            await check_passkey(at.shop.context, answer, made, party, visit)
    (kept,) = await _kept(at)
    assert kept.sign_count == (7 if right else count)


async def test_a_challenge_is_of_one_browser_for_one_answer_and_soon(at: SessionApp) -> None:
    device = await with_passkey(at)
    async with at.browser() as browser, at.browser() as thief:
        fields, options = await ask(browser)
        answer = {"answer": device.get(options)}
        theirs, _ = await ask(thief)
        stolen = await thief.post("/sign-in/passkey", data=fields | answer | {"form": theirs["form"]})
        assert stolen.status_code == 422, "another browser's"
        other = await browser.post("/sign-in/passkey", data=(await ask(browser))[0] | answer)
        assert other.status_code == 401, "an answer to another challenge"
        at.clock.ahead = timedelta(minutes=5, seconds=1)
        assert (await browser.post("/sign-in/passkey", data=fields | answer)).status_code == 422
        at.clock.ahead = timedelta()
        assert (await browser.post("/sign-in/passkey", data=fields | answer | {"form": "x"})).status_code == 422
        assert (await browser.post("/sign-in/passkey", data=fields | answer)).status_code == 303
        device.credentials[0].count -= 1
        browser.cookies.delete(COOKIE)
        assert (await browser.post("/sign-in/passkey", data=fields | answer)).status_code == 422, "once"
        assert COOKIE not in browser.cookies


async def test_challenges_that_ended_are_not_kept(at: SessionApp) -> None:
    device = await with_passkey(at)
    async with at.browser() as browser:
        for _ in range(3):
            await enter(browser, device)
        assert await at.count("operator_challenge") == 4
        at.clock.ahead = timedelta(minutes=6)
        await enter(browser, device)
        assert await at.count("operator_challenge") == 1


async def test_a_count_that_does_not_grow_is_refused_and_noted(at: SessionApp) -> None:
    device = await with_passkey(at)
    async with at.browser() as browser:
        device.credentials[0].count = 10
        assert (await enter(browser, device)).status_code == 303
        browser.cookies.delete(COOKIE)
        device.counts = False
        for count in (11, 4, 0):
            device.credentials[0].count = count
            refused = await enter(browser, device)
            assert (refused.status_code, "pode ter sido copiada" in refused.text) == (401, True)
        assert COOKIE not in browser.cookies
        device.credentials[0].count = 12
        assert (await enter(browser, device)).status_code == 303
    (kept,) = await _kept(at)
    assert kept.sign_count == 12
    assert ("refuse_sign_in", "Bia", "passkey, its count went back: Celular") in await at.said()


async def test_an_authenticator_that_does_not_count_signs_in_again_and_again(at: SessionApp) -> None:
    device = await with_passkey(at)
    device.counts = False
    async with at.browser() as browser:
        for _ in range(3):
            assert (await enter(browser, device)).status_code == 303


async def test_who_was_taken_out_does_not_come_in_even_if_added_anew(at: SessionApp) -> None:
    device = await with_passkey(at)
    by = people.Actor("root", "cli")
    async with at.browser() as browser:
        async with transaction(at.shop.context.pool) as connection:
            await connection.execute("UPDATE operator SET ended_at = %s", (real_clock(),))
        refused = await enter(browser, device)
        assert (refused.status_code, "não vale aqui" in refused.text) == (401, True)
        assert [each.last_used_at for each in await _kept(at)] == [None], "nothing counts for who is out"
        async with transaction(at.shop.context.pool) as connection:
            await connection.execute("UPDATE operator SET ended_at = NULL")
        assert (await enter(browser, device)).status_code == 303
        browser.cookies.delete(COOKIE)
        await people.end_operator(at.shop.context, at.shop.store_id, at.person, by, forced=True)
        assert await _kept(at) == []
        assert (await enter(browser, device)).status_code == 401
        await add_person(at.shop.context, at.shop.store_id)
        assert (await enter(browser, device)).status_code == 401


async def test_a_reset_of_the_second_factor_takes_passkeys_away(at: SessionApp) -> None:
    device = await with_passkey(at)
    by = people.Actor("root", "cli")
    for second_factor, left in ((False, 1), (True, 0)):
        await people.reset_operator(
            at.shop.context, at.shop.store_id, at.person, by, second_factor=second_factor, now=at.clock()
        )
        (line,) = await people.list_operators(at.shop.context, at.shop.store_id, now=at.clock())
        assert line.passkeys == left
    async with at.browser() as browser:
        assert (await enter(browser, device)).status_code == 401


async def test_many_answers_from_one_place_meet_the_throttle_of_passwords(at: SessionApp) -> None:
    device = await with_passkey(at)
    device.origin = "https://evil.example"
    async with at.browser() as guesser, at.browser("198.51.100.7") as elsewhere:
        answers = [(await enter(guesser, device)).status_code for _ in range(22)]
        assert answers == [401] * 20 + [429] * 2
        device.origin = HOST
        assert (await enter(guesser, device)).status_code == 429, "right or wrong"
        assert (await sign_in(guesser, BIA)).status_code == 429, "one limit for both"
        assert (await enter(elsewhere, device)).status_code == 303


async def test_nobody_removes_anothers_passkey_and_none_is_anybodys_twice(at: SessionApp) -> None:
    await with_passkey(at)
    (kept,) = await _kept(at)
    await add_person(at.shop.context, at.shop.store_id, "Caio", password=PASSWORD)
    async with at.browser() as caio:
        await sign_in(caio, "caio@loja.example.com")
        form = token_in((await caio.get("/profile")).text)
        refused = await caio.post(f"/profile/passkeys/{kept.id}/remove", data={"form": form})
        assert refused.status_code == 422
        assert (await caio.post(f"/profile/passkeys/{kept.id}/remove", data={"form": "x"})).status_code == 422
    assert await _kept(at) == [kept]


async def test_no_more_than_twenty(at: SessionApp) -> None:
    device = Authenticator(HOST)
    async with at.browser() as browser:
        await sign_in(browser, BIA)
        asked = (await options_to_add(browser)).json()
        async with transaction(at.shop.context.pool) as connection:
            for n in range(20):
                of = {"credential_id": bytes([n]), "public_key": b"", "sign_count": 0}
                await passkeys.add_passkey(connection, at.person, f"{n}", **of, now=at.clock())
        form = token_in((await browser.get("/profile")).text)
        data = {"form": form, "name": "x", "ticket": asked["ticket"], "answer": device.create(asked["options"])}
        assert "demais" in (await browser.post("/profile/passkeys", data=data)).text
        assert (await options_to_add(browser)).json() == {"problem": "São chaves demais. Remova uma antes."}


async def test_odd_answers_are_no_fault(at: SessionApp) -> None:
    device = await with_passkey(at)
    odd = ["", "null", "[]", "{}", '{"id":1}', "[" * 9000, "é" * 50, '{"id":"é","rawId":"é"}']
    async with at.browser() as browser:
        _, options = await ask(browser)
        whole = json.loads(device.get(options))
        for name in ("id", "rawId", "type", "response"):
            odd += [json.dumps(whole | {name: other}) for other in ("é", "A", None, 7, [], {})]
        for name in whole["response"]:
            odd += [
                json.dumps(whole | {"response": whole["response"] | {name: other}}) for other in ("é", "A", None, 7, "")
            ]
        for place, answer in enumerate(odd):
            at.clock.ahead = timedelta(minutes=place)
            fields, _ = await ask(browser)
            refused = await browser.post("/sign-in/passkey", data=fields | {"answer": answer})
            assert refused.status_code == 401, answer
        assert (await browser.post("/sign-in/passkey", data={"ticket": "1.2.é", "form": "x"})).status_code == 422
        at.clock.ahead = timedelta()
        await sign_in(browser, BIA)
        made = json.loads(Authenticator(HOST).create((await options_to_add(browser)).json()["options"]))
        cut = bytes_of(made["response"]["attestationObject"])
        shapes = [text_of(cut[:end]) for end in range(0, len(cut), 7)] + [text_of(b"\xa0"), text_of(b"\x80"), "é", ""]
        for shape in shapes:
            asked = (await options_to_add(browser)).json()
            form = token_in((await browser.get("/profile")).text)
            answer = json.dumps(made | {"response": made["response"] | {"attestationObject": shape}})
            data = {"form": form, "name": "x", "ticket": asked["ticket"], "answer": answer}
            assert (await browser.post("/profile/passkeys", data=data)).status_code == 422
    assert len(await _kept(at)) == 1


_HERE = "http://127.0.0.1:8080"
_PUBLIC = "https://rastreio.example.com"


@pytest.mark.parametrize(
    ("public", "asked", "host", "origin"),
    [
        (_PUBLIC, "https://rastreio.example.com", "rastreio.example.com", _PUBLIC),
        ("https://Rastreio.Example.com:443/", "https://other.example", "rastreio.example.com", _PUBLIC),
        ("https://rastreio.example.com:8443", _HERE, "rastreio.example.com", f"{_PUBLIC}:8443"),
        (_HERE, "http://loja.example.com", "loja.example.com", "https://loja.example.com"),
        (_HERE, "http://localhost:8081", "localhost", "http://localhost:8081"),
        ("http://localhost:8080", "http://localhost:8081", "localhost", "http://localhost:8081"),
    ],
)
async def test_the_public_address_wins_else_the_requests_host_counts(
    at: SessionApp, public: str, asked: str, host: str, origin: str
) -> None:
    context = replace(at.shop.context, public_url=public)
    transport = httpx.ASGITransport(create_app(context, at.clock), client=("192.0.2.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url=asked) as browser:
        assert f'data-host="{host}"' in (await browser.get("/sign-in")).text
        await sign_in(browser, BIA)
        for wrong in ("https://evil.example", f"{origin}0", "https://evil.rastreio.example.com"):
            assert (await add(browser, Authenticator(wrong))).status_code == 422
        device = Authenticator(origin)
        assert (await add(browser, device)).status_code == 303
        browser.cookies.delete(COOKIE)
        assert (await enter(browser, device)).status_code == 303


@pytest.mark.parametrize("asked", [_HERE, "http://[::1]:8080", "http://10.0.0.7"])
async def test_an_address_without_a_name_has_no_passkeys(at: SessionApp, asked: str) -> None:
    transport = httpx.ASGITransport(create_app(at.shop.context, at.clock), client=("192.0.2.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url=asked) as browser:
        page = (await browser.get("/sign-in")).text
        assert "passkey" not in page
        data = {"form": token_in(page)}
        for path in ("/sign-in/passkey/options", "/sign-in/passkey"):
            assert (await browser.post(path, data=data)).status_code == 422
        await sign_in(browser, BIA)
        page = (await browser.get("/profile")).text
        assert 'id="passkey"' not in page
        data = {"form": token_in(page), "name": "x"}
        for path in ("/profile/passkeys/options", "/profile/passkeys"):
            assert (await browser.post(path, data=data)).status_code == 422


async def test_a_script_runs_on_exactly_the_two_pages_that_need_it(at: SessionApp) -> None:
    async with at.browser() as browser:
        signing = await browser.get("/sign-in")
        await sign_in(browser, BIA)
        found = {"/sign-in": signing} | {path: await browser.get(path) for path in _pages({"GET"})}
        policies = {path: answer.headers["content-security-policy"] for path, answer in found.items()}
        with_script = {path for path, policy in policies.items() if "script-src 'self'" in policy}
        assert with_script == {"/sign-in", "/profile"}
        for path, answer in found.items():
            allowed = path in with_script
            assert ("<script" in answer.text) is allowed, path
            assert ("publickey-credentials-get=()" in answer.headers["permissions-policy"]) is not allowed, path
            assert "unsafe" not in policies[path] or path == "/docs", path
            assert policies[path].startswith("default-src 'none'"), path
        address = signing.text.split('<script src="')[1].split('"')[0]
        script = await browser.get(address)
        assert script.headers["content-type"].startswith("text/javascript")
        assert "immutable" in script.headers["cache-control"]
        assert "innerHTML" not in script.text
