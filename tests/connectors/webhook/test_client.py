"""In: endpoints on loopback with every kind of answer; out: the session's result for each."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from paradeiro.connectors.webhook import client
from paradeiro.connectors.webhook.client import WebhookSession
from paradeiro.connectors.webhook.schedule import PAUSES
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Endpoint, Request
from paradeiro.sdk.guard import Guard, is_inner
from tests.flow.endpoints import Receiver, receiver, status

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"ç":"São Paulo","x":1}'.encode()
REQUEST = Request("POST", "/", (("Content-Type", "application/json"),), BODY)
PUBLIC = "93.184.216.34"


def now() -> datetime:
    return datetime.now(UTC)


def account(url: str, *inner_hosts: str, **settings: str) -> AccountRef:
    return AccountRef(1, 1, "webhook", "erp", {"url": url, "secret": SECRET, **settings}, None, frozenset(inner_hosts))


def names(*answers: Sequence[str]) -> Callable[[str, int], object]:
    """A resolver that gives these answers one after the other, then the last for ever; it counts what it was asked."""
    left = list(answers)

    async def resolve(host: str, port: int) -> list[str]:
        resolve.asked.append(host)  # type: ignore[attr-defined]
        return list(left.pop(0) if len(left) > 1 else left[0])

    resolve.asked = []  # type: ignore[attr-defined]
    return resolve


@pytest.fixture
async def there() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


@pytest.fixture
async def session(there: Receiver) -> AsyncIterator[WebhookSession]:
    made = WebhookSession(account(there.url, "127.0.0.1"), now)
    yield made
    await made.close()


async def test_the_library_of_the_standard_verifies_what_we_send(there: Receiver, session: WebhookSession) -> None:
    sent = await session.send(REQUEST, "a-message")
    assert (sent.outcome, sent.receipt) == (Outcome.FOUND, "HTTP 204")
    (got,) = there.got
    assert Webhook(SECRET).verify(got.body, got.headers) == {"ç": "São Paulo", "x": 1}
    assert got.headers["host"] == f"127.0.0.1:{there.port}"
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(got.body, got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(got.body + b" ", got.headers)


async def test_it_is_an_endpoint_as_the_flow_knows_them(session: WebhookSession) -> None:
    assert isinstance(session, Endpoint)


@pytest.mark.parametrize(("hours", "valid"), [(1, True), (-1, False)])
async def test_two_secrets_sign_while_both_are_valid(there: Receiver, *, hours: int, valid: bool) -> None:
    until = (now() + timedelta(hours=hours)).isoformat()
    made = WebhookSession(account(there.url, "127.0.0.1", former_secret=OTHER, former_until=until), now)
    await made.send(REQUEST, "a-message")
    await made.close()
    (got,) = there.got
    assert Webhook(SECRET).verify(got.body, got.headers)
    if valid:
        assert Webhook(OTHER).verify(got.body, got.headers)
    else:
        with pytest.raises(WebhookVerificationError):
            Webhook(OTHER).verify(got.body, got.headers)


@pytest.mark.parametrize("line", ["200 OK", "201 Created", "202 Accepted", "204 No Content"])
async def test_only_2xx_is_success(there: Receiver, session: WebhookSession, line: str) -> None:
    there.answer = status(line)
    assert (await session.send(REQUEST, "m")).outcome is Outcome.FOUND


@pytest.mark.parametrize(
    "line", ["301 Moved", "400 Bad Request", "401 Unauthorized", "403 No", "404 No", "422 No", "500 No", "503 No"]
)
async def test_whatever_else_is_tried_again(there: Receiver, session: WebhookSession, line: str) -> None:
    there.answer = status(line, body=b"personal words of theirs")
    sent = await session.send(REQUEST, "m")
    assert (sent.outcome, sent.http_status, sent.gone) == (Outcome.RETRY, int(line[:3]), False)
    assert "personal" not in sent.message


async def test_410_says_that_nobody_is_there(there: Receiver, session: WebhookSession) -> None:
    there.answer = status("410 Gone")
    assert (await session.send(REQUEST, "m")).gone


@pytest.mark.parametrize(("said", "seconds"), [("90", 90.0), ("99999999", 86400.0)])
async def test_retry_after_is_heeded_within_a_day(
    there: Receiver, session: WebhookSession, said: str, seconds: float
) -> None:
    there.answer = status("429 Too Many Requests", f"Retry-After: {said}\r\n")
    assert (await session.send(REQUEST, "m")).retry_after == seconds


async def test_a_redirect_is_never_followed(there: Receiver, session: WebhookSession) -> None:
    async with receiver() as private:
        there.answer = status("307 Temporary Redirect", f"Location: {private.url}\r\n")
        sent = await session.send(REQUEST, "m")
        assert sent.outcome is Outcome.RETRY
        assert private.got == []


async def test_a_connection_that_breaks_is_a_doubt(there: Receiver, session: WebhookSession) -> None:
    there.answer = None
    sent = await session.send(REQUEST, "m")
    assert (sent.outcome, sent.in_doubt) == (Outcome.RETRY, True)


async def test_a_refused_connection_is_no_doubt() -> None:
    async with receiver() as gone:
        url = gone.url
    made = WebhookSession(account(url, "127.0.0.1"), now)
    sent = await made.send(REQUEST, "m")
    await made.close()
    assert (sent.outcome, sent.in_doubt) == (Outcome.RETRY, False)


async def test_an_endpoint_that_says_nothing_is_left(
    there: Receiver, session: WebhookSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", 0.2)
    there.answer = 30.0
    sent = await asyncio.wait_for(session.send(REQUEST, "m"), 5)
    assert (sent.outcome, sent.in_doubt) == (Outcome.RETRY, True)


@pytest.mark.parametrize(("line", "outcome"), [("200 OK", Outcome.FOUND), ("500 No", Outcome.RETRY)])
@pytest.mark.parametrize("part", [b".", b"x" * 30_000])
async def test_a_body_without_end_is_left(
    there: Receiver,
    session: WebhookSession,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    outcome: Outcome,
    part: bytes,
) -> None:
    monkeypatch.setattr(client, "_BODY_SECONDS", 0.5)
    there.answer = f"HTTP/1.1 {line}\r\nContent-Length: 900000000\r\n\r\n".encode()
    there.trickle = part
    sent = await asyncio.wait_for(session.send(REQUEST, "m"), 5)
    assert (sent.outcome, sent.http_status) == (outcome, int(line[:3]))


async def test_a_body_that_breaks_after_a_2xx_was_accepted(there: Receiver, session: WebhookSession) -> None:
    there.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"
    assert (await session.send(REQUEST, "m")).outcome is Outcome.FOUND


# ── where it may go ──────────────────────────────────────────────────────────────────────────────────────────────────

_INNER = """127.0.0.1 127.9.9.9 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1
100.127.255.254 224.0.0.1 239.1.1.1 255.255.255.255 0.0.0.0 0.1.2.3 192.0.0.1 192.0.2.1 198.18.0.1 240.0.0.1 192.88.99.1
::1 :: fe80::1 fe80::1%eth0 fc00::1 fd12:3456::1 fec0::1 ff02::1 ff0e::1 ::ffff:127.0.0.1 ::ffff:93.184.216.34
::127.0.0.1 64:ff9b::7f00:1 64:ff9b::5db8:d822 64:ff9b:1::a00:1 2002:7f00:1::1 2002:5db8:d822::1 2001::1 2001:db8::1
::ffff:0:127.0.0.1 ::ffff:0:93.184.216.34 ::ffff:0:a00:1 64:ff9b::a9fe:a9fe 64:ff9b:1:ffff::1 2001:0:5db8:d822::1
2002:a9fe:a9fe::1 2606:4700::5efe:10.0.0.1 2606:4700::200:5efe:93.184.216.34 fe80::5efe:8.8.8.8 fec0::8 100::1 5f00::1
4000::1 6000::1 8000::1 a000::1 c000::1 e000::1 f000::1 f800::1 fe00::1 200::1 400::1 800::1 1000::1 ::1.2.3.4 ::8.8.8.8
2001:10::1 2001:20::1 2001:2::1 192.0.0.170 198.51.100.1 203.0.113.9 198.19.255.255 255.255.255.254
127.0.0.1. 0x7f.1 2130706433 1 127.1 ::ffff:0:0 2002::1"""


@pytest.mark.parametrize("address", _INNER.split())
def test_an_inner_address_is_one(address: str) -> None:
    assert is_inner(address)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"])
def test_an_outer_address_is_none(address: str) -> None:
    assert not is_inner(address)


@pytest.mark.parametrize(
    ("allowed", "host", "port", "yes"),
    [
        ("erp.local", "erp.local", 443, True),
        ("erp.local", "ERP.local.", 9, True),
        ("erp.local:8443", "erp.local", 8443, True),
        ("erp.local.:8443", "erp.local", 8443, True),
        ("erp.local:8443", "erp.local", 443, False),
        ("erp.local:8443", "erp.local", 22, False),
        ("erp.local:8443", "erp.local:8443", 22, False),
        ("10.1.2.3:80", "10.1.2.3", 80, True),
        ("10.1.2.3:80", "10.1.2.3", 6379, False),
        ("fd00::1", "fd00::1", 6379, True),
        ("[fd00::1]", "fd00::1", 6379, True),
        ("[fd00::1]:8443", "fd00::1", 8443, True),
        ("[fd00::1]:8443", "fd00::1", 443, False),
        ("fd00::1:8443", "fd00::1", 8443, False),
        ("erp.local:", "erp.local", 443, False),
        (":443", "", 443, False),
    ],
)
def test_a_host_is_allowed_on_the_port_that_was_named(allowed: str, host: str, port: int, yes: bool) -> None:
    assert Guard(frozenset({allowed}), names([PUBLIC])).allows(host, port) is yes


async def test_another_port_of_an_allowed_host_is_refused(there: Receiver) -> None:
    for port, outcome in ((there.port, Outcome.FOUND), (1, Outcome.RETRY)):
        made = WebhookSession(account(f"http://127.0.0.1:{there.port}/", f"127.0.0.1:{port}"), now)
        assert (await made.send(REQUEST, "m")).outcome is outcome
        await made.close()
    assert len(there.got) == 1


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:7f00:1]"]
)
async def test_loopback_under_any_name_is_refused_unless_allowed(there: Receiver, host: str) -> None:
    made = WebhookSession(account(f"https://{host}:{there.port}/"), now)
    assert await made.look()
    sent = await made.send(REQUEST, "m")
    assert (sent.outcome, sent.in_doubt) == (Outcome.RETRY, False)
    assert there.got == []
    await made.close()


async def test_one_inner_address_among_outer_ones_is_enough(there: Receiver) -> None:
    resolve = names([PUBLIC, "127.0.0.1"])
    made = WebhookSession(account(f"https://hooks.example.com:{there.port}/"), now, resolve=resolve)
    assert "not in the outside world" in await made.look()
    assert (await made.send(REQUEST, "m")).outcome is Outcome.RETRY
    assert there.got == []
    await made.close()


async def test_a_name_that_changes_after_the_check_leads_to_the_checked_address(there: Receiver) -> None:
    """The name is asked for once per connection: what was checked is what is connected to."""
    resolve = names(["127.0.0.1"], ["203.0.113.9"])
    made = WebhookSession(account(f"http://hooks.example.com:{there.port}/", "hooks.example.com"), now, resolve=resolve)
    assert (await made.send(REQUEST, "m")).outcome is Outcome.FOUND
    assert resolve.asked == ["hooks.example.com"]
    assert there.got[0].headers["host"] == f"hooks.example.com:{there.port}"
    await made.close()


async def test_a_name_that_turns_inward_is_refused_at_the_next_message(there: Receiver) -> None:
    resolve = names([PUBLIC], ["127.0.0.1"])
    made = WebhookSession(account(f"https://hooks.example.com:{there.port}/"), now, resolve=resolve)
    assert await made.look() == "", "it was fine when it was registered"
    sent = await made.send(REQUEST, "m")
    assert "not in the outside world" in sent.message
    assert there.got == []
    await made.close()


async def test_no_proxy_of_the_environment_is_used(
    there: Receiver, session: WebhookSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await session.send(REQUEST, "m")).outcome is Outcome.FOUND
    assert len(there.got) == 1


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example.com/", "ftp://hooks.example.com/", "https:///x", "words", "https://u:p@example.com/", ""],
)
async def test_other_addresses_are_refused(url: str) -> None:
    made = WebhookSession(account(url), now, resolve=names([PUBLIC]))
    assert await made.look()
    assert (await made.send(REQUEST, "m")).outcome is Outcome.RETRY
    await made.close()


def _certificate(name: str, folder: Path) -> Path:
    """A key and a certificate of a name, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / f"{name}.pem"
    path.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(("name", "outcome"), [("hooks.example.com", Outcome.FOUND), ("e.example.com", Outcome.RETRY)])
async def test_tls_asks_for_the_name_not_for_the_address(tmp_path: Path, name: str, outcome: Outcome) -> None:
    pem = _certificate(name, tmp_path)
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(pem)
    asked: list[str | None] = []
    theirs.sni_callback = lambda _, server_name, __: asked.append(server_name)
    async with receiver(theirs) as there:
        url = f"https://hooks.example.com:{there.port}/"
        ours = ssl.create_default_context(cafile=str(pem))
        ref = account(url, "hooks.example.com")
        made = WebhookSession(ref, now, resolve=names(["127.0.0.1"]), tls=ours)
        sent = await made.send(REQUEST, "m")
        await made.close()
        assert (sent.outcome, sent.in_doubt) == (outcome, False)
        assert asked == ["hooks.example.com"]
        assert [got.headers["host"] for got in there.got] == [f"hooks.example.com:{there.port}"] * len(there.got)


def test_patience_lasts_three_days_and_pauses_grow() -> None:
    assert timedelta(days=3) <= sum(PAUSES, timedelta()) < timedelta(days=3, hours=6)
    assert list(PAUSES) == sorted(set(PAUSES))
