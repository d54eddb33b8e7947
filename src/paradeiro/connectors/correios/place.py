"""In: Correios' `unidade`, whole, partial or missing; out: a place as written there, with the country's ISO code."""

import re
from functools import cache
from typing import Any

from babel import Locale
from babel.core import get_global

from paradeiro.connectors.correios.text import clean, plain
from paradeiro.domain.records import NOWHERE, Place

_FOREIGN_TYPE = "pais"
_BRAZIL = "BR"
# codSro 00344000 is ISO 3166-1 numeric 344: Hong Kong. 00500001 is a unit in Brazil, not Montserrat (500).
_NUMERIC = re.compile(r"00(\d{3})000", re.ASCII)


def place_of(unit: object) -> Place:
    """The place of an event. City and state as Correios writes them (in capitals); `unit` is the kind of unit."""
    if not isinstance(unit, dict):
        return _legacy_place(unit)
    name, kind = clean(unit.get("nome")), clean(unit.get("tipo"))
    address = _address(unit)
    state = clean(address.get("uf", unit.get("uf"))).upper()
    if is_foreign(unit):
        # A destination in Brazil is written as a foreign unit whose state is the country.
        country = _BRAZIL if state == _BRAZIL else _country(unit.get("codSro"), name)
        return Place(city=clean(address.get("cidade")) or None, country=country, unit=name or kind or None)
    city = clean(address.get("cidade", unit.get("cidade")))
    state = "" if state == _BRAZIL else state
    domestic = bool(city or state or unit.get("codSro") or kind)
    return Place(
        city=city or None,
        state=state or None,
        country=_BRAZIL if domestic else None,
        unit=kind or name or clean(unit.get("local")) or None,
        address=street_of(unit),
    )


def _legacy_place(_: object) -> Place:
    return NOWHERE


def is_foreign(unit: object) -> bool:
    """Whether a unit lies abroad: its wall clock may differ from Brasília's."""
    return isinstance(unit, dict) and plain(clean(unit.get("tipo"))) == _FOREIGN_TYPE


def street_of(unit: object) -> str | None:
    """The unit's street address in one line; None if only the city is known."""
    if not isinstance(unit, dict):
        return None
    address = _address(unit)
    street = clean(address.get("logradouro"))
    if not street:
        return None
    number, more, quarter = (clean(address.get(part)) for part in ("numero", "complemento", "bairro"))
    city, state, code = (clean(address.get(part)) for part in ("cidade", "uf", "cep"))
    first = ", ".join(part for part in (street, number, more) if part)
    where = f"{city}/{state}" if city and state else city or state
    postal = f"CEP {code[:5]}-{code[5:]}" if len(code) == 8 and code.isdigit() else ""
    return " · ".join(part for part in (first, quarter, where, postal) if part)


def _address(unit: dict[str, Any]) -> dict[str, Any]:
    address = unit.get("endereco")
    return address if isinstance(address, dict) else {}


def _country(number: object, name: str) -> str | None:
    """ISO alpha-2 of a foreign unit, from its number, else from its Portuguese name; None if unknown."""
    match = _NUMERIC.fullmatch(number) if isinstance(number, str) else None
    found = get_global("territory_aliases").get(match[1]) if match else None
    return str(found[0]) if found else _by_name().get(plain(name))


@cache
def _by_name() -> dict[str, str]:
    """Portuguese names without accents, whole and up to a comma ("Hong Kong, RAE da China")."""
    territories = Locale("pt", "BR").territories
    names = {plain(name): code for code, name in territories.items() if len(code) == 2 and code.isalpha()}
    return {name.partition(",")[0]: code for name, code in names.items()} | names
