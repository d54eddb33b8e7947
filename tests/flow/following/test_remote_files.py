"""A carrier's folder, at its place (SFTP, FTPS) or here: new files are taken, known ones are not fetched again."""

import asyncio
import ipaddress
import os
import threading
import warnings
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from paradeiro.db import jobs
from paradeiro.domain.words import Outcome, Status
from paradeiro.flow.answers import file_intake, remote_files
from paradeiro.flow.answers.remote_files import fetch_remote_files, read_folder
from paradeiro.sdk.transports.remote_files import RemoteError, place_of
from paradeiro.worker.slots import GROUPS
from paradeiro.worker.sweep import sweep
from tests.flow.conftest import Shop
from tests.flow.following.test_file_intake import Desk, open_desk

with warnings.catch_warnings():
    # It stands on asyncore, which Python 3.11 has and calls old.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import TLS_FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer

USER, PASSWORD = "shop", "s3cret"


def put(folder: Path, name: str, content: str, at: datetime) -> Path:
    """A file as the carrier wrote it at an instant."""
    path = folder / name
    path.write_text(content, encoding="utf-8")
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "carrier" / "out"
    folder.mkdir(parents=True)
    return folder


# ── SFTP ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Server(asyncssh.SSHServer):
    keys: tuple[str, ...] = ()

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key.export_public_key().decode() in self.keys


class Sftp:
    """A real SFTP server on loopback: its settings as an account has them, how often it was logged in to."""

    def __init__(self, port: int, host_key: asyncssh.SSHKey) -> None:
        self.settings = {
            "remote_url": f"sftp://{USER}@127.0.0.1:{port}/out",
            "remote_password": PASSWORD,
            "remote_host_key": host_key.export_public_key().decode(),
        }
        self.read: list[str] = []


@pytest.fixture
async def sftp(out: Path) -> AsyncIterator[Sftp]:
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    opened: list[str] = []

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(out.parent))

        def open(self, path: bytes, *given: Any) -> Any:
            opened.append(path.decode().rsplit("/", 1)[-1])
            return super().open(path, *given)

    server = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[host_key], server_factory=_Server, sftp_factory=Files
    )
    made = Sftp(server.get_port(), host_key)
    made.read = opened
    yield made
    server.close()
    await server.wait_closed()


async def fetch(desk: Desk) -> int:
    taken = await fetch_remote_files(desk.shop.context, desk.account_id)
    await desk.shop.run()
    return taken


async def state(desk: Desk) -> tuple[str, str]:
    async with desk.shop.context.pool.connection() as connection:
        row = await (
            await connection.execute("SELECT state, problem FROM account WHERE id = %s", (desk.account_id,))
        ).fetchone()
    assert row is not None
    return row[0], row[1]


async def test_new_files_are_fetched_once_and_stay_there(shop: Shop, sftp: Sftp, out: Path) -> None:
    desk = await open_desk(shop, sftp.settings)
    shipment_id = await desk.register("AA1")
    at = shop.clock() - timedelta(hours=1)
    put(out, "2.txt", desk.line("AA1", "ENT"), at + timedelta(minutes=1))
    put(out, "1.txt", desk.line("AA1", "MOV", -9), at)
    put(out, "3.txt.filepart", "half", at)
    put(out, "none.txt", "", at)
    assert await fetch(desk) == 2
    assert await desk.status(shipment_id) is Status.DELIVERED
    assert sftp.read == ["1.txt", "2.txt"], "the oldest first, unfinished and empty ones never"
    assert await fetch(desk) == 0
    assert sftp.read == ["1.txt", "2.txt"], "what is known is not fetched again"
    assert sorted(each.name for each in out.iterdir()) == ["1.txt", "2.txt", "3.txt.filepart", "none.txt"]
    put(out, "1.txt", desk.line("AA1", "OUT", -3), at + timedelta(minutes=2))
    assert await fetch(desk) == 1, "the same name with another time is another file"
    (newest, *_) = await file_intake.files(shop.context, shop.store_id)
    assert (newest.name, newest.source) == (f"1.txt ({at + timedelta(minutes=2):%Y-%m-%d %H:%M:%S} UTC)", "sftp")
    assert await state(desk) == ("ok", "")


@pytest.mark.parametrize(("afterwards", "there"), [("delete", []), ("move:done", ["done", "done/1.txt"])])
async def test_a_taken_file_goes_only_if_the_account_says_so(
    shop: Shop, sftp: Sftp, out: Path, afterwards: str, there: list[str]
) -> None:
    desk = await open_desk(shop, sftp.settings | {"remote_afterwards": afterwards})
    put(out, "1.txt", desk.line("AA1", "MOV"), shop.clock())
    assert await fetch(desk) == 1
    assert sorted(str(each.relative_to(out)) for each in out.rglob("*")) == there


async def test_a_server_that_shows_another_key_is_sent_nothing(shop: Shop, sftp: Sftp, out: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    desk = await open_desk(shop, sftp.settings | {"remote_host_key": other})
    put(out, "1.txt", desk.line("AA1", "MOV"), shop.clock())
    assert await fetch(desk) == 0
    name, problem = await state(desk)
    assert (name, "another key than remote_host_key" in problem) == ("paused", True)
    assert [n.kind for n in await shop.notices()] == ["credentials_refused"]
    assert sftp.read == []


async def test_a_wrong_password_pauses_the_account_and_a_key_opens_it(
    shop: Shop, sftp: Sftp, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await open_desk(shop, sftp.settings | {"remote_password": "wrong"})
    assert await fetch(desk) == 0
    assert (await state(desk))[0] == "paused"
    ours = asyncssh.generate_private_key("ssh-ed25519")
    monkeypatch.setattr(_Server, "keys", (ours.export_public_key().decode(),))
    key = {"remote_password": "", "remote_key": ours.export_private_key().decode()}
    desk = await open_desk(shop, sftp.settings | key)
    put(out, "1.txt", desk.line("AA1", "MOV"), shop.clock())
    assert await fetch(desk) == 1
    assert (await state(desk))[0] == "ok"


async def test_a_server_that_is_away_or_hangs_is_tried_again(
    shop: Shop, sftp: Sftp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setattr(remote_files, "REMOTE_SECONDS", 0.3)
    desk = await open_desk(shop, sftp.settings | {"remote_url": f"sftp://{USER}@127.0.0.1:{port}/out"})
    assert await fetch(desk) == 0
    name, problem = await state(desk)
    assert (name, "had not ended after" in problem) == ("outage", True)
    server.close()
    await desk.shop.later(minutes=20)
    assert await fetch(desk) == 0
    assert (await state(desk))[0] == "outage"


async def test_a_file_that_is_too_large_is_told_and_the_others_are_fetched(
    shop: Shop, sftp: Sftp, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_intake, "LARGEST_FILE", 200)
    desk = await open_desk(shop, sftp.settings)
    put(out, "1.txt", "x" * 201, shop.clock() - timedelta(hours=1))
    put(out, "2.txt", desk.line("AA1", "MOV"), shop.clock())
    assert await fetch(desk) == 1
    (notice,) = await shop.notices()
    assert "file 1.txt: A file may have at most" in notice.message
    assert sftp.read == ["2.txt"]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"remote_url": "http://a/b"}, "must be sftp://"),
        ({"remote_url": "sftp://a.example/b"}, "must be sftp://"),
        ({"remote_url": "sftp://u:p@a.example/b"}, "belongs into remote_password"),
        ({"remote_url": "sftp://u@a.example:x/b"}, "is no address"),
        ({"remote_url": "sftp://u@a.example/b"}, "remote_host_key is missing"),
        ({"remote_url": "ftps://u@a.example/b", "remote_afterwards": "burn"}, "must be keep, delete or move"),
        ({"remote_url": "ftps://u@a.example/b", "remote_afterwards": "move:../x"}, "must be keep, delete or move"),
    ],
)
def test_settings_that_say_no_place(settings: dict[str, str], why: str) -> None:
    with pytest.raises(RemoteError, match=why) as found:
        place_of(settings)
    assert found.value.outcome is Outcome.AUTH_FAILED


# ── FTPS ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def certificate(folder: Path) -> tuple[Path, str]:
    """A file with key and certificate of 127.0.0.1, and the certificate's text."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "carrier")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    path = folder / "server.pem"
    path.write_text(private + pem)
    return path, pem


@pytest.fixture
def ftps(out: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A real FTPS server in a thread; an account's settings for it."""
    path, pem = certificate(tmp_path)

    class Handler(TLS_FTPHandler):
        certfile = str(path)
        authorizer = DummyAuthorizer()
        tls_control_required = True
        tls_data_required = True

    Handler.authorizer.add_user(USER, PASSWORD, str(out.parent), perm="elradfmw")
    loop = IOLoop()
    server = FTPServer(("127.0.0.1", 0), Handler, ioloop=loop)
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            loop.loop(timeout=0.05, blocking=False)
        server.close_all()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield {
        "remote_url": f"ftps://{USER}@127.0.0.1:{server.address[1]}/out",
        "remote_password": PASSWORD,
        "remote_host_key": pem,
    }
    stop.set()
    thread.join(5)


@pytest.mark.parametrize(("afterwards", "left"), [("", ["1.txt", "2.txt"]), ("delete", []), ("move:done", ["done"])])
async def test_files_are_fetched_by_ftps(
    shop: Shop, ftps: dict[str, str], out: Path, afterwards: str, left: list[str]
) -> None:
    desk = await open_desk(shop, ftps | {"remote_afterwards": afterwards})
    shipment_id = await desk.register("AA1")
    put(out, "1.txt", desk.line("AA1", "MOV", -9), shop.clock() - timedelta(minutes=3))
    put(out, "2.txt", desk.line("AA1", "ENT"), shop.clock() - timedelta(minutes=2))
    assert await fetch(desk) == 2
    assert await desk.status(shipment_id) is Status.DELIVERED
    assert sorted(each.name for each in out.iterdir()) == left
    assert await fetch(desk) == 0
    assert await state(desk) == ("ok", "")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"remote_host_key": ""}, "certificate is not trusted"),
        ({"remote_password": "x"}, "530"),
        ({"remote_host_key": "x"}, "no certificate"),
    ],
)
async def test_an_ftps_server_must_be_who_it_says_and_so_must_we(
    shop: Shop, ftps: dict[str, str], wrong: dict[str, str], why: str
) -> None:
    desk = await open_desk(shop, ftps | wrong)
    assert await fetch(desk) == 0
    name, problem = await state(desk)
    assert name == "paused"
    assert why in problem


async def test_an_ftps_server_that_hangs_holds_no_thread(
    shop: Shop, ftps: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220")
        await writer.drain()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setattr(remote_files, "REMOTE_SECONDS", 0.3)
    desk = await open_desk(shop, ftps | {"remote_url": f"ftps://{USER}@127.0.0.1:{port}/out"})
    began = asyncio.get_running_loop().time()
    assert await fetch(desk) == 0
    await asyncio.get_running_loop().shutdown_default_executor()
    assert asyncio.get_running_loop().time() - began < 10, "its connection is cut, so its thread ended"
    assert (await state(desk))[0] == "outage"
    server.close()


# ── a folder here ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_files_in_a_folder_are_taken_when_nobody_writes_to_them(shop: Shop, out: Path) -> None:
    desk = await open_desk(shop, {"folder": str(out)})
    shipment_id = await desk.register("AA1")
    put(out, "good.txt", desk.line("AA1", "ENT"), shop.clock() - timedelta(minutes=2))
    put(out, "fresh.txt", desk.line("AA2", "MOV"), shop.clock() - timedelta(seconds=30))
    put(out, "bad.txt", "!nonsense\n", shop.clock() - timedelta(minutes=2))
    put(out.parent, "secret.txt", "x", shop.clock() - timedelta(minutes=2))
    (out / "link.txt").symlink_to(out.parent / "secret.txt")
    assert await read_folder(desk.shop.context, desk.account_id) == 2
    await desk.shop.run()
    assert await desk.status(shipment_id) is Status.DELIVERED
    there = sorted(str(each.relative_to(out)) for each in out.rglob("*.txt"))
    assert there == ["done/good.txt", "fresh.txt", "link.txt", "unreadable/bad.txt"]
    put(out, "good.txt", desk.line("AA1", "ENT"), shop.clock() - timedelta(minutes=2))
    assert await read_folder(desk.shop.context, desk.account_id) == 0, "the same again is no news"
    assert (out / "done" / "good-2.txt").exists()
    desk.shop.clock.forward(minutes=2)
    assert await read_folder(desk.shop.context, desk.account_id) == 1


async def test_a_folder_that_is_not_there_is_an_outage(shop: Shop, out: Path) -> None:
    desk = await open_desk(shop, {"folder": str(out / "gone")})
    assert await read_folder(desk.shop.context, desk.account_id) == 0
    name, problem = await state(desk)
    assert name == "outage"
    assert "cannot be used: No such file" in problem


@pytest.mark.parametrize(
    ("settings", "job"), [({"folder": "/nowhere"}, jobs.FOLDER), ({"remote_url": "sftp://a@b/c"}, jobs.REMOTE_FILES)]
)
async def test_a_job_waits_for_each_account_that_has_files_somewhere(
    shop: Shop, settings: dict[str, str], job: str
) -> None:
    desk = await open_desk(shop, settings)
    await sweep(desk.shop.context)
    await sweep(desk.shop.context)
    async with desk.shop.context.pool.connection() as connection:
        sql = """
            SELECT entrypoint, payload, execute_after > now() FROM pgqueuer
            WHERE entrypoint IN ('folder', 'remote_files')"""
        found = await (await connection.execute(sql)).fetchall()
    assert found == [(job, str(desk.account_id).encode(), True)], "one, however often it is looked"
    assert any(job in group.entrypoints for group in GROUPS), "a worker takes it"


def test_the_deadline_ends_before_another_round_begins() -> None:
    assert timedelta(minutes=10).total_seconds() > remote_files.REMOTE_SECONDS
