"""In: a postal code as people and spreadsheets write it; out: the code. Pure."""

import re

_EIGHT = 8
_PLAIN = re.compile(r"[\d.\-\s]+", re.ASCII)


def tidy_postal_code(text: str) -> str:
    """A Brazilian postal code has eight digits, and São Paulo's begin with 0, which spreadsheets drop: seven digits
    have lost it. Others stay as they are written.
    """
    if not _PLAIN.fullmatch(text):
        return text
    digits = re.sub(r"\D", "", text)
    return digits.zfill(_EIGHT) if len(digits) == _EIGHT - 1 else text
