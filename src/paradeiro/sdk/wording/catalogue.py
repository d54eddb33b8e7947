"""In: nothing; out: the structure of a language's catalogue of sentences. The sentences are in pt.py, en.py, es.py.

A sentence is a template. `[…]` is left out when a placeholder in it has no value, and may be nested. Placeholders:
`{when}` (hoje, ontem, na terça, em 12 de março), `{at}` (em Campinas), `{via}` (por Campinas), `{to}` (de Campinas,
after "a caminho"; the destination).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from paradeiro.domain.words import Reason, Status


class Language(StrEnum):
    """The supported languages."""

    PT = "pt-BR"
    EN = "en"
    ES = "es"


class Tone(StrEnum):
    """The colour of the status mark."""

    MOVING = "moving"
    GOOD = "good"
    YOUR_TURN = "your_turn"
    TROUBLE = "trouble"
    QUIET = "quiet"


class Step(StrEnum):
    """A step of the journey line."""

    POSTED = "posted"
    MOVING = "moving"
    OUT = "out"
    PICKUP = "pickup"
    PICKED_UP = "picked_up"
    DELIVERED = "delivered"
    COMING_BACK = "coming_back"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class StatusWording:
    """The wording of one status (with or without a reason). `then`: what happens next. `act`: the reader must act."""

    label: str
    sentence: str
    then: str
    act: bool = False


@dataclass(frozen=True, slots=True)
class Prepositions:
    """The preposition of a place name, as (usual, before a name that takes an article)."""

    at: tuple[str, str]
    via: tuple[str, str]
    to: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The wording of days. `weekdays` start on Monday; templates take `{weekday}`, `{day}`, `{month}`, `{year}`."""

    today: str
    yesterday: str
    tomorrow: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    on_weekday: tuple[str, ...]  # "na segunda", … "no domingo"
    on_date: str
    on_date_of_year: str
    date: str
    date_of_year: str
    at_time: str


@dataclass(frozen=True, slots=True)
class Lateness:
    """The wording of a late package. Templates take `{promised}` and `{expected}`."""

    new_date: str
    no_date: str
    delivered: str


@dataclass(frozen=True, slots=True)
class Correction:
    """The wording that withdraws a delivery which we reported."""

    label: str
    by_carrier: str
    by_store: str
    in_history: str  # for the timeline and the order system's history
    taken_back: str  # the carrier withdrew another event; takes {what}


@dataclass(frozen=True, slots=True)
class Reminder:
    """The wording that a pickup deadline is near. The sentence takes `{at}` and `{deadline}`."""

    label: str
    sentence: str
    then: str


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels around a position."""

    order: str
    tracking_code: str
    carrier: str
    items: str
    history: str
    promised: str
    expected: str
    delivered: str
    follow: str
    your_turn: str
    pickup_address: str
    pickup_deadline: str
    carrier_says: str
    told_by_store: str
    reason: str
    more: str  # takes {count}
    more_items: str  # takes {count}
    why: str  # takes {store}
    times: str  # takes {zone}
    write_us: str
    call_us: str
    shop: str
    proof: str
    steps: Mapping[Step, str]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All wording of one language."""

    language: Language
    words: Mapping[tuple[Status, Reason | None], StatusWording]
    reasons: Mapping[Reason, str]
    prepositions: Prepositions
    calendar: Calendar
    lateness: Lateness
    correction: Correction
    reminder: Reminder
    labels: Labels
