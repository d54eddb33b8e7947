"""An answer for which nothing was sent, remembered or impossible to ask, says nothing of its party's health."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from paradeiro.domain.words import NoticeKind, Outcome
from paradeiro.sdk.contract import Answer
from tests.flow.conftest import Shop
from tests.flow.following.regional import KEY, OTHER_KEY, body, said
from tests.flow.following.test_ways_in import Place, open_place


@dataclass
class Remembering:
    """It answers as it is told by code; all else is an error of the server."""

    told: dict[str, Answer] = field(default_factory=dict)

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        return [
            replace(self.told[code], tracking_code=code)
            if code in self.told
            else Answer(code, Outcome.RETRY, message="HTTP 503", http_status=503)
            for code in tracking_codes
        ]

    async def close(self) -> None:
        """Nothing is open."""


async def _down(shop: Shop) -> tuple[Place, Remembering, list[int]]:
    """Two packages of a carrier that does not answer."""
    session = Remembering()
    place = await open_place(shop, open=lambda *_: session)
    ids = [await place.register(), await place.register("1002", OTHER_KEY, "124")]
    await place.run()
    for _ in range(4):
        await place.shop.later(minutes=20)
    return place, session, ids


async def _outages(place: Place) -> list[str]:
    return [n.kind for n in await place.shop.notices() if n.kind == NoticeKind.OUTAGE]


async def test_an_outage_goes_on_and_is_told_once_while_others_are_answered_from_memory(shop: Shop) -> None:
    place, session, ids = await _down(shop)
    (notice,) = await place.shop.notices()
    assert notice.kind == NoticeKind.OUTAGE
    remembered = body(said(("in_transit", place.at(-9))))
    session.told[KEY] = Answer("", Outcome.FOUND, remembered, unasked=True)
    for _ in range(4):  # one of the two at a time, while it is down
        await place.shop.ask(ids[0])
    assert [n.id for n in await place.shop.notices()] == [notice.id]
    assert (await place.account()).state == "outage"
    assert (await place.shop.shipment_row(ids[0])).shipment.snapshot.news_at is not None, "what it says counts"


async def test_what_cannot_be_asked_ends_no_outage_and_an_answer_does(shop: Shop) -> None:
    place, session, ids = await _down(shop)
    session.told[KEY] = Answer("", Outcome.REFUSED, message="not by key", unasked=True)
    await place.shop.ask(ids[0])
    assert await _outages(place) == [NoticeKind.OUTAGE]
    session.told[KEY] = Answer("", Outcome.NOT_FOUND)
    session.told[OTHER_KEY] = Answer("", Outcome.NOT_FOUND)
    await place.shop.ask(ids[0])
    assert await _outages(place) == []
    assert (await place.account()).state == "ok"
