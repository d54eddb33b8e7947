"""An outage of the database is a line a minute from the pool, not one per try."""

import logging

from paradeiro.logs import _OncePerMinute, configure_logs


def _record(at: float) -> logging.LogRecord:
    record = logging.LogRecord("psycopg.pool", logging.WARNING, "", 0, "error connecting\n\tIs it running?", None, None)
    record.created = at
    return record


def test_an_outage_of_a_minute_is_a_line_or_two() -> None:
    quiet = _OncePerMinute()
    passed = [record for at in range(100) if quiet.filter(record := _record(float(at)))]
    assert [(record.created, record.msg) for record in passed] == [
        (0.0, "error connecting"),
        (60.0, "error connecting"),
    ]


def test_the_pools_of_each_process_are_quiet() -> None:
    configure_logs("info")
    assert any(isinstance(each, _OncePerMinute) for each in logging.getLogger("psycopg.pool").filters)
