"""In: addresses of files, good and bad, and servers on loopback; out: the file, or why it is not fetched."""

import pytest

from paradeiro.domain.words import Outcome
from paradeiro.sdk import downloads
from paradeiro.sdk.contract import AccountRef
from paradeiro.sdk.downloads import Downloaded, Downloads
from tests.connectors.parties import Asked, Reply, party

PICTURE = b"\xff\xd8\xffmade-up picture"


async def fetch(address: str, base_url: str = "", *resolved: str, inner: frozenset[str] = frozenset()) -> Downloaded:
    async def resolve(_: str, __: int) -> list[str]:
        return list(resolved)

    settings = {"base_url": base_url, "api_key": "a-secret"} if base_url else {"api_key": "a-secret"}
    account = AccountRef(1, 1, "intelipost", "Intelipost", settings, None, inner)
    opened = Downloads(account, resolve=resolve) if resolved else Downloads(account)
    try:
        found = await opened.fetch(address)
    finally:
        await opened.close()
    assert "made-up" not in repr(found)
    assert "key=" not in found.message, "links may hold a key"
    return found


async def test_a_file_of_the_accounts_own_server_comes_without_its_credentials() -> None:
    async with party(lambda _: Reply(body=PICTURE)) as host:
        found = await fetch(f"{host.url}/files/pod.jpg?key=1", host.url)
    assert (found.outcome, found.content) == (Outcome.FOUND, PICTURE)
    (asked,) = host.asked
    assert (asked.method, asked.path, asked.query) == ("GET", "/files/pod.jpg", {"key": "1"})
    assert "a-secret" not in str(asked)
    assert "api-key" not in asked.headers


async def test_another_server_of_ours_is_not_spoken_with() -> None:
    async with party(lambda _: Reply(body=PICTURE)) as own, party(lambda _: Reply(body=PICTURE)) as other:
        for address in (f"{other.url}/pod.jpg?key=1", other.url.replace("http:", "https:")):
            assert (await fetch(address, own.url)).outcome is Outcome.MALFORMED
            assert (await fetch(address)).outcome is Outcome.MALFORMED
    assert (own.asked, other.asked) == ([], [])


@pytest.mark.parametrize(
    "address",
    [
        "",
        "pod.jpg",
        "http://pictures.example.com/pod.jpg?key=1",
        "ftp://pictures.example.com/pod.jpg",
        "file:///etc/passwd",
        "https://user:key=1@pictures.example.com/pod.jpg",
        "https://",
        "https://pictures.example.com:99999/",
        "https://[::1/pod.jpg",
    ],
)
async def test_only_https_is_spoken(address: str) -> None:
    assert (await fetch(address, "", "93.184.216.34")).outcome is Outcome.MALFORMED


@pytest.mark.parametrize("inner", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "fd00::1", "100.64.0.1"])
async def test_a_name_that_leads_into_a_private_network_is_refused(inner: str) -> None:
    for found in ((inner,), ("93.184.216.34", inner)):
        told = await fetch("https://pictures.example.com/pod.jpg?key=1", "", *found)
        assert (told.outcome, told.content) == (Outcome.MALFORMED, b"")
    written = f"[{inner}]" if ":" in inner else inner
    assert (await fetch(f"https://{written}/pod.jpg?key=1")).outcome is Outcome.MALFORMED


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["api.example.com", "10.0.0.7", "169.254.169.254", "localhost"])
async def test_no_other_base_address_opens_the_way_inside(host: str, scheme: str) -> None:
    """A name could lead to a server of the party first, and to one of ours when the file is fetched."""
    told = await fetch(f"{scheme}://{host}/pod.jpg", f"{scheme}://{host}", "127.0.0.1")
    assert told.outcome is Outcome.MALFORMED


REPLIES = [
    (Reply(302, headers={"Location": "http://127.0.0.1/"}), Outcome.MALFORMED),
    (Reply(403), Outcome.NOT_FOUND),
    (Reply(404), Outcome.NOT_FOUND),
    (Reply(410), Outcome.NOT_FOUND),
    (Reply(429), Outcome.RETRY),
    (Reply(500), Outcome.RETRY),
    (Reply(503), Outcome.RETRY),
    (Reply(204), Outcome.NOT_FOUND),
    (None, Outcome.RETRY),
]


@pytest.mark.parametrize(("reply", "outcome"), REPLIES)
async def test_what_else_a_server_says(reply: Reply | None, outcome: Outcome) -> None:
    async with party(lambda _: reply) as host:
        found = await fetch(f"{host.url}/pod.jpg?key=1", host.url)
    assert (found.outcome, found.content) == (outcome, b"")
    assert len(host.asked) == 1, "no redirect is followed"


async def test_a_file_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "TIMEOUT_SECONDS", 0.8)
    async with party(lambda _: Reply(body=b"short", headers={"Content-Length": "900"})) as host:
        found = await fetch(f"{host.url}/pod.jpg?key=1", host.url)
    assert (found.outcome, found.content) == (Outcome.RETRY, b"")


async def test_a_file_that_is_too_large_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "LARGEST_FILE", 9)
    async with party(lambda asked: Reply(body=b"123456789" if asked.path == "/nine" else b"1234567890")) as host:
        assert (await fetch(f"{host.url}/nine", host.url)).outcome is Outcome.FOUND
        assert (await fetch(f"{host.url}/ten", host.url)).outcome is Outcome.MALFORMED


async def test_nobody_there() -> None:
    async with party(lambda _: Reply()) as host:
        address = host.url
    assert (await fetch(f"{address}/pod.jpg", address)).outcome is Outcome.RETRY


async def test_a_host_that_the_operator_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "TIMEOUT_SECONDS", 1.0)

    def answer(_: Asked) -> Reply:
        return Reply(body=PICTURE)

    async with party(answer) as host:
        secure = host.url.replace("http:", "https:")
        allowed = frozenset({host.url.removeprefix("http://")})
        # It may be reached; it does not speak TLS.
        assert (await fetch(f"{secure}/pod.jpg", "", inner=allowed)).outcome is Outcome.RETRY
        assert (await fetch(f"{host.url}/pod.jpg", "", inner=allowed)).outcome is Outcome.MALFORMED
