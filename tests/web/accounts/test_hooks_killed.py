"""kill -9 around a push: what was answered is heeded after a restart; what was not is repeated, and heeded once."""

import signal
from pathlib import Path

import psycopg
import pytest

from paradeiro.db.server.embedded import Embedded
from tests.databases import START, TEMPLATE, HandClock
from tests.processes import run_until
from tests.web.pusher import LAST, play


@pytest.mark.parametrize(("die_at", "kept"), [(1, 0), (2, 1), (LAST, 1)], ids=["before", "kept", "answered"])
def test_killed_around_a_push(postgres: Embedded, secret_key: str, tmp_path: Path, die_at: int, kept: int) -> None:
    url = postgres.fresh_url("killed_push", TEMPLATE)
    assert run_until(play, url, secret_key, tmp_path, HandClock(), die_at) == -signal.SIGKILL
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM push").fetchone() == (kept,)
        hinted = connection.execute("SELECT hinted_at IS NOT NULL FROM shipment").fetchone()
        assert hinted == (bool(kept),), "the row and the hint stand or fall together"
    again = HandClock(START)
    again.forward(minutes=2)
    assert run_until(play, url, secret_key, tmp_path, again, 0) == 0
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT code FROM tracking_event").fetchall() == [("PO",)]
        assert connection.execute("SELECT seen FROM push").fetchall() == [(kept + 1,)]
        assert connection.execute("SELECT hinted_at FROM shipment").fetchone() == (None,)
    postgres.drop("killed_push")
