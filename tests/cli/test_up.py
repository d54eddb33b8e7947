"""`paradeiro up` as a new user starts it: one process, an address, an API that answers, and a clean end."""

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


@pytest.mark.slow
def test_up_starts_everything_follows_the_world_and_stops(tmp_path: Path) -> None:
    env = os.environ | {
        "PARADEIRO_DATA_DIR": str(tmp_path / "data"),
        "PARADEIRO_PORT": "0",
        "PARADEIRO_WORLD_SPEED": "7200",
        "PARADEIRO_WORLD_PACKAGES": "30",
    }
    said = tmp_path / "said.txt"
    with said.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "paradeiro", "up"], env=env, stdout=out, stderr=out)
    try:
        text = _until(said.read_text, "Ctrl-C stops it", process)
        sign_in, key = re.search(r"http://\S+/sign-in/\S+", text), re.search(r"pk_\S+", text)
        assert sign_in is not None
        assert key is not None
        address = sign_in[0].split("/sign-in/")[0]
        with httpx.Client(trust_env=False, timeout=10, follow_redirects=True) as client:
            assert "Pedidos" in client.get(sign_in[0]).text
            assert client.get(f"{address}/health").json()["status"] == "ok"
            assert client.get(f"{address}/api/v1/shipments").status_code == 200, "signed in, a browser may read"
            client.cookies.clear()
            assert client.get(f"{address}/api/v1/shipments").status_code == 401
            _until(lambda: _events(client, address, key[0]), "PO/0", process, _FOLLOWED_SECONDS)
            _until(lambda: _pushed(client, address, key[0]), "pushed", process, _FOLLOWED_SECONDS)
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(40)
    assert code == 0, said.read_text()
    assert "Nothing is lost" in said.read_text()
    assert "Traceback" not in said.read_text()


def _events(client: httpx.Client, address: str, key: str) -> str:
    headers = {"X-API-Key": key}
    page = client.get(f"{address}/api/v1/shipments", headers=headers).json()
    return " ".join(
        client.get(f"{address}/api/v1/shipments/{item['id']}", headers=headers).text for item in page["items"][-3:]
    )


def _pushed(client: httpx.Client, address: str, key: str) -> str:
    lines = client.get(f"{address}/api/v1/accounts", headers={"X-API-Key": key}).json()
    return "pushed" if any(line["pushed_at"] for line in lines) else "not yet"


def _until(
    read: Callable[[], str], mark: str, process: subprocess.Popen[bytes], seconds: float = _READY_SECONDS
) -> str:
    end = time.monotonic() + seconds
    text = ""
    while time.monotonic() < end:
        assert process.poll() is None, f"it ended by itself: {text}"
        text = read()
        if mark in text:
            return text
        time.sleep(0.2)
    pytest.fail(f"no '{mark}' in {seconds} s: {text}")
