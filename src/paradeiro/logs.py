"""In: a level and a form; out: what is logged, ours and the libraries', redacted, on standard error."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import structlog

from paradeiro.domain.redaction import redact_for_log

_QUIET_SECONDS = 60.0
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
# Words in a log line's keys whose values are never written.
_SECRET_WORDS = ("secret", "password", "token", "authorization", "access_code", "api_key", "app_key", "email")


def _redact(_: object, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Redact a log line, traces included: values under secret or personal keys, and in all others personal data and
    credentials.
    """
    return {
        key: "…" if any(word in key.lower() for word in _SECRET_WORDS) else _redact_value(value)
        for key, value in line.items()
    }


def _redact_value(value: object) -> object:
    """A redacted value of a log line; numbers and instants unchanged."""
    if value is None or isinstance(value, bool | int | float | datetime):
        return value
    said = redact_for_log(str(value))
    return value if said == str(value) else said


class _RedactedRecord(logging.LogRecord):
    """A redacted log record of a library, its trace included."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.msg, self.args = redact_for_log(self.getMessage()), None
        if self.exc_info:
            self.exc_text = redact_for_log(logging.Formatter().formatException(self.exc_info))


def _to_standard_error(*_: object) -> structlog.PrintLogger:
    """A logger on the current `sys.stderr`: it may be redirected for a while and closed after that."""
    return structlog.PrintLogger(sys.stderr)


class _JsonFormatter(logging.Formatter):
    """A library's record as one line of JSON, with the same names as our own lines."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_text:
            line["exception"] = record.exc_text
        return json.dumps(line, ensure_ascii=False)


class _OncePerMinute(logging.Filter):
    """Lets one record a minute through, its first line only: a pool logs each try while the database is away."""

    def __init__(self) -> None:
        super().__init__()
        self._passed_at = float("-inf")

    def filter(self, record: logging.LogRecord) -> bool:
        if record.created - self._passed_at < _QUIET_SECONDS:
            return False
        self._passed_at = record.created
        record.msg = str(record.msg).partition("\n")[0]
        return True


_POOL_FILTER = _OncePerMinute()


def configure_logs(level: str, *, as_json: bool = False) -> None:
    """Lines on standard error, redacted, at `level` and above: plain, or JSON, one object a line."""
    logging.setLogRecordFactory(_RedactedRecord)
    logging.getLogger("psycopg.pool").addFilter(_POOL_FILTER)
    if as_json:
        handler = logging.StreamHandler()
        handler.setFormatter(_JsonFormatter())
        logging.basicConfig(level=max(_LEVELS[level], logging.INFO), handlers=[handler], force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            _redact,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
            if as_json
            else structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=_to_standard_error,
        cache_logger_on_first_use=False,
    )
