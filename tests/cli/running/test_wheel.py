"""The wheel, installed with its dependencies into an empty environment, runs `paradeiro up`."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.cli.running.test_up import _environment, _until

_ROOT = Path(__file__).parents[3]
_UV = _ROOT / ".uv/bin/uv"


def _uv(*words: str, env: dict[str, str] | None = None) -> None:
    """From the cache that `make env` filled; over the network only if it lacks something."""
    for where in (["--offline"], []):
        command = [str(_UV), *words, *where]
        done = subprocess.run(command, cwd=_ROOT, env=env, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode == 0:
            return
    raise AssertionError(f"uv {words[0]}: {done.stderr}")


@pytest.mark.slow
@pytest.mark.skipif(not _UV.is_file(), reason="made by `make env`")
def test_the_wheel_alone_runs(tmp_path: Path) -> None:
    env, folder = tmp_path / "env", tmp_path / "data"
    _uv("build", "--wheel", "--quiet", "--out-dir", str(tmp_path))
    (wheel,) = tmp_path.glob("*.whl")
    python = {"UV_PROJECT_ENVIRONMENT": str(env), "UV_PYTHON": sys.executable, "UV_PYTHON_DOWNLOADS": "never"}
    # What the lock file names, without what only tests and checks need.
    _uv("sync", "--frozen", "--no-dev", "--no-install-project", "--quiet", env=os.environ | python)
    _uv("pip", "install", "--quiet", "--no-deps", "--python", str(env / "bin/python"), str(wheel))
    said, around = tmp_path / "said.txt", _environment(folder)
    with said.open("wb") as out:
        command = [str(env / "bin/paradeiro"), "up"]
        process = subprocess.Popen(command, cwd=tmp_path, env=around, stdout=out, stderr=out)
    try:
        text = _until(said.read_text, "Ctrl-C stops it", process)
        address = re.search(r"(http://\S+)/sign-in/", text)
        assert address is not None
        with httpx.Client(trust_env=False, timeout=30) as client:
            assert client.get(f"{address[1]}/health").json()["status"] == "ok"
            assert "Paradeiro" in client.get(f"{address[1]}/sign-in").text, "templates and style are in the wheel"
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    licence = next((env / "lib").glob("python*/site-packages/paradeiro-*.dist-info/licenses/LICENSE"))
    assert "Apache License" in licence.read_text(encoding="utf-8")
