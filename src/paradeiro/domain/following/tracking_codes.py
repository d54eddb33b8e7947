"""In: a text given as tracking code; out: normalised codes, or what is wrong with them. UPU S10. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_S10 = re.compile(r"([A-Z]{2})(\d{8})(\d)([A-Z]{2})", re.ASCII)
_S10_INSIDE = re.compile(r"(?<![A-Z0-9])([A-Z]{2})(\d{8})(\d)([A-Z]{2})(?![A-Z0-9])", re.ASCII)
_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
# Blanks and invisible characters that are copied along with a code (facts: failure 18).
_NOISE = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060\ufeff\-.]+")
LONGEST_CODE = 64
# Full-width forms: ！ to ～ are ! to ~.
_FULL_WIDTH = {0xFF01 + at: 0x21 + at for at in range(94)}
# Separators of codes; a slash may be part of a free-form code, a blank is often noise.
_SEPARATORS, _SLASHES, _BLANKS = re.compile(r"[,;|\n\r\t]+"), re.compile(r"[,;|/\\\s]+"), re.compile(r"\s+")
_WORD_SEPARATORS = re.compile(r"\s+(?:e|y|and|\+|&)\s+", re.IGNORECASE)
# The least length of a code in a list; the greatest length of a list.
_WHOLE, _LONGEST_LIST = 8, 2000


@dataclass(frozen=True, slots=True)
class CodeProblem:
    """Why a tracking code is not right. `hard` problems cannot be accepted even leniently."""

    message: str
    hard: bool
    suggestion: str | None = None


def tidy_code(text: str) -> str:
    """The code as carriers print it: upper case, plain letters and digits instead of full-width ones, without blanks,
    dots, hyphens, invisible characters, and Excel's apostrophe, which marks a text.
    """
    return _NOISE.sub("", text.translate(_FULL_WIDTH)).upper().lstrip("'’`")


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
        inside = _single_code_inside(code)
        for_example = f"did you mean {inside}?" if inside else "for example AA123456785BR."
        return CodeProblem(
            f"'{code[:LONGEST_CODE]}' is not a postal tracking code: it needs 2 letters, 9 digits and 2 letters, "
            f"{for_example}",
            hard=True,
            suggestion=inside,
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


def _single_code_inside(text: str) -> str | None:
    """The valid code within a URL or a sentence, if there is exactly one."""
    found = {match[0] for match in _S10_INSIDE.finditer(text) if s10_check_digit(match[2]) == int(match[3])}
    return found.pop() if len(found) == 1 else None


def free_code_problem(code: str) -> CodeProblem | None:
    """None if `code` can be a tracking code of a carrier that has no check digit."""
    if not code or len(code) > LONGEST_CODE or not code.isascii() or not code.isprintable():
        return CodeProblem(
            f"'{code[:LONGEST_CODE]}' is not a tracking code: give 1 to {LONGEST_CODE} plain characters.", hard=True
        )
    return None


def codes_in(text: str, problem: Callable[[str], CodeProblem | None], *, formless: bool) -> tuple[str, ...]:
    """The distinct codes in a text, normalised, in order; they are not validated here.

    `problem`: what is wrong with a code at its carrier; `formless`: the carrier accepts nearly any text, so only commas
    and the like separate. Raises `ValueError` with a message if it may be one code or several.
    """
    whole = tidy_code(text)
    if len(text) > _LONGEST_LIST or (not formless and not _is_hard(problem(whole))):
        return (whole,)
    parts = _parts(_WORD_SEPARATORS.sub(",", text), _SEPARATORS)
    if formless:
        return _codes_without_form(text, whole, parts)
    if len(parts) > 1 and any(_all_codes(part, problem) for part in parts):
        return tuple(
            dict.fromkeys(code for part in parts for code in (_all_codes(part, problem) or (tidy_code(part),)))
        )
    return tuple(dict.fromkeys(_all_codes(text, problem) or (whole,)))


def _is_hard(problem: CodeProblem | None) -> bool:
    return problem is not None and problem.hard


def _parts(text: str, separators: re.Pattern[str]) -> list[str]:
    return [part for part in separators.split(text) if tidy_code(part)]


def _codes_without_form(text: str, whole: str, parts: Sequence[str]) -> tuple[str, ...]:
    if len(parts) > 1:
        return tuple(dict.fromkeys(tidy_code(part) for part in parts))
    pieces = _parts(text, _BLANKS)
    alike = len({len(piece) for piece in pieces}) == 1
    if len(pieces) > 1 and alike and all(_looks_like_code(piece) for piece in pieces):
        message = (
            f"'{text.strip()[:LONGEST_CODE]}' may be one tracking code or {len(pieces)}. Write a comma between codes, "
            "and no blank within one."
        )
        raise ValueError(message)
    return (whole,)


def _looks_like_code(piece: str) -> bool:
    return len(piece) >= _WHOLE and any(c.isdigit() for c in piece)


def _all_codes(text: str, problem: Callable[[str], CodeProblem | None]) -> tuple[str, ...]:
    """The codes of a text separated by blanks or slashes, also with blanks inside codes; empty if not all are codes."""
    pieces, found = [tidy_code(part) for part in _parts(text, _SLASHES)], []
    while pieces:
        run = next((n for n in range(1, len(pieces) + 1) if not _is_hard(problem("".join(pieces[:n])))), 0)
        if not run:
            return ()
        found.append("".join(pieces[:run]))
        pieces = pieces[run:]
    return tuple(found)
