"""What a person gets wrong when starting: one sentence, no traceback."""

import os
import subprocess
import sys

import pytest


def _run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "paradeiro", *words]
    return subprocess.run(command, env=os.environ | env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "env", "says"),
    [
        (("up",), {"PARADEIRO_DATABASE_URL": "postgresql://nobody:geheim@127.0.0.1:1/x"}, "port 1 failed"),
        (("migrate",), {"PARADEIRO_DATABASE_URL": "postgresql://nobody:geheim@127.0.0.1:1/x"}, "port 1 failed"),
        (("up",), {"PARADEIRO_PORT": "eighty"}, "PARADEIRO_PORT"),
        (("serve",), {"PARADEIRO_DATABASE_URL": "postgresql://nobody:geheim@127.0.0.1:1/x"}, "port 1 failed"),
        (("work",), {"PARADEIRO_DATABASE_URL": "postgresql://nobody:geheim@[::1/x"}, "is no address"),
        (("key", "add", "--store", "x", "--name", "y"), {"PARADEIRO_DATABASE_URL": "geheim"}, "is no address"),
        (("work",), {"PARADEIRO_LOG_LEVEL": "loud"}, "PARADEIRO_LOG_LEVEL"),
        (("parse", "nobody"), {}, "there is no connector 'nobody'"),
        (("parse", "correios", "/no/such/answer.json"), {}, "cannot read /no/such/answer.json"),
        (("bench", "nothing"), {}, "there is no bench 'nothing'"),
    ],
)
def test_it_says_what_is_wrong(words: tuple[str, ...], env: dict[str, str], says: str) -> None:
    ended = _run(*words, **env)
    assert ended.returncode in {1, 2}
    assert says in ended.stderr.replace("\n", " ")
    assert "Traceback" not in ended.stderr
    assert "geheim" not in ended.stderr + ended.stdout
