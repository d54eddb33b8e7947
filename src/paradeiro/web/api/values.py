"""In: nothing; out: the field types of the API's shapes, within the limits of domain/bounds.py."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from paradeiro.domain.bounds import MOST_CENTS, bounded_instant, instant_problem, is_placeholder_date, text_problem
from paradeiro.domain.orders.invoice_keys import key_problem_sentence, text_key_problem, tidy_key


def _check_line(text: str) -> str:
    return _checked_text(text, lines=False)


def _check_lines(text: str) -> str:
    return _checked_text(text, lines=True)


def _checked_text(text: str, *, lines: bool) -> str:
    if problem := text_problem(text, lines=lines):
        kind = "bad_text"
        raise PydanticCustomError(kind, "{problem}", {"problem": problem})
    return text


def _null_if_never(value: object) -> object:
    """None for a date that means "never" (0001-01-01, 31/12/9999), in any form."""
    return None if isinstance(value, str) and is_placeholder_date(value) else value


def _bounded_time(at: datetime) -> datetime:
    if problem := instant_problem(at):
        kind = "bad_instant"
        raise PydanticCustomError(kind, "{problem}", {"problem": problem})
    return at


def _check_address(text: str) -> str:
    if text and not _ADDRESS.fullmatch(text):
        kind = "bad_email"
        raise PydanticCustomError(kind, "this is no e-mail address: correct it, or leave it out", {})
    return text


_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def _check_invoice_key(text: str) -> str:
    problem = text_key_problem(text) if text else None
    if problem is not None:
        kind = "bad_invoice_key"
        raise PydanticCustomError(kind, "{problem}", {"problem": key_problem_sentence(text, problem)})
    return tidy_key(text)


# Text without control characters, and for `SingleLine` without line ends.
SingleLine = AfterValidator(_check_line)
MultiLine = AfterValidator(_check_lines)
Address = AfterValidator(_check_address)
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), SingleLine]
# Of an electronic invoice (NF-e); an empty text is none.
InvoiceKey = Annotated[Name, AfterValidator(_check_invoice_key)]
Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), SingleLine]
Link = Annotated[str, StringConstraints(max_length=2000), SingleLine]
Code = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Carrier = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64), SingleLine]
Cents = Annotated[int, Field(ge=0, le=MOST_CENTS)]
# A time that may be missing: one outside 1990 to 2099 counts as missing.
OptionalTime = Annotated[AwareDatetime | None, AfterValidator(bounded_instant), BeforeValidator(_null_if_never)]
# The time of an event: outside 1990 to 2099 it is an error.
EventTime = Annotated[AwareDatetime, AfterValidator(_bounded_time)]
