"""In: a text of another party, or a log line; out: the same without personal addresses, numbers and names. Pure.

Answers may name the recipient. They are stored with the attempts, and logs cannot be erased later: so personal data is
removed before storing.
"""

import re

from paradeiro.domain.customers.personal_data import any_name_pattern, full_name_pattern
from paradeiro.domain.records import Customer

GONE = "…"
_LOCAL = r"[\w.+%=~&'*!#$-]"
# Possessive quantifiers, from the start of a run only: linear time for any input.
_MAIL = re.compile(
    rf"""(?<!{_LOCAL})(?:{_LOCAL}++|"[^"\s]{{1,64}}")@[\w-]++(?:\.[\w-]++)*+|(?<![\w.+-])[\w.+-]++%40[\w.-]++""",
)
# Formatted tax numbers (the CNPJ of 2026 has letters too); then phones: with country code, with area code, or the local
# part of a mobile. Times, versions, queue ids and IP addresses must not match.
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
# Eleven or fourteen bare digits are a tax number only with valid check digits.
_BARE = re.compile(r"(?<![\w./-])(?:\d{11}|\d{14})(?![\w/-]|[.:]\d)")
_USER_IN_URL = re.compile(r"(?<=://)[^/\s@]*+@")
_CPF_LENGTH = 11


def redact(text: str, customer: Customer | None = None) -> str:
    """The text without e-mail addresses, phones and tax numbers, and without the names of `customer`, if given."""
    if customer is not None and (pattern := any_name_pattern(customer)):
        text = re.sub(pattern, GONE, text, flags=re.IGNORECASE)
    text = _NUMBERS.sub(GONE, _MAIL.sub(GONE, text))
    return _BARE.sub(lambda found: GONE if _is_tax_number(found[0]) else found[0], text)


def redact_receipt(text: str, customer: Customer | None = None) -> str:
    """A receipt without addresses and names; numbers stay, since the party identifies our message by them."""
    if customer is not None and (pattern := full_name_pattern(customer)):
        text = re.sub(pattern, GONE, text, flags=re.IGNORECASE)
    return _MAIL.sub(GONE, text)


def redact_for_log(text: str) -> str:
    """A text for the log: as `redact`, and URLs without user and password."""
    return redact(_USER_IN_URL.sub(GONE, text))


def _is_tax_number(digits: str) -> bool:
    """Whether the two check digits of a CPF or CNPJ are valid: modulo 11, weights from 2 at the right; for a CNPJ they
    restart after 9.
    """
    highest = 11 if len(digits) == _CPF_LENGTH else 9
    for length in (len(digits) - 2, len(digits) - 1):
        weights = [2 + at % (highest - 1) for at in range(length)]
        rest = sum(int(d) * w for d, w in zip(reversed(digits[:length]), weights, strict=True)) % 11
        if int(digits[length]) != (11 - rest) % 11 % 10:
            return False
    return len(set(digits)) > 1
