"""kill -9 at every step of the flow: after a restart nothing is lost and nothing is sent twice."""

import signal
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from paradeiro.db.server.embedded import Embedded
from tests.databases import START, TEMPLATE, HandClock
from tests.flow.crasher import AFTER_A_MAIL, PICTURE, play
from tests.flow.parties import Outside
from tests.processes import run_until

# Enough for every step of the job (the test asserts that the last one is reached); its parts run side by side.
_MOST_STEPS = 400
_PARTS = 4


@pytest.mark.parametrize("part", range(_PARTS))
def test_killed_at_every_step(postgres: Embedded, secret_key: str, tmp_path: Path, part: int) -> None:
    for die_at in range(1 + part, _MOST_STEPS, _PARTS):
        if _killed_at(postgres, secret_key, tmp_path, f"killed_{part}", die_at) is None:
            break
    else:
        pytest.fail(f"the job has more than {_MOST_STEPS} steps: raise the number")
    assert die_at > 40, "the job must have been killed at many steps"
    postgres.drop(f"killed_{part}")


def test_killed_when_a_mail_was_accepted_it_is_sent_again_and_counted(
    postgres: Embedded, secret_key: str, tmp_path: Path
) -> None:
    """The one case that SMTP leaves open."""
    assert _killed_at(postgres, secret_key, tmp_path, "killed_mail", AFTER_A_MAIL) == 1
    postgres.drop("killed_mail")


def _killed_at(postgres: Embedded, secret_key: str, tmp_path: Path, name: str, die_at: int) -> int | None:
    """Play, die at a step, play again, check; how many mails went twice. None when there are fewer steps."""
    url = postgres.fresh_url(name, TEMPLATE)
    folder = tmp_path / str(die_at)
    folder.mkdir()
    first = run_until(play, url, secret_key, folder, HandClock(), die_at)
    assert first in {0, -signal.SIGKILL}
    if first == 0:
        return None
    restarted = HandClock(START)
    # The next morning; unless nothing was registered yet: then whoever registers tries again soon.
    restarted.forward(hours=30 if _registered(url) else 0.5)
    assert run_until(play, url, secret_key, folder, restarted, 0) == 0, f"the restart after step {die_at} failed"
    return _check(url, Outside(folder), die_at)


def _registered(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT count(*) FROM shipment").fetchone() == (1,)


def _check(url: str, outside: Outside, die_at: int) -> int:
    """Nothing lost, nothing twice; how many mails had to be sent again because their acknowledgement was lost."""
    with psycopg.connect(url) as connection:
        events = connection.execute("SELECT code FROM tracking_event ORDER BY occurred_at").fetchall()
        assert [e[0] for e in events] == ["PO", "RO", "BDE"], f"killed at step {die_at}"
        shipment = connection.execute("SELECT status, count(*) OVER () FROM shipment").fetchone()
        assert shipment == ("delivered", 1)
        assert connection.execute("SELECT delivered_at IS NOT NULL FROM orders").fetchall() == [(True,)]
        open_effects = connection.execute("SELECT kind FROM effect WHERE state IN ('pending', 'sending')").fetchall()
        assert open_effects == [], f"killed at step {die_at}"
        doubts = connection.execute(
            "SELECT coalesce(sum(doubts), 0) FROM effect WHERE kind = 'customer_mail'"
        ).fetchone()
        proofs = connection.execute("SELECT p.size, s.state FROM proof p JOIN proof_search s USING (shipment_id)")
        assert proofs.fetchall() == [(len(PICTURE), "kept")], f"killed at step {die_at}"
        unrecorded = connection.execute("SELECT count(*) FROM reply WHERE recorded_at IS NULL").fetchone()
    assert unrecorded == (0,)
    for party in ("loja", "canal"):
        keys = Counter(line["key"] for line in outside.accepted(party))
        assert max(keys.values()) == 1, f"{party} was told twice after a kill at step {die_at}"
        assert outside.told(party)[-1]["delivered"] is True
        assert outside.told(party)[-1]["events"] == ["PO", "RO", "BDE"]
    said = [(mail["kind"], mail["status"]) for mail in outside.told("mail")]
    assert len(set(said)) == len(said), f"the customer was told twice after a kill at step {die_at}: {said}"
    assert said[-1] == ("customer_mail", "delivered")
    again = len(outside.accepted("mail")) - len(said)
    assert doubts is not None
    assert again <= doubts[0], "a mail sent again is counted"
    return again
