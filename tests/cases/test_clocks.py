"""In: clocks that run ahead (the folder `clocks`); out: each fact judged again when its hour has come, by name."""

import json
from datetime import datetime
from pathlib import Path

from paradeiro.connectors.correios.parse import parse
from paradeiro.domain.timeline import CLOCK_SKEW, fold
from paradeiro.domain.words import NoticeKind, Status
from tests.flow.conftest import Shop, shop
from tests.flow.test_main_line import OUT, POSTED, SOLD_ELSEWHERE

__all__ = ["shop"]
HERE = Path(__file__).parent / "clocks"
# The clock of tests stands at 2026-11-02 12:00 UTC; the carrier says this on the next day at 18:05.
_AHEAD = ("BDE", "2026-11-03T19:00:00+00:00", "Noronha")


def test_delivery_an_hour_ahead() -> None:
    right = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
    for name, statuses in right.items():
        case = json.loads((HERE / name).read_text(encoding="utf-8"))
        (parsed,) = parse(json.dumps(case["answer"]).encode())
        said = [fold(parsed.events, now=datetime.fromisoformat(at)).snapshot.status for at in case["asked"]]
        assert said == [Status(each) for each in statuses]


async def test_the_same_bytes_deliver_when_their_hour_has_come(shop: Shop) -> None:
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    shop.outside.say("AA1", POSTED, OUT, _AHEAD)
    await shop.ask(shipment, hours=30, minutes=5)
    assert shop.clock() < datetime.fromisoformat(_AHEAD[1]) - CLOCK_SKEW
    assert (await shop.kept(shipment)).shipment.snapshot.status is Status.OUT_FOR_DELIVERY
    assert [n.kind for n in await shop.notices()] == [NoticeKind.IMPLAUSIBLE_EVENT]
    asked = len(shop.outside.asked("posta"))
    shop.outside.fail("carrier", "retry")  # nobody says anything new, nor the same again
    await shop.later(minutes=45)
    snapshot = (await shop.kept(shipment)).shipment.snapshot
    assert (snapshot.status, snapshot.delivered_at) == (Status.DELIVERED, datetime.fromisoformat(_AHEAD[1]))
    assert len(shop.outside.asked("posta")) >= asked
    for _ in range(3):
        await shop.later(days=1)
    assert [m["status"] for m in shop.outside.told("mail")] == ["out_for_delivery", "delivered"]
    assert [b["delivered"] for b in shop.outside.told("loja") if b["kind"] == "order_update"] == [False, True]
    assert [b["delivered"] for b in shop.outside.told("canal") if "delivered" in b][-2:] == [False, True]
    assert NoticeKind.IMPLAUSIBLE_EVENT not in [n.kind for n in await shop.notices()], "the doubt came true"


async def test_another_doubt_keeps_its_notice(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    old = ("BDE", "2026-11-01T10:00:00+00:00", "Itu")  # before it was posted
    shop.outside.say("AA1", old, POSTED, OUT, _AHEAD)
    await shop.ask(shipment, hours=30)
    await shop.later(hours=2)
    assert (await shop.kept(shipment)).shipment.snapshot.delivered
    assert NoticeKind.IMPLAUSIBLE_EVENT in [n.kind for n in await shop.notices()]
