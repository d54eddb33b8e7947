"""In: a statement that cannot be taken; out: an error whose sentence says what to do. Nothing was changed."""

from collections.abc import Mapping
from typing import Any


class StatementError(Exception):
    """A statement was not taken. `code` is for programs, the message for people, `details` for both."""

    def __init__(self, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = dict(details or {})


class InvalidError(StatementError):
    """Correct the statement and send it again."""


class MissingError(StatementError):
    """What it speaks of does not exist: check the number, or register it first."""


class ExpiredError(StatementError):
    """What it speaks of was there, and is kept no longer: look at what was made of it."""


class ConflictError(StatementError):
    """It contradicts what is known: look first, then decide."""
