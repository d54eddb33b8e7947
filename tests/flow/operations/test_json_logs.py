"""Logs as JSON: one object a line, ours and the libraries', redacted as plain lines are."""

import json
import os
import subprocess
import sys

_SAYS = """
import logging
from datetime import UTC, datetime
from paradeiro.app import set_up_logs
from paradeiro.flow.context import log
from paradeiro.settings import Settings
set_up_logs(Settings())
log.info("asked", account="correios", at=datetime(2026, 12, 1, tzinfo=UTC), api_key="sk-geheim", to="ana@example.com")
log.debug("not shown")
try:
    raise ValueError("Ana <ana@example.com>\\nsecond line")
except ValueError:
    log.exception("failed", shipment=7)
    logging.getLogger("library").exception("it %s, said ana@example.com", "broke")
logging.getLogger("library").info("é")
"""


def _lines(**settings: str) -> list[str]:
    env = os.environ | {f"PARADEIRO_{name.upper()}": value for name, value in settings.items()}
    done = subprocess.run([sys.executable, "-c", _SAYS], env=env, capture_output=True, text=True, check=True)
    assert "geheim" not in done.stderr
    assert "ana@example.com" not in done.stderr
    return done.stderr.splitlines()


def test_each_line_is_an_object() -> None:
    ours, failed, library, info = [json.loads(line) for line in _lines(log_format="json")]
    assert (ours["event"], ours["level"], ours["account"], ours["api_key"]) == ("asked", "info", "correios", "…")
    assert ours["at"].startswith("2026-12-01")
    assert (failed["event"], failed["shipment"], "ValueError" in failed["exception"]) == ("failed", 7, True)
    assert (library["logger"], library["level"], "ValueError" in library["exception"]) == ("library", "error", True)
    assert library["event"].startswith("it broke, said ")
    assert info["event"] == "é"
    assert {"timestamp", "level", "event"} <= ours.keys() & library.keys()


def test_plain_lines_stay_the_usual_ones() -> None:
    first = _lines()[0]
    assert first.startswith("timestamp=")
    assert "event='asked'" in first
