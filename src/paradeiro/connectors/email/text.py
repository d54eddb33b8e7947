"""In: a letter; out: its text part, as complete as the HTML. Pure."""

from collections.abc import Iterator
from textwrap import fill

from paradeiro.connectors.email.letter import Fact, Letter

_WIDTH = 72
_PASSED = {"passed": "[x]", "here": "[>]", "left": "[ ]"}


def text_of(said: Letter) -> str:
    """Plain text, lines of 72 characters at most where words allow."""
    blocks = ["\n".join(block) for block in _blocks(said)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _blocks(said: Letter) -> Iterator[list[str]]:
    yield [_wrap(line) for line in (said.apology, said.sentence) if line]
    yield [" · ".join(part for part in (said.moment, said.place) if part)]
    yield [_wrap(line) for line in (said.late, "" if said.action else said.then) if line]
    yield _action(said)
    yield [_wrap(f"{said.words.labels.carrier_says}: “{said.note}”")] if said.note else []
    yield [f"{_PASSED[stop.state]} {stop.label}" for stop in said.stops]
    yield [_fact(fact) for fact in said.dates]
    yield [f"{said.words.labels.follow}: {said.link}"] if said.link else []
    yield from _history(said)
    yield [f"{said.words.labels.items}:", *(f"  {item}" for item in said.items)] if said.items else []
    yield [_fact(fact) for fact in (said.order, said.carrier, said.tracking_code) if fact.value]
    contacts = [f"{contact.name}: {contact.value}" for contact in said.contacts]
    yield ["-- ", said.store, *said.footer, *contacts, _wrap(said.why), said.zone_note]


def _action(said: Letter) -> list[str]:
    if said.action is None:
        return []
    return [f"* {said.words.labels.your_turn} *", _wrap(said.action.words), *(_fact(f) for f in said.action.facts)]


def _history(said: Letter) -> Iterator[list[str]]:
    if said.days:
        yield [said.words.labels.history.upper()]
    for day in said.days:
        yield [day.title, *(_entry(e.time, e.text, e.place) for e in day.entries)]
    yield [said.more]


def _entry(time: str, text: str, place: str) -> str:
    line = f"{text} — {place}" if place else text
    return fill(line, _WIDTH, initial_indent=f"  {time}  ", subsequent_indent=" " * 9, break_long_words=False)


def _fact(fact: Fact) -> str:
    return f"{fact.name}: {fact.value}"


def _wrap(line: str) -> str:
    return fill(line, _WIDTH, break_long_words=False, break_on_hyphens=False)
