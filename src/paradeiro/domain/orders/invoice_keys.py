"""In: a text given as key of an electronic invoice (NF-e); out: the key, or what is wrong with it. Pure.

44 characters: state (2), year and month (4), tax number of who issued it (14), model (2), series (3), number (9), kind
of issue (1), code (8), check digit (1). Source: Manual de Orientação do Contribuinte, section "chave de acesso"; tax
numbers have letters since July 2026 (Nota Técnica 2025.001: a letter counts as its ASCII value less 48).
"""

import re
from enum import StrEnum

_LENGTH = 44
_KEY = re.compile(r"\d{6}[0-9A-Z]{12}\d{26}", re.ASCII)
_NOISE = re.compile(r"[\s\u00a0\u200b-\u200f\u2060\ufeff.\-/]+")
_SPREADSHEET = re.compile(r"\d[.,]\d+E\+\d+", re.IGNORECASE)
# IBGE's codes of the states.
_STATES = frozenset(
    {"11", "12", "13", "14", "15", "16", "17", "21", "22", "23", "24", "25", "26", "27", "28", "29", "31", "32", "33"}
    | {"35", "41", "42", "43", "50", "51", "52", "53"}
)
# NF-e, CT-e, MDF-e, CF-e, BP-e, NF3e, NFC-e, NFCom, CT-e OS, declaration of contents.
_MODELS = frozenset({"55", "57", "58", "59", "62", "63", "65", "66", "67", "99"})
_MONTHS = frozenset(f"{month:02d}" for month in range(1, 13))


class KeyProblem(StrEnum):
    """Why a text is no key."""

    SPREADSHEET = "spreadsheet"  # rounded by a spreadsheet: the key cannot be restored
    FORM = "form"
    STATE = "state"
    MONTH = "month"
    MODEL = "model"
    DIGIT = "digit"


_WORDS = {
    KeyProblem.SPREADSHEET: "a spreadsheet made a rounded number of it. Format the column as text, and take the key "
    "from the invoice again",
    KeyProblem.FORM: f"it needs {_LENGTH} characters",
    KeyProblem.STATE: "its first two digits are no state's code",
    KeyProblem.MONTH: "its digits 5 and 6 are no month",
    KeyProblem.MODEL: "its digits 21 and 22 are no kind of invoice",
    KeyProblem.DIGIT: "its last digit, the check digit, does not fit",
}


def tidy_key(text: str) -> str:
    """The key as stored: without separators (as printed on the DANFE) and without "NFe" (the id in the XML)."""
    plain = _NOISE.sub("", text).upper()
    return plain.removeprefix("NFE").removeprefix("CTE") if len(plain) > _LENGTH else plain


def key_problem(key: str) -> KeyProblem | None:
    """What is wrong with a (tidied) key; None if nothing."""
    if _SPREADSHEET.fullmatch(key) or re.fullmatch(r"\d+E\+?\d+", key):
        return KeyProblem.SPREADSHEET
    if not _KEY.fullmatch(key):
        return KeyProblem.FORM
    if key[:2] not in _STATES:
        return KeyProblem.STATE
    if key[4:6] not in _MONTHS:
        return KeyProblem.MONTH
    if key[20:22] not in _MODELS:
        return KeyProblem.MODEL
    return None if check_digit(key[:-1]) == int(key[-1]) else KeyProblem.DIGIT


def text_key_problem(text: str) -> KeyProblem | None:
    """What is wrong with a key as typed; None if nothing."""
    plain = "".join(text.split())
    return KeyProblem.SPREADSHEET if _SPREADSHEET.fullmatch(plain) else key_problem(tidy_key(text))


def key_problem_sentence(text: str, problem: KeyProblem) -> str:
    """The message for a key problem."""
    return f"'{text.strip()[:60]}' is no key of an electronic invoice: {_WORDS[problem]}."


def valid_key(text: str | None) -> str | None:
    """The normalised key; None if it is missing or invalid."""
    return tidy_key(text) if text and text_key_problem(text) is None else None


def check_digit(body: str) -> int:
    """Module 11 of the 43 characters before it, with the weights 2 to 9 from the right."""
    total = sum((ord(char) - 48) * (2 + at % 8) for at, char in enumerate(reversed(body)))
    rest = total % 11
    return 0 if rest < 2 else 11 - rest
