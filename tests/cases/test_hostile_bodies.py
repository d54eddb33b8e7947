"""In: the saved answers of all carriers, damaged in a fixed way; out: what each connector makes of all of them.

Every connector is fed the same bodies: what no answer is, each carrier's own answers, and these with bytes flipped, cut
out, doubled, put together with another carrier's, or with another encoding. The seed is fixed, so a failure repeats.
"""

import random
import time
from collections.abc import Callable
from functools import cache

import pytest

from paradeiro.connectors import discover
from paradeiro.domain.bounds import in_bounds
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.words import Outcome, Status
from paradeiro.sdk.conformance.mutations import GARBAGE, NO_ANSWER
from paradeiro.sdk.conformance.subject import Subject, subject_of
from paradeiro.sdk.contract import Connector
from paradeiro.sdk.parse_output import END_OF_DAYS

SEED = 20261201
DAMAGED = 600
LONGEST = 20_000
READERS = [c for c in discover().values() if c.parse is not None or c.parse_with is not None]
Damage = Callable[[random.Random, bytes, bytes], bytes]


def flipped(chance: random.Random, body: bytes, _: bytes) -> bytes:
    changed = bytearray(body)
    for _time in range(chance.randint(1, 8)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut_out(chance: random.Random, body: bytes, _: bytes) -> bytes:
    start = chance.randrange(len(body))
    return body[:start] + body[start + chance.randint(1, 40) :]


def doubled(chance: random.Random, body: bytes, _: bytes) -> bytes:
    start, length = chance.randrange(len(body)), chance.randint(1, 200)
    return body[: start + length] + body[start:]


def joined(chance: random.Random, body: bytes, other: bytes) -> bytes:
    return body[: chance.randrange(len(body))] + other[chance.randrange(len(other)) :]


def other_digits(chance: random.Random, body: bytes, _: bytes) -> bytes:
    return bytes(chance.choice(b"0123456789") if 48 <= byte <= 57 and chance.random() < 0.1 else byte for byte in body)


def other_values(chance: random.Random, body: bytes, _: bytes) -> bytes:
    odd = chance.choice([b"null", b"[]", b"{}", b"1e999", b"-0", b'"\\ud800"', b'"\\u0000"', b"true", b"9" * 400])
    parts = body.split(b": ")
    index = chance.randrange(len(parts))
    end = parts[index].find(b",")
    parts[index] = odd + parts[index][end:] if end > 0 else parts[index]
    return b": ".join(parts)


def other_encoding(chance: random.Random, body: bytes, _: bytes) -> bytes:
    text = body.decode("utf-8", "replace")
    return text.encode(chance.choice(["latin-1", "utf-16", "utf-16-le", "cp1252", "utf-8-sig"]), "replace")


def letters_broken_twice(_: random.Random, body: bytes, __: bytes) -> bytes:
    return body.decode("latin-1").encode().decode("latin-1").encode()


DAMAGES: tuple[Damage, ...] = (
    *(flipped, cut_out, doubled, joined, other_digits, other_values, other_encoding, letters_broken_twice),
)


@cache
def subjects() -> dict[str, Subject]:
    return {connector.name: subject_of(connector) for connector in READERS}


@cache
def saved() -> tuple[tuple[str, bytes], ...]:
    """Every carrier's answers, with its name."""
    each = ((name, fixture.data) for name, subject in subjects().items() for fixture in subject.fixtures)
    return tuple((name, data) for name, data in each if 0 < len(data) <= LONGEST)


@cache
def hostile_bodies() -> tuple[bytes, ...]:
    """The same for every connector, and in every run."""
    chance = random.Random(SEED)
    bodies = [data for _, data in saved()]
    damaged = [chance.choice(DAMAGES)(chance, chance.choice(bodies), chance.choice(bodies)) for _ in range(DAMAGED)]
    return (*GARBAGE.values(), *damaged)


def test_there_is_enough_to_feed() -> None:
    assert len(READERS) >= 18
    assert len(saved()) > 400
    assert len(set(hostile_bodies())) > DAMAGED * 0.9
    hostile_bodies.cache_clear()
    assert hostile_bodies() == hostile_bodies()


def test_the_damage_is_not_so_coarse_that_nothing_is_read() -> None:
    read = [p for subject in subjects().values() for body in hostile_bodies() for p in subject.parse(body)]
    assert sum(each.outcome is Outcome.FOUND for each in read) > 100
    assert sum(each.outcome is Outcome.MALFORMED for each in read) > 100


@pytest.mark.parametrize("connector", READERS, ids=lambda c: c.name)
def test_a_hostile_body_is_a_typed_outcome(connector: Connector) -> None:
    subject, began = subjects()[connector.name], time.perf_counter()
    for body in hostile_bodies():
        parsed = subject.parse(body)  # raises for an exception, and for what is no answer
        for each in parsed:
            assert all(in_bounds(event.occurred_at) for event in each.events), body[:200]
            fold(each.events, now=END_OF_DAYS)
        assert parsed == subject.parse(body), "the same bytes are read in the same way"
    assert time.perf_counter() - began < 10, "a body takes milliseconds, however hostile it is"


@pytest.mark.parametrize("connector", READERS, ids=lambda c: c.name)
def test_no_connector_believes_another_carriers_delivery(connector: Connector) -> None:
    subject = subjects()[connector.name]
    for name, data in saved():
        if name != connector.name:
            told = [event for each in subject.parse(data) for event in each.events]
            assert not [event.code for event in told if event.status is Status.DELIVERED], (name, data[:200])


@pytest.mark.parametrize("connector", READERS, ids=lambda c: c.name)
def test_what_is_no_answer_is_never_one(connector: Connector) -> None:
    subject = subjects()[connector.name]
    for name in NO_ANSWER:
        outcomes = {each.outcome for each in subject.parse(GARBAGE[name])}
        assert not outcomes & {Outcome.FOUND, Outcome.NOT_FOUND}, name
