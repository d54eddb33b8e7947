"""In: what somebody typed as a tracking code; out: the code, or a sentence that says what is wrong with it. UPU S10."""

import re
from dataclasses import dataclass

_S10 = re.compile(r"([A-Z]{2})(\d{8})(\d)([A-Z]{2})", re.ASCII)
_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
# Blanks, and marks that are invisible on a screen, come along when people copy a code (facts: failure 18).
_NOISE = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060\ufeff\-.]+")
LONGEST_CODE = 64


@dataclass(frozen=True, slots=True)
class CodeProblem:
    """Why a tracking code is not right. `hard` problems cannot be accepted even leniently."""

    message: str
    hard: bool
    suggestion: str | None = None


def tidy_code(text: str) -> str:
    """The code as carriers print it: upper case, without blanks, dots, hyphens or invisible characters."""
    return _NOISE.sub("", text).upper()


def s10_check_digit(serial: str) -> int:
    """The check digit (0 to 9) of an 8-digit UPU S10 serial number. Source: UPU S10, weights 8 6 4 2 3 5 9 7."""
    if len(serial) != len(_WEIGHTS) or not serial.isascii() or not serial.isdigit():
        message = "an S10 serial has exactly 8 digits"
        raise ValueError(message)
    rest = sum(int(digit) * weight for digit, weight in zip(serial, _WEIGHTS, strict=True)) % 11
    return {0: 5, 1: 0}.get(rest, 11 - rest)


def s10_problem(code: str) -> CodeProblem | None:
    """None if `code` (already tidied) is a right S10 code, else what is wrong and, if known, the right code."""
    match = _S10.fullmatch(code)
    if match is None:
        return CodeProblem(
            f"'{code[:LONGEST_CODE]}' is not a postal tracking code: it needs 2 letters, 9 digits and 2 letters, "
            "for example AA123456785BR.",
            hard=True,
        )
    letters, serial, digit, country = match.groups()
    right = s10_check_digit(serial)
    if int(digit) == right:
        return None
    suggestion = f"{letters}{serial}{right}{country}"
    return CodeProblem(
        f"'{code}' has the wrong check digit: {digit} should be {right} ({suggestion}). "
        "Correct it, or send lenient: true if the label really carries this code.",
        hard=False,
        suggestion=suggestion,
    )


def free_code_problem(code: str) -> CodeProblem | None:
    """None if `code` can be a tracking code of a carrier that has no check digit."""
    if not code or len(code) > LONGEST_CODE or not code.isascii() or not code.isprintable():
        return CodeProblem(
            f"'{code[:LONGEST_CODE]}' is not a tracking code: give 1 to {LONGEST_CODE} plain characters.", hard=True
        )
    return None
