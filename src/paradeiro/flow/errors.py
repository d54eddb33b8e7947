"""In: a rejected statement; out: an error whose message says what to do. Nothing was changed."""

from collections.abc import Mapping
from typing import Any

import psycopg

# Database errors caused by one value, not by the database or by concurrent transactions.
ONE_VALUE = (psycopg.DataError, psycopg.errors.CheckViolation, psycopg.errors.ProgramLimitExceeded)


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
    """What it refers to does not exist: check the number, or register it first."""


class ExpiredError(StatementError):
    """What it refers to existed and is no longer stored."""


class ConflictError(StatementError):
    """It contradicts what is known: look first, then decide."""


_BAD_DATE = ("bad_date", "A date is outside the years 1990 to 2099. Leave it out if there is none.")
_NUL = ("bad_text", "A text has a NUL, which no text has. Take it out.")
_PROBLEMS: tuple[tuple[type[Exception], tuple[str, str]], ...] = (
    (UnicodeEncodeError, ("bad_text", "A text has half of a pair (a surrogate alone), which is no character.")),
    (psycopg.errors.DatetimeFieldOverflow, _BAD_DATE),
    (psycopg.errors.InvalidDatetimeFormat, _BAD_DATE),
    (psycopg.errors.NumericValueOutOfRange, ("bad_number", "A number is too large to be kept. Correct it.")),
    (psycopg.errors.ProgramLimitExceeded, ("too_long", "A text is too long to be kept. Shorten it.")),
    (psycopg.errors.CharacterNotInRepertoire, _NUL),
    (psycopg.errors.UntranslatableCharacter, _NUL),
)


def storage_problem(error: psycopg.Error | UnicodeEncodeError) -> tuple[str, str]:
    """The code and the message for a value that the database or its driver cannot store."""
    known = next((problem for kind, problem in _PROBLEMS if isinstance(error, kind)), None)
    if known is not None:
        return known
    if isinstance(error, psycopg.errors.CheckViolation):
        what = error.diag.constraint_name or "a bound"
        return "out_of_bounds", f"A date, number or text is outside what can be kept ({what}). Correct it."
    if "NUL" in str(error):  # raised by the driver before sending
        return _NUL
    # Not the database's own message: it may quote the value, which may be personal data.
    return "bad_value", f"A value cannot be kept ({type(error).__name__}). Correct it."
