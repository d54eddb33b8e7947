"""In: an address of an answer, a shop's free text; out: the place, and whether the text means DHL. Pure."""

import re
import unicodedata
from functools import cache

from babel import Locale

from paradeiro.domain.bounds import clean_text
from paradeiro.domain.records import NOWHERE, Place
from paradeiro.sdk.tables.names import is_named

_LONGEST = 200
# "NEW YORK, NY - USA", "KARACHI - KARACHI - PAKISTAN": how DHL Express writes a place.
_CITY_COUNTRY = re.compile(r"(?P<city>.*?)(?:, (?P<state>[A-Z]{2}))?(?: - .*)?")
_SHORT_NAMES = {"USA": "US", "UK": "GB", "UAE": "AE", "KOREA, REPUBLIC OF (SOUTH K.)": "KR"}
# Words beside which "DHL" is still the carrier.
_BUSINESSES = re.compile(
    r"express|paket|parcel|ecommerce|freight|worldwide|economy|select|global|mail|forwarding|international|"
    r"internacional|brasil|brazil|logistics|easy|domestic|supply|chain|deutsche|post|d[aeo]"
)


def place_of(location: object) -> Place:
    """The place of a `location` (`{"address": {…}}`)."""
    address = location.get("address") if isinstance(location, dict) else None
    if not isinstance(address, dict):
        return NOWHERE
    text, code = (_text(address.get(name)) for name in ("addressLocality", "countryCode"))
    city, _, name = text.rpartition(" - ")
    named = _country(name)  # "Deutschland" alone is a country too
    country = code.upper() if re.fullmatch(r"[A-Za-z]{2}", code) else named
    found = _CITY_COUNTRY.fullmatch(city) if named and city else None
    if found is not None:
        return Place(found["city"] or None, found["state"], country)
    return Place(None if named else text or None, None, country or None)


@cache
def _countries() -> dict[str, str]:
    """Codes by name, in the languages in which DHL writes them."""
    names = dict(_SHORT_NAMES)
    for language in ("en", "de"):
        for code, name in Locale(language).territories.items():
            if len(code) == len("DE") and code.isalpha():
                names.setdefault(_plain(name).upper(), code)
    return names


def _country(name: str) -> str:
    return _countries().get(_plain(name).upper(), "")


def is_dhl(courier: str) -> bool:
    """Whether a shop's free text means DHL."""
    return is_named(courier, ("dhl",), _BUSINESSES)


def _plain(text: str) -> str:
    """Without accents and without blanks around."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).strip()


def _text(value: object) -> str:
    return clean_text(value, _LONGEST) if isinstance(value, str) else ""
