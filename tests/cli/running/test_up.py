"""`paradeiro up` as a new user starts it: one process, an address, an API that answers; killed, started, ended."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

_READY_SECONDS = 60.0
_FOLLOWED_SECONDS = 60.0
_UP = [sys.executable, "-m", "paradeiro", "up"]


def _environment(folder: Path) -> dict[str, str]:
    return os.environ | {
        "PARADEIRO_DATA_DIR": str(folder),
        "PARADEIRO_PORT": "0",
        "PARADEIRO_SIMULATOR_SPEED": "1440",
        "PARADEIRO_SIMULATOR_PACKAGES": "60",
    }


def _started(env: dict[str, str], said: Path) -> tuple[subprocess.Popen[bytes], str]:
    with said.open("wb") as out:
        process = subprocess.Popen(_UP, env=env, stdout=out, stderr=out)
    return process, _until(said.read_text, "Ctrl-C stops it", process)


def _ask(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "paradeiro", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)


def _processes(folder: Path) -> list[str]:
    """What runs for this data folder, PostgreSQL too."""
    found = []
    for each in Path("/proc").iterdir():
        try:
            words = (each / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            recording = (each / "environ").read_bytes() if "paradeiro" in words else b""
        except OSError:
            continue
        if str(folder) in words or str(folder).encode() in recording:
            found.append(words)
    return found


@pytest.mark.slow
def test_up_starts_everything_is_killed_goes_on_and_follows_what_is_real(tmp_path: Path) -> None:
    folder, said = tmp_path / "data", tmp_path / "said.txt"
    env = _environment(folder)
    process, text = _started(env, said)
    try:
        sign_in, key = re.search(r"http://\S+/sign-in/\S+", text), re.search(r"pk_\S+", text)
        assert sign_in is not None
        assert key is not None
        headers = {"X-API-Key": key[0]}
        address = sign_in[0].split("/sign-in/")[0]
        with httpx.Client(trust_env=False, timeout=10, follow_redirects=True) as client:
            assert "Pedidos" in client.get(sign_in[0]).text
            assert client.get(f"{address}/health").json()["status"] == "ok"
            assert client.get(f"{address}/api/v1/shipments").status_code == 200, "signed in, a browser may read"
            client.cookies.clear()
            assert client.get(f"{address}/api/v1/shipments").status_code == 401
            _until(lambda: _events(client, address, key[0]), "PO/0", process, _FOLLOWED_SECONDS)
            _until(lambda: _pushed(client, address, key[0]), "pushed", process, _FOLLOWED_SECONDS)
            mine = {"carrier": "correios", "tracking_code": "AA123456785BR", "order": {"number": "mine"}}
            assert client.post(f"{address}/api/v1/shipments", json=mine, headers=headers).status_code == 201

            second = subprocess.run(_UP, env=env, capture_output=True, text=True, check=False, timeout=30)
            assert second.returncode == 1
            assert f"runs already at {address}" in second.stderr
            other = _ask(env, "key", "--store", "Loja do Mundo", "--name", "t")
            assert f"which {address} runs on" in other.stderr
            of_cli = {"X-API-Key": other.stdout.strip()}
            assert client.get(f"{address}/api/v1/shipments", headers=of_cli).status_code == 200, "one database"

            process.kill()
            process.wait()
            _gone(folder)
            admin = re.search(r"The simulator\s+(http://\S+)", text)
            process, text = _started(env | {"PARADEIRO_PORT": address.rsplit(":", 1)[1]}, said)
            assert "pk_" not in text, "a key that was shown stands in a journal once, not at each start"
            assert "/sign-in/" not in text
            assert admin is not None
            assert admin[1] in text, "the same world, where it was"
            shown = client.get(f"{address}/api/v1/shipments?order_number=mine", headers=headers)
            assert [item["tracking_code"] for item in shown.json()["items"]] == ["AA123456785BR"]

            wrong = _ask(env, "account", "correios", "--store", "Minha Lojaa")
            assert (wrong.returncode, "paradeiro store add" in wrong.stderr) == (2, True)
            assert _ask(env, "store", "add", "Minha Loja").returncode == 0
            fields = ("user=u", "access_code=c", "posting_card=0012345678", "base_url=http://127.0.0.1:9")
            words = [word for each in fields for word in ("--set", each)]
            assert _ask(env, "account", "correios", "--store", "Minha Loja", *words).returncode == 0
            _until(said.read_text, "the trial has ended", process, 30)
            _until(lambda: str(client.get(f"{address}/health").status_code), "200", process, 30)
            assert client.get(f"{address}/api/v1/accounts", headers=headers).json() == []
            row = client.get(f"{address}/api/v1/shipments?order_number=mine", headers=headers)
            assert len(row.json()["items"]) == 1, "what was followed stays to be seen"
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(40)
    assert code == 0, said.read_text()
    assert "Nothing is lost" in said.read_text()
    assert "Traceback" not in said.read_text()
    _gone(folder)


@pytest.mark.slow
def test_fresh_removes_nothing_that_is_no_trial(tmp_path: Path) -> None:
    env = _environment(tmp_path / "data")
    assert _ask(env, "store", "add", "Minha Loja").returncode == 0
    said = _ask(env, "up", "--fresh")
    assert (said.returncode, "Nothing was removed" in said.stderr) == (2, True), said.stderr
    assert "Minha Loja" in _ask(env, "store", "list").stdout
    assert _ask(env, "store", "add", "Minha Loja").returncode == 1
    assert _ask(env, "store", "add", "Outra", "--time-zone", "Lua/Mar").returncode == 2
    wrong = _ask(env, "key", "--store", "Minha Lojaa", "--name", "t")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "Minha Lojaa" not in _ask(env, "store", "list").stdout


def _events(client: httpx.Client, address: str, key: str) -> str:
    headers = {"X-API-Key": key}
    page = client.get(f"{address}/api/v1/shipments", headers=headers).json()
    return " ".join(
        client.get(f"{address}/api/v1/shipments/{item['id']}", headers=headers).text for item in page["items"][-3:]
    )


def _pushed(client: httpx.Client, address: str, key: str) -> str:
    lines = client.get(f"{address}/api/v1/accounts", headers={"X-API-Key": key}).json()
    return "pushed" if any(line["pushed_at"] for line in lines) else "not yet"


def _gone(folder: Path, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while _processes(folder) and time.monotonic() < end:
        time.sleep(0.2)
    assert _processes(folder) == [], "orphans"


def _until(
    read: Callable[[], str], mark: str, process: subprocess.Popen[bytes], seconds: float = _READY_SECONDS
) -> str:
    end = time.monotonic() + seconds
    text = ""
    while time.monotonic() < end:
        assert process.poll() is None, f"it ended by itself: {text}"
        try:
            text = read()
        except httpx.HTTPError as error:
            text = repr(error)  # it is starting again
        if mark in text:
            return text
        time.sleep(0.2)
    pytest.fail(f"no '{mark}' in {seconds} s: {text}")
