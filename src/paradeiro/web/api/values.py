"""In: nothing; out: the values that the API's shapes are made of, within the bounds of domain/bounds.py."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from paradeiro.domain.bounds import MOST_CENTS, bounded_instant, instant_problem, is_never, text_problem
from paradeiro.domain.invoice_keys import problem_in, tidy_key, words_for


def _line(text: str) -> str:
    return _sayable(text, lines=False)


def _lines(text: str) -> str:
    return _sayable(text, lines=True)


def _sayable(text: str, *, lines: bool) -> str:
    if problem := text_problem(text, lines=lines):
        kind = "bad_text"
        raise PydanticCustomError(kind, "{problem}", {"problem": problem})
    return text


def _no_never(value: object) -> object:
    """None for a date that means "never" (0001-01-01, 31/12/9999), in whichever form."""
    return None if isinstance(value, str) and is_never(value) else value


def _real(at: datetime) -> datetime:
    if problem := instant_problem(at):
        kind = "bad_instant"
        raise PydanticCustomError(kind, "{problem}", {"problem": problem})
    return at


def _address(text: str) -> str:
    if text and not _ADDRESS.fullmatch(text):
        kind = "bad_email"
        raise PydanticCustomError(kind, "this is no e-mail address: correct it, or leave it out", {})
    return text


_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def _invoice_key(text: str) -> str:
    problem = problem_in(text) if text else None
    if problem is not None:
        kind = "bad_invoice_key"
        raise PydanticCustomError(kind, "{problem}", {"problem": words_for(text, problem)})
    return tidy_key(text)


# In one line, without control characters.
Line = AfterValidator(_line)
Lines = AfterValidator(_lines)
Address = AfterValidator(_address)
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), Line]
# Of an electronic invoice (NF-e); an empty text is none.
InvoiceKey = Annotated[Name, AfterValidator(_invoice_key)]
Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), Line]
Link = Annotated[str, StringConstraints(max_length=2000), Line]
Code = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Carrier = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64), Line]
Cents = Annotated[int, Field(ge=0, le=MOST_CENTS)]
# A date that may be missing: one outside 1990 to 2099 is missing.
Moment = Annotated[AwareDatetime | None, AfterValidator(bounded_instant), BeforeValidator(_no_never)]
# One that says when something was: outside 1990 to 2099 it is wrong.
Happened = Annotated[AwareDatetime, AfterValidator(_real)]
