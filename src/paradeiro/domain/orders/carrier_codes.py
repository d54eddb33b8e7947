"""In: a tracking code; out: the carriers whose codes look like it, by form and check digit. Pure.

The forms are data of a public project (`carrier_codes.json`, its licence beside it), S10 codes are checked by
`tracking_codes.py`. A form without a check digit counts only where no other carrier has one like it.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from paradeiro.domain.following.tracking_codes import s10_problem, tidy_code

# Posts that have a connector, by the country of their S10 codes. DHL carries for the German post.
_POSTS = {"BR": ("correios",), "US": ("usps",), "DE": ("dhl", "post:de")}
# GS1's application identifier 00, then the number of a container, eighteen digits.
_CONTAINER = re.compile("00[0-9]{18}")
_LETTERS_BEFORE_DIGITS = 3  # ASCII - 3, modulo 10: A is 2


@dataclass(frozen=True, slots=True)
class CodeForm:
    """One form of a carrier's codes. `checksum`: the algorithm's name and parameters; empty if it has no check digit.
    `prefix`: what the check digit covers although it may be left out. `valid`, `invalid`: the project's examples.
    """

    carrier: str
    name: str
    pattern: re.Pattern[str]
    checksum: Mapping[str, Any]
    prefix: str = ""
    valid: Sequence[str] = field(default=(), repr=False)
    invalid: Sequence[str] = field(default=(), repr=False)

    def fits(self, code: str) -> bool:
        """Whether a (tidied) code has this form, and the right check digit."""
        found = self.pattern.fullmatch(code)
        if found is None:
            return False
        if not self.checksum:
            return True
        serial = found["SerialNumber"]
        if self.prefix and not serial.startswith(self.prefix):
            serial = self.prefix + serial
        return _ALGORITHMS[self.checksum["name"]](serial, self.checksum) == int(found["CheckDigit"])


def carriers_of_code(code: str) -> tuple[str, ...]:
    """The carriers that a code may be of, by name: `ups`, `fedex`, `usps`, `dhl`, `correios`, and `post:xx` for the
    post of another country. Several forms are of several carriers; empty if no form fits, and for a container's number
    (SSCC), which every carrier may print and whose check digit fits other forms.
    """
    tidy = tidy_code(code)
    if _CONTAINER.fullmatch(tidy):
        return ()
    found = [form.carrier for form in code_forms() if form.fits(tidy)]
    country = tidy[-2:]
    if s10_problem(tidy) is None and country in _postal_countries():
        found += _POSTS.get(country, (f"post:{country.lower()}",))
    return tuple(dict.fromkeys(found))


@cache
def code_forms() -> tuple[CodeForm, ...]:
    """All forms, as the data lists them."""
    return tuple(
        CodeForm(
            each["carrier"],
            each["name"],
            re.compile(each["regex"], re.ASCII),
            each.get("checksum", {}),
            each.get("prepend_if", {}).get("content", ""),
            each["valid"],
            each["invalid"],
        )
        for each in _data()["kinds"]
    )


@cache
def _postal_countries() -> frozenset[str]:
    return frozenset(_data()["posts"])


def _data() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("carrier_codes.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


def _mod10(serial: str, rule: Mapping[str, Any]) -> int:
    """Weighted sum, modulo 10; letters count as digits."""
    characters = serial[::-1] if rule["reverse"] else serial
    weights = (rule["evens_multiplier"], rule["odds_multiplier"])
    total: int = sum(_digit(c) * weights[at % 2] for at, c in enumerate(characters))
    return -total % 10


def _digit(character: str) -> int:
    return int(character) if character.isdigit() else (ord(character) - _LETTERS_BEFORE_DIGITS) % 10


def _mod7(serial: str, _: Mapping[str, Any]) -> int:
    return int(serial) % 7


def _weighted(serial: str, rule: Mapping[str, Any]) -> int:
    """Sum with the rule's weights, by one modulus, then by another."""
    total = sum(int(digit) * weight for digit, weight in zip(serial, rule["weightings"], strict=True))
    return int(total % rule["modulo1"] % rule["modulo2"])


_ALGORITHMS: dict[str, Callable[[str, Mapping[str, Any]], int]] = {
    "mod10": _mod10,
    "mod7": _mod7,
    "sum_product_with_weightings_and_modulo": _weighted,
}
