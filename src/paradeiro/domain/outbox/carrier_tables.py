"""In: a package's carrier, an account's carrier table; out: the carrier as that account's party names it. Pure.

Marketplaces know carriers by a list of their own (a code, an exact name) or by free text. A carrier without an entry
gets the table's entry for others, or its own name; an unknown carrier is not sent.
"""

import re
from dataclasses import dataclass

from paradeiro.domain.following.tracking_codes import s10_problem

MOST_ENTRIES = 500
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class CarrierEntry:
    """A party's name for one of our carriers. `carrier`: a connector's name, or the text of orders; `service`: words
    that the order's text must contain, empty for any. `name`, `code`: the party's; without a name ours is sent.
    """

    carrier: str
    service: str = ""
    code: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class OtherCarrier:
    """A party's code for carriers not in its list. `costs`: the consequence, as a sentence for people."""

    code: str = ""
    costs: str = ""


@dataclass(frozen=True, slots=True)
class CarrierTable:
    """One account's table. Empty: the party takes any name."""

    entries: tuple[CarrierEntry, ...] = ()
    other: OtherCarrier | None = None


@dataclass(frozen=True, slots=True)
class CarrierToMap:
    """The carrier of a package: the connector's name and the common name. Both empty: unknown."""

    carrier: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class MappedCarrier:
    """The carrier as sent to a party. `listed`: False if the table exists and lacks it."""

    name: str = ""
    code: str = ""
    listed: bool = True


def normal_name(text: str) -> str:
    """A carrier name as compared: lower case, single blanks."""
    return " ".join(text.lower().split())


def carrier_of_code(code: str) -> str:
    """The carrier by the form of a code: a valid Brazilian S10 code is of Correios; else empty."""
    return "correios" if code.endswith("BR") and s10_problem(code) is None else ""


def map_carrier(table: CarrierTable, carried: CarrierToMap) -> MappedCarrier:
    """Map a carrier: by the entry with its name and the most words of its service, else as other."""
    if not (carried.carrier or carried.text):
        return MappedCarrier()
    names, words = (
        {normal_name(carried.carrier), normal_name(carried.text)} - {""},
        set(_WORD.findall(carried.text.lower())),
    )
    fitting = [
        (len(service), entry)
        for entry in table.entries
        for service in [set(_WORD.findall(entry.service.lower()))]
        if normal_name(entry.carrier) in names and service <= words
    ]
    if fitting:
        entry = max(fitting, key=lambda each: each[0])[1]
        return MappedCarrier(entry.name or carried.text, entry.code)
    if not table.entries and table.other is None:
        return MappedCarrier(carried.text)
    return MappedCarrier(carried.text, table.other.code if table.other else "", listed=False)
