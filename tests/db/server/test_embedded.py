"""In: data folders good and bad, users of many kinds, kills; out: a server for its own user, or a sentence."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from paradeiro.db.server.embedded import Embedded, EmbeddedError

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
NOBODY = 65534
_USER = """
import sys, time
from pathlib import Path
from paradeiro.db.server.embedded import Embedded
server = Embedded(Path(sys.argv[1]))
print(server.url("postgres"), flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A data folder that was made and stopped once; tests copy it."""
    parent = Path(tempfile.mkdtemp(prefix="paradeiro-made-"))
    Embedded(parent / "pg").stop()
    yield parent / "pg"
    shutil.rmtree(parent)


@pytest.fixture
def folder(made: Path) -> Iterator[Path]:
    parent = Path(tempfile.mkdtemp(prefix="paradeiro-data-"))
    shutil.copytree(made, parent / "pg", symlinks=True)
    yield parent / "pg"
    shutil.rmtree(parent)


def _postmaster(folder: Path) -> int:
    return int((folder / "postmaster.pid").read_text().split("\n", 1)[0])


def _gone(folder: Path, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while (folder / "postmaster.pid").exists() and time.monotonic() < until:
        time.sleep(0.05)
    return not (folder / "postmaster.pid").exists()


def _user(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _USER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("postgresql://")
    return process


def test_whoever_was_killed_uses_it_no_longer(folder: Path) -> None:
    killed, last = _user(folder), _user(folder)
    with killed, last:
        first = _postmaster(folder)
        killed.kill()
        killed.wait()
        time.sleep(1.5)
        assert _postmaster(folder) == first, "another process still uses it"
        last.communicate("")
    assert not (folder / "postmaster.pid").exists(), "the last one that uses it has stopped it when it ends"


def test_it_ends_when_all_who_used_it_were_killed(folder: Path) -> None:
    with _user(folder) as killed:
        killed.kill()
        killed.wait()
    assert _gone(folder)


def test_it_is_started_again_after_a_kill(folder: Path) -> None:
    with Embedded(folder) as server:
        url = server.url("kept")
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        assert not server.revive()
        with psycopg.connect(url):  # its child lives on for a moment, and holds the memory
            os.kill(_postmaster(folder), signal.SIGKILL)
            assert server.revive()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
    assert not (folder / "postmaster.pid").exists()


def test_a_number_that_another_program_has_by_now_stops_nothing(folder: Path) -> None:
    (folder / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}\n0\n5432\n.\n\n")
    with Embedded(folder) as server:
        assert server.url("postgres")


def test_it_has_what_search_needs(folder: Path) -> None:
    with Embedded(folder) as server, psycopg.connect(server.url("postgres")) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("CREATE EXTENSION unaccent")
        row = connection.execute("SELECT unaccent(lower('JOÃO ARAÚJO')), show_trgm('é') <> '{}'").fetchone()
        assert row == ("joao araujo", True)


@as_root
def test_folders_that_only_root_may_enter_stay_closed_and_no_user_is_added(folder: Path) -> None:
    users = Path("/etc/passwd").read_bytes()
    closed = folder.parent / "one" / "two"
    closed.mkdir(parents=True)
    for each in (folder.parent, closed.parent, closed):
        each.chmod(0o700)
    with Embedded(closed / "fresh") as server:
        assert server.url("postgres")
        assert (closed / "fresh").stat().st_uid != 0
    assert [stat.S_IMODE(each.stat().st_mode) for each in (folder.parent, closed.parent, closed)] == [0o700] * 3
    assert Path("/etc/passwd").read_bytes() == users


@as_root
@pytest.mark.parametrize("name", ["pg", "l" * 110 + "/pg"])
def test_no_other_user_gets_in(folder: Path, name: str) -> None:
    moved = folder.parent / name
    moved.parent.mkdir(exist_ok=True)
    folder.rename(moved)
    for each in (moved.parent, folder.parent):
        each.chmod(0o755)
    with Embedded(moved) as server:
        where = psycopg.conninfo.conninfo_to_dict(server.url("postgres"))["host"]
        with psycopg.connect(server.url("postgres")):
            pass
        try_it = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
        for path in {f"{where}/.s.PGSQL.5432", f"{Path(str(where)).resolve()}/.s.PGSQL.5432"}:
            if len(path) > 107:
                continue
            other = subprocess.run(
                ["/usr/bin/env", "python3", "-c", try_it, path],
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
                env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
            )
            assert "PermissionError" in other.stderr
        assert [stat.S_IMODE(moved.stat().st_mode), moved.stat().st_mode & 0o077] == [0o700, 0]


@as_root
def test_a_folder_of_another_user_stays_that_users(folder: Path) -> None:
    for root, folders, files in os.walk(folder):
        for each in (*folders, *files):
            os.lchown(Path(root) / each, 4321, 4321)
    os.chown(folder, 4321, 4321)
    with Embedded(folder):
        assert Path(f"/proc/{_postmaster(folder)}").stat().st_uid == 4321


def _empty_control(folder: Path) -> None:
    (folder / "global" / "pg_control").write_bytes(b"")


def _broken_control(folder: Path) -> None:
    (folder / "global" / "pg_control").write_bytes(b"x" * 8192)


def _other_version(folder: Path) -> None:
    (folder / "PG_VERSION").write_text("16\n")


def _half_made(folder: Path) -> None:
    (folder / "PG_VERSION").unlink()


def _wrong_setting(folder: Path) -> None:
    (folder / "postgresql.conf").write_text("shared_buffers = much\n")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_empty_control, "no whole database"),
        (_broken_control, "does not start"),
        (_other_version, "made by PostgreSQL 16"),
        (_half_made, "no whole database"),
        (_wrong_setting, "does not start"),
    ],
)
def test_a_folder_that_cannot_be_used_is_a_sentence(folder: Path, harm: object, said: str) -> None:
    assert callable(harm)
    harm(folder)
    with pytest.raises(EmbeddedError, match=said) as raised:
        Embedded(folder)
    assert str(folder) in str(raised.value)


def test_a_file_where_the_folder_should_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "pg").write_text("")
    with pytest.raises(EmbeddedError, match=r"cannot start in .*Not a directory"):
        Embedded(tmp_path / "pg")


def test_nothing_listens_on_the_network(folder: Path) -> None:
    with Embedded(folder), socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", 5432)) != 0
