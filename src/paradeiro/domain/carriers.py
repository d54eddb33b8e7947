"""In: who carries a package, and an account's table of carriers; out: how that account's party is told the carrier.

Marketplaces know carriers by a list of their own (a code, an exact name) or by free text. A carrier of no entry is told
by the table's word for others, or by its own name; one that nobody named is not told at all: never a guess.
"""

import re
from dataclasses import dataclass

from paradeiro.domain.codes import s10_problem

MOST_ENTRIES = 500
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class CarrierEntry:
    """What a party calls one of our carriers. `carrier`: a connector's name, or what orders write; `service`: words of
    it that the order's text must have, empty for any. `name`, `code`: the party's own; without a name ours is told.
    """

    carrier: str
    service: str = ""
    code: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class OtherCarrier:
    """What a party calls a carrier that its list does not have. `costs`: what comes of that, in words for a person."""

    code: str = ""
    costs: str = ""


@dataclass(frozen=True, slots=True)
class CarrierTable:
    """One account's table. Empty: the party takes any name."""

    entries: tuple[CarrierEntry, ...] = ()
    other: OtherCarrier | None = None


@dataclass(frozen=True, slots=True)
class Carried:
    """Who carries a package: the connector's name and what people call it. Both empty: nobody said."""

    carrier: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ToldCarrier:
    """How a party is told the carrier. `listed` is false where a table is there and has it not."""

    name: str = ""
    code: str = ""
    listed: bool = True


def plain(text: str) -> str:
    """A carrier as it is compared: small letters, single blanks."""
    return " ".join(text.lower().split())


def carrier_of_code(code: str) -> str:
    """The carrier that a tracking code itself names: a Brazilian S10 code with the right digit is the post office's."""
    return "correios" if code.endswith("BR") and s10_problem(code) is None else ""


def told_carrier(table: CarrierTable, carried: Carried) -> ToldCarrier:
    """How the party is told this carrier: by the entry that names it and most of its service, else as another."""
    if not (carried.carrier or carried.text):
        return ToldCarrier()
    names, words = {plain(carried.carrier), plain(carried.text)} - {""}, set(_WORD.findall(carried.text.lower()))
    fitting = [
        (len(service), entry)
        for entry in table.entries
        for service in [set(_WORD.findall(entry.service.lower()))]
        if plain(entry.carrier) in names and service <= words
    ]
    if fitting:
        entry = max(fitting, key=lambda each: each[0])[1]
        return ToldCarrier(entry.name or carried.text, entry.code)
    if not table.entries and table.other is None:
        return ToldCarrier(carried.text)
    return ToldCarrier(carried.text, table.other.code if table.other else "", listed=False)
