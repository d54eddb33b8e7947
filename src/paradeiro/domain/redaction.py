"""In: words that another party gave, or a log line; out: the same without addresses, numbers and names of people. Pure.

What a server answers may name whoever the mail was for. We keep answers for as long as we keep attempts, and logs go
where no erasure reaches: so it is taken out before it is kept.
"""

import re

from paradeiro.domain.persons import named_at_all, named_in_full
from paradeiro.domain.records import Customer

GONE = "…"
_LOCAL = r"[\w.+%=~&'*!#$-]"
# Possessive and from the beginning of a run only: linear, however long the words are.
_MAIL = re.compile(
    rf"""(?<!{_LOCAL})(?:{_LOCAL}++|"[^"\s]{{1,64}}")@[\w-]++(?:\.[\w-]++)*+|(?<![\w.+-])[\w.+-]++%40[\w.-]++""",
)
# Tax numbers as people write them (the CNPJ of 2026 has letters too); then phones: with a country code, with an area
# code, or the local part of a mobile. Times, versions, queue ids and addresses of machines are none of these.
_NUMBERS = re.compile(
    r"""(?<![\w./-])(?:
        \d{3}\.\d{3}\.\d{3}-\d{2}
      | [\dA-Z]{2}\.[\dA-Z]{3}\.[\dA-Z]{3}/[\dA-Z]{4}-\d{2}
      | \+[1-9](?:[ .()-]{0,2}\d){7,14}
      | \(0?\d{2}\)[ ]?9?\d{4}[ .-]?\d{4}
      | 0?[1-9]\d[ .-]9?\d{4}[ -]\d{4}
      | 9\d{4}-\d{4}
      | (?:55)?[1-9][1-9]9\d{8}
    )(?![\w/-]|[.:]\d)""",
    re.VERBOSE,
)
# Eleven or fourteen digits may be anybody's; with right check digits they are a person's or a company's.
_BARE = re.compile(r"(?<![\w./-])(?:\d{11}|\d{14})(?![\w/-]|[.:]\d)")
_USER_IN_URL = re.compile(r"(?<=://)[^/\s@]*+@")
_CPF_LENGTH = 11


def unnamed(text: str, whose: Customer | None = None) -> str:
    """A party's words without anybody's address, phone or tax number, and without the names of `whose`, if known."""
    if whose is not None and (pattern := named_at_all(whose)):
        text = re.sub(pattern, GONE, text, flags=re.IGNORECASE)
    text = _NUMBERS.sub(GONE, _MAIL.sub(GONE, text))
    return _BARE.sub(lambda found: GONE if _is_tax_number(found[0]) else found[0], text)


def unnamed_receipt(text: str, whose: Customer | None = None) -> str:
    """A receipt: numbers stay, since they are what the party finds our message by."""
    if whose is not None and (pattern := named_in_full(whose)):
        text = re.sub(pattern, GONE, text, flags=re.IGNORECASE)
    return _MAIL.sub(GONE, text)


def loggable(text: str) -> str:
    """A text for the log: as `unnamed`, and an address of a server without its user and password."""
    return unnamed(_USER_IN_URL.sub(GONE, text))


def _is_tax_number(digits: str) -> bool:
    """Whether the two check digits of a CPF or a CNPJ are right: modulo 11, weights from 2 rightmost; a CNPJ's begin
    again after 9.
    """
    highest = 11 if len(digits) == _CPF_LENGTH else 9
    for length in (len(digits) - 2, len(digits) - 1):
        weights = [2 + at % (highest - 1) for at in range(length)]
        rest = sum(int(d) * w for d, w in zip(reversed(digits[:length]), weights, strict=True)) % 11
        if int(digits[length]) != (11 - rest) % 11 % 10:
            return False
    return len(set(digits)) > 1
