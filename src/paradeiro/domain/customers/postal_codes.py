"""In: a postal code as typed or exported; out: the normalised code. Pure."""

import re

_EIGHT = 8
_PLAIN = re.compile(r"[\d.\-\s]+", re.ASCII)


def tidy_postal_code(text: str) -> str:
    """Restore the leading 0 of a Brazilian postal code (8 digits), which spreadsheets drop. Others stay unchanged."""
    if not _PLAIN.fullmatch(text):
        return text
    digits = re.sub(r"\D", "", text)
    return digits.zfill(_EIGHT) if len(digits) == _EIGHT - 1 else text
