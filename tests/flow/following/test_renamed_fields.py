"""A field that gets another name and then looks like "nothing yet" is told soon, of a new account too."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from paradeiro.db.operations.notices import resolve_notice
from paradeiro.db.pool import transaction
from paradeiro.domain.following.contract_drift import Expected
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import NoticeKind, Outcome, Status, Way
from paradeiro.sdk.contract import Answer
from paradeiro.sdk.ways_in import FeedAnswer
from tests.flow.conftest import Shop
from tests.flow.following.regional import body, key_of
from tests.flow.following.test_ways_in import Place, open_place

KEYS = [key_of(number) for number in (201, 202, 203)]
NAME, NEW_NAME = "events", "events_v2"
FIELDS = {
    "items": Expected(frozenset({"list"}), always=True, shown=True),
    "items[]": Expected(frozenset({"object"}), shown=True),
    "items[].ids": Expected(frozenset({"list"})),
    "items[].ids[]": Expected(frozenset({"text"})),
    "items[].events": Expected(frozenset({"list"}), shown=True),
    "items[].events[]": Expected(frozenset({"list"}), shown=True),
    "items[].events[][]": Expected(frozenset({"text"}), shown=True),
}


@dataclass
class Careless:
    """A carrier whose connector reads an answer without `events` as one that has none yet: its outcome is `empty_is`.
    `name`: what it calls the list; `more`: what stands beside it.
    """

    empty_is: Outcome
    events: dict[str, list[list[str]]] = field(default_factory=dict)
    name: str = NAME
    more: dict[str, list[str]] = field(default_factory=dict)

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        return [self._answer(code) for code in tracking_codes]

    def _answer(self, code: str) -> Answer:
        told = body({self.name: self.events[code], **self.more})
        has_events = any(each.events for each in _parse(told))
        return Answer(code, Outcome.FOUND if has_events else self.empty_is, told)

    async def close(self) -> None:
        """Nothing is open."""


def _parse(data: bytes) -> list[ParsedAnswer]:
    """As many connectors do: no list is an empty one."""
    return [
        ParsedAnswer(
            "", Outcome.FOUND, tuple(TrackingEvent(datetime.fromisoformat(at), s, Status(s)) for s, at in _events(each))
        )
        for each in json.loads(data)["items"]
    ]


def _events(item: dict[str, Any]) -> list[list[str]]:
    found: list[list[str]] = item.get(NAME, [])
    return found


async def _followed(shop: Shop, carrier: Careless, **more: Any) -> tuple[Place, list[int]]:
    """Three packages, asked once, each with an event."""
    place = await open_place(shop, open=lambda *_: carrier, parse=_parse, fields=FIELDS, **more)
    for key in KEYS:
        carrier.events[key] = [["in_transit", place.at(-9)]]
    ids = [await place.register(key[30:34], key, key[31:34]) for key in KEYS]
    await place.run()
    assert [await place.status(each) for each in ids] == [Status.IN_TRANSIT] * 3
    return place, ids


async def _drifts(place: Place) -> list[str]:
    """What its notices of a changed contract name."""
    told = [n for n in await place.shop.notices() if n.kind == NoticeKind.CONTRACT_DRIFT]
    return [line for n in told for line in n.facts["oddities"].splitlines()]


@pytest.mark.parametrize("empty_is", [Outcome.NOT_FOUND, Outcome.FOUND])
async def test_a_list_with_another_name_is_told_though_it_looks_like_none_yet(shop: Shop, empty_is: Outcome) -> None:
    carrier = Careless(empty_is)
    place, ids = await _followed(shop, carrier)
    carrier.name = NEW_NAME
    for each in ids:
        assert await _drifts(place) == []
        await place.shop.ask(each)
    assert await _drifts(place) == [f"field_gone items[].{NAME}", f"field_new items[].{NEW_NAME}"]
    (notice,) = await place.shop.notices()
    assert f'"{NAME}"' in notice.facts["before"]
    assert f'"{NEW_NAME}"' in notice.facts["after"]
    assert "else mend the connector, then run paradeiro replay regional" in notice.message


async def test_one_package_that_is_asked_three_times_is_enough(shop: Shop) -> None:
    carrier = Careless(Outcome.FOUND)
    place, ids = await _followed(shop, carrier)
    carrier.name = NEW_NAME
    for turn in range(3):
        assert await _drifts(place) == []
        carrier.events[KEYS[0]] += [["in_transit", place.at(turn)]]
        await place.shop.ask(ids[0])
    assert await _drifts(place) == [f"field_gone items[].{NAME}", f"field_new items[].{NEW_NAME}"]


async def test_a_further_field_beside_the_known_ones_is_learnt_as_before(shop: Shop) -> None:
    carrier = Careless(Outcome.NOT_FOUND)
    place, ids = await _followed(shop, carrier)
    carrier.more["more"] = []
    for each in ids:
        await place.shop.ask(each)
    assert await _drifts(place) == []


async def test_no_news_of_a_package_that_had_some_is_no_new_name(shop: Shop) -> None:
    carrier = Careless(Outcome.NOT_FOUND)
    place, ids = await _followed(shop, carrier)
    carrier.events = {key: [] for key in KEYS}
    for each in ids:
        await place.shop.ask(each)
    assert await _drifts(place) == []


def _page(place: Place, name: str, minutes: int) -> FeedAnswer:
    return FeedAnswer(Outcome.FOUND, (body({"ids": [KEYS[0]], name: [["in_transit", place.at(minutes)]]}),), cursor="1")


async def test_a_feed_whose_list_has_another_name_is_told(shop: Shop) -> None:
    place = await open_place(shop, ways=frozenset({Way.FEED}), parse=_parse, fields=FIELDS)
    place.carrier.pages = [_page(place, NAME, -9)]
    await place.run()
    for minutes in (1, 2, 3):
        assert await _drifts(place) == []
        place.carrier.pages = [_page(place, NEW_NAME, minutes)]
        await place.shop.later(minutes=11)
        await place.run()
    assert await _drifts(place) == [f"field_gone items[].{NAME}", f"field_new items[].{NEW_NAME}"]


async def test_what_a_person_has_accepted_is_not_told_again(shop: Shop) -> None:
    carrier = Careless(Outcome.NOT_FOUND)
    place, ids = await _followed(shop, carrier)
    carrier.name = NEW_NAME
    for each in ids:
        await place.shop.ask(each)
    async with transaction(place.shop.context.pool) as connection:
        for notice in await place.shop.notices():
            await resolve_notice(connection, place.shop.store_id, notice.id, by="Bia", now=place.shop.clock())
    for each in ids:
        await place.shop.ask(each)
    assert await _drifts(place) == []
