"""In: mail servers on loopback that accept, refuse and hang up at each step; out: the outcome, and whether it is in
doubt.
"""

import asyncio
import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from paradeiro.connectors import discover
from paradeiro.connectors.email.render import render
from paradeiro.domain.records import Customer
from paradeiro.domain.words import BounceKind, EffectKind, Outcome
from paradeiro.sdk.contract import Request, Sent
from paradeiro.sdk.hard_cases import NOW, hard_cases
from tests.connectors.parties import mail_server
from tests.connectors.tellings import account, fixtures

ANSWERS = fixtures("email", "answers")
SETTINGS = {"from_address": "loja@example.com"}
MAIL = render(dict(hard_cases(EffectKind.CUSTOMER_MAIL))["plain"], SETTINGS)


def session(port: int, **more: str) -> Any:
    settings = {"host": "127.0.0.1", "port": str(port), "tls": "none", **SETTINGS, **more}
    return discover()["email"].open(account("email", **settings), lambda: NOW)


async def send(port: int, request: Request = MAIL, **more: str) -> Sent:
    open_session = session(port, **more)
    sent: Sent = await open_session.send(request, "telling-1")
    await open_session.close()
    return sent


@pytest.mark.parametrize("path", ANSWERS, ids=lambda p: p.stem)
async def test_each_answer_has_its_outcome(path: Path) -> None:
    answer = json.loads(path.read_bytes())
    received: list[bytes] = []
    async with mail_server(answer["server_says"], received) as port:
        sent = await send(port)
    assert {name: getattr(sent, name) for name in answer["expected"]} == answer["expected"]


async def test_a_refused_connection_leaves_no_doubt() -> None:
    sent = await send(9)
    assert (sent.outcome, sent.in_doubt) == (Outcome.RETRY, False)


async def test_one_connection_carries_many_and_a_refusal_spoils_no_other() -> None:
    received: list[bytes] = []
    says: dict[str, str] = {}
    async with mail_server(says, received) as port:
        open_session = session(port)
        first = await asyncio.gather(*(open_session.send(MAIL, str(i)) for i in range(5)))
        says["RCPT"] = "550 5.1.1 User unknown"
        refused = await open_session.send(MAIL, "6")
        says.clear()
        last = await open_session.send(MAIL, "7")
        await open_session.close()
    assert [s.outcome for s in (*first, refused, last)] == [*[Outcome.FOUND] * 5, Outcome.REFUSED, Outcome.FOUND]
    assert len(received) == 6


async def test_as_many_connections_as_allowed_and_no_more() -> None:
    """A server that answers the message only once as many are waiting as there may be connections."""
    box, waiting = Mailbox(), 0
    most, together = 0, asyncio.Event()

    async def slow(server: Any, session: Any, envelope: Any) -> str:
        nonlocal waiting, most
        waiting += 1
        most = max(most, waiting)
        if waiting == 2:
            together.set()
        await asyncio.wait_for(together.wait(), 5)
        await asyncio.sleep(0.01)
        waiting -= 1
        return await Mailbox.handle_DATA(box, server, session, envelope)

    box.handle_DATA = slow  # type: ignore[method-assign] # a slower one
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box, hostname="mail.example"), "127.0.0.1", 0)
    try:
        open_session = session(server.sockets[0].getsockname()[1], connections="2")
        sent = await asyncio.gather(*(open_session.send(MAIL, str(i)) for i in range(6)))
        await open_session.close()
    finally:
        server.close()
    assert {s.outcome for s in sent} == {Outcome.FOUND}
    assert (len(box.mails), most) == (6, 2)


async def test_mails_go_at_the_accounts_pace() -> None:
    asked: list[float] = []

    async def spend(per_minute: float) -> None:
        asked.append(per_minute)

    for text in ("30", ""):
        ref = replace(account("email", host="127.0.0.1", port="9", tls="none", per_minute=text), spend=spend)
        open_session = discover()["email"].open(ref, lambda: NOW)
        await open_session.send(MAIL, "1")
        await open_session.close()
    assert asked == [30.0]


@pytest.mark.parametrize("can", [True, False])
async def test_a_mail_with_a_return_path_asks_for_failures_only(can: bool) -> None:
    outgoing = dict(hard_cases(EffectKind.CUSTOMER_MAIL))["plain"]
    mail = render(outgoing, {**SETTINGS, "return_path": "Bounces <bounces@loja.example>"})
    back = f"bounces+{outgoing.effect_key}@loja.example"
    assert dict(mail.headers)["Return"] == back
    said: list[str] = []
    says = {"EHLO": f"250-mail.example\r\n250-{'DSN' if can else '8BITMIME'}\r\n250 HELP"}
    async with mail_server(says, [], said) as port:
        sent = await session(port).send(mail, outgoing.effect_key)
    assert sent.outcome is Outcome.FOUND
    [sender] = [line for line in said if line.startswith("MAIL")]
    [recipient] = [line for line in said if line.startswith("RCPT")]
    assert f"<{back}>" in sender
    assert ("RET=HDRS" in sender, f"ENVID={outgoing.effect_key}" in sender) == (can, can)
    assert ("NOTIFY=FAILURE" in recipient) is can


@pytest.mark.parametrize(
    ("says", "bounced"),
    [
        ({"RCPT": "550 5.1.1 User unknown"}, BounceKind.HARD),
        ({"RCPT": "550 No such user"}, BounceKind.HARD),
        ({"RCPT": "550 no"}, BounceKind.SOFT),
        ({"RCPT": "550 5.1.1 your IP address is on a blocklist"}, None),
        ({"RCPT": "552 5.2.2 full"}, BounceKind.SOFT),
        ({"RCPT": "550 5.1.8 your domain does not exist"}, None),
        ({"MAIL": "550 5.7.1 we do not like you"}, None),
        ({"BODY": "554 5.7.1 spam"}, None),
        ({"BODY": "550 5.1.1 User unknown"}, BounceKind.HARD),
    ],
    ids=str,
)
async def test_what_a_refusal_says_of_the_address(says: dict[str, str], bounced: BounceKind | None) -> None:
    async with mail_server(says, []) as port:
        sent = await send(port)
    assert (sent.outcome, sent.bounced) == (Outcome.REFUSED, bounced)


@pytest.mark.parametrize(
    ("says", "about_one"),
    [
        ({"RCPT": "450 4.2.1 greylisted, come back"}, True),
        ({"RCPT": "452 4.2.2 mailbox full"}, True),
        ({"BODY": "451 4.7.1 looking at it"}, True),
        ({"RCPT": "421 4.7.0 closing"}, False),
        ({"BODY": "452 4.3.1 the system's disk is full"}, False),
        ({"MAIL": "451 4.7.1 slow down"}, False),
    ],
    ids=str,
)
async def test_a_later_is_about_one_recipient_or_about_the_server(says: dict[str, str], about_one: bool) -> None:
    async with mail_server(says, []) as port:
        sent = await send(port)
    assert (sent.outcome, sent.about_one) == (Outcome.RETRY, about_one)


async def test_a_connection_that_was_closed_meanwhile_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paradeiro.connectors.email.client._TRUSTED_SECONDS", 0.0)
    received: list[bytes] = []
    says: dict[str, str] = {}
    async with mail_server(says, received) as port:
        open_session = session(port)
        await open_session.send(MAIL, "1")
        says["NOOP"] = "HANGUP"
        again = await open_session.send(MAIL, "2")
        await open_session.close()
    assert again.outcome is Outcome.FOUND
    assert len(received) == 2


async def test_nothing_goes_out_in_the_clear_unless_asked() -> None:
    received: list[bytes] = []
    async with mail_server({}, received) as port:
        sent = await send(port, tls="")
        odd = await send(port, tls="sometimes")
    assert {sent.outcome, odd.outcome} == {Outcome.AUTH_FAILED}
    assert "STARTTLS" in sent.message.upper()
    assert not received


async def test_no_address_and_nothing_to_say_are_refused_unsent() -> None:
    nobody = render(dict(hard_cases(EffectKind.CUSTOMER_MAIL))["no e-mail"], SETTINGS)
    assert (await send(9, nobody)).outcome is Outcome.REFUSED
    assert (await send(9, Request("MAIL", "", MAIL.headers))).outcome is Outcome.REFUSED


async def test_smtp_cannot_tell_what_it_has() -> None:
    open_session = session(9)
    assert not await open_session.already_done(MAIL, "1")
    await open_session.close()


async def test_an_address_beyond_ascii_needs_a_server_that_can() -> None:
    plain = dict(hard_cases(EffectKind.CUSTOMER_MAIL))["plain"]
    order = plain.order.__class__(number="1", customer=Customer("José", "josé@example.com"))
    mail = render(plain.__class__(**{f: getattr(plain, f) for f in plain.__slots__} | {"order": order}), SETTINGS)
    received: list[bytes] = []
    async with mail_server({}, received) as port:
        refused = await send(port, mail)
    async with mail_server({"EHLO": "250-mail.example\r\n250-8BITMIME\r\n250 SMTPUTF8"}, received) as port:
        sent = await send(port, mail)
    assert (refused.outcome, sent.outcome) == (Outcome.REFUSED, Outcome.FOUND)


class Mailbox:
    """aiosmtpd's side: keeps what arrives."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return "250 Message accepted for delivery"


def _accept_login(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"shop", b"right")
    return AuthResult(success=good, handled=False)


async def _against_aiosmtpd(**settings: str) -> tuple[Sent, Mailbox]:
    box = Mailbox()

    def protocol() -> SMTP:
        return SMTP(
            box, authenticator=_accept_login, auth_require_tls=False, auth_required=True, hostname="mail.example"
        )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # aiosmtpd warns of credentials in the clear: it is loopback
        server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
        try:
            return await send(server.sockets[0].getsockname()[1], **settings), box
        finally:
            server.close()


async def test_a_mail_arrives_byte_for_byte_at_a_real_server() -> None:
    sent, box = await _against_aiosmtpd(user="shop", password="right")
    assert sent.outcome is Outcome.FOUND, sent.message
    assert sent.receipt == "250 Message accepted for delivery"
    assert box.mails == [("loja@example.com", ["ana@example.com"], MAIL.body)]


@pytest.mark.parametrize("settings", [{"user": "shop", "password": "wrong"}, {}], ids=["wrong password", "no user"])
async def test_refused_credentials_pause_the_account(settings: dict[str, str]) -> None:
    sent, box = await _against_aiosmtpd(**settings)
    assert sent.outcome is Outcome.AUTH_FAILED, sent.message
    assert "wrong" not in sent.message
    assert not box.mails
