"""The simulated Mercado Livre: the connector's requests keep its contract under every kind of fault."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from paradeiro.connectors import discover
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import Message
from paradeiro.domain.words import EffectKind, Outcome, Status
from paradeiro.sdk.contract import Request, Sent
from paradeiro.sdk.hard_cases import event, hard_cases
from paradeiro.simulator.faults import Fault, Faults, Faulty
from paradeiro.simulator.marketplaces.mercado_livre import MercadoLivre
from paradeiro.simulator.marketplaces.mercado_livre_sales import foreign_sale_numbers, numbers_without_shipment
from paradeiro.simulator.scenario.ground_truth import GroundTruth
from paradeiro.simulator.scenario.scenario import MERCADO_LIVRE, Scenario
from paradeiro.simulator.server import listening
from tests.connectors.tellings import account

CONNECTOR = discover()["mercado_livre"]
CODE = "AA123456785BR"
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
_BEGIN = datetime(2026, 11, 16, 12, 30, tzinfo=UTC)


class Hands:
    """A clock set by the test."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Selling:
    """The simulated Mercado Livre on loopback, with one order of Envios 1 and one of Envios 2."""

    there: MercadoLivre
    faults: Faults
    session: Any
    clock: Hands
    me1: str
    me2: str
    url: str

    @property
    def shown(self) -> tuple[str, str | None, str | None]:
        shipment = self.there.shipments[self.me1]
        return shipment["status"], shipment["substatus"], shipment["tracking_number"]

    async def tell(self, *events: Any, number: bool = False, to: str = "", **more: Any) -> Sent:
        sent: Sent = await self.session.send(self.request(*events, number=number, to=to, **more), "k")
        return sent

    def request(self, *events: Any, number: bool = False, to: str = "", **more: Any) -> Request:
        assert CONNECTOR.render is not None
        return CONNECTOR.render(outgoing(*events, number=number, to=to or self.me1, **more), {})

    def told(self) -> list[str]:
        return [t["body"].get("status", "number") for t in self.there.told]


def outgoing(*events: Any, number: bool = False, to: str = "1", **more: Any) -> Message:
    kind = EffectKind.MARKETPLACE_TRACKING_NUMBER if number else EffectKind.MARKETPLACE_UPDATE
    plain = dict(hard_cases(kind))["plain"]
    order = replace(plain.order, marketplace_number=to)
    timeline = fold(events, now=NOW, base=Status.REGISTERED)
    shipment = replace(plain.shipment, registered_at=_BEGIN)
    return replace(plain, order=order, timeline=timeline, shipment=shipment, now=NOW, **more)


@pytest.fixture
async def selling() -> AsyncIterator[Selling]:
    async with at_mercado_livre() as made:
        yield made


@asynccontextmanager
async def at_mercado_livre() -> AsyncIterator[Selling]:
    ground_truth: GroundTruth = Scenario(200, 12, 7, datetime(2026, 11, 2, tzinfo=UTC)).ground_truth()
    clock, faults = Hands(), Faults()
    there = MercadoLivre(ground_truth, clock)
    async with listening(Faulty(there.app(), "mercado_livre", faults), 0) as url:
        settings = {"base_url": url, "client_id": there.client_id, "client_secret": there.client_secret}
        settings["refresh_token"] = there.first_refresh
        session = CONNECTOR.open(account("mercado_livre", **settings), clock)
        modes = {mode: next(n for n, s in there.shipments.items() if s["mode"] == mode) for mode in ("me1", "me2")}
        yield Selling(there, faults, session, clock, modes["me1"], modes["me2"], url)
        await session.close()


def at(status: Status, hours: int, **more: object) -> Any:
    return event(status, 0, occurred_at=_BEGIN + timedelta(hours=hours), **more)


POSTED, OUT, GIVEN = at(Status.ACCEPTED, 1), at(Status.OUT_FOR_DELIVERY, 20), at(Status.DELIVERED, 24)
BACK = at(Status.RETURNED, 30)


@pytest.mark.parametrize("written", ["asked", "old", "new"])
async def test_every_sale_is_found_by_the_number_that_the_store_knows(selling: Selling, written: str) -> None:
    selling.there.switches.set({"shipment_format": written})
    for name, shipment in selling.there.shipments.items():
        sent = await selling.tell(POSTED, GIVEN, to=name)
        by_hand = shipment["mode"] in {"custom", "not_specified"}
        assert sent.outcome is (Outcome.REFUSED if by_hand else Outcome.FOUND), (shipment["mode"], sent)
        assert shipment["status"] == ("delivered" if shipment["mode"] == "me1" else "pending")
    assert selling.there.breaches == []
    assert all(told["effect"] for told in selling.there.told)


@pytest.mark.parametrize("after_final", ["ok", "refused"])
async def test_what_is_final_there_is_left_alone(selling: Selling, after_final: str) -> None:
    selling.there.switches.set({"after_final": after_final})
    await selling.tell(POSTED, BACK)
    assert selling.shown[0] == "not_delivered"
    told = len(selling.there.requests)
    sent = await selling.tell(POSTED, at(Status.DELIVERED, 40))
    assert (sent.outcome, "which is final there" in sent.receipt) == (Outcome.FOUND, True)
    assert len(selling.there.requests) == told


async def test_an_order_of_another_seller_and_one_without_a_shipment_are_refused_in_words(selling: Selling) -> None:
    for numbers, words in (
        (foreign_sale_numbers(), "another seller's"),
        (numbers_without_shipment(), "no shipment of this order"),
    ):
        sent = await selling.tell(POSTED, to=str(numbers.order(1)))
        assert (sent.outcome, words in sent.message) == (Outcome.REFUSED, True)
    assert (await selling.tell(POSTED)).outcome is Outcome.FOUND


async def test_one_shipment_that_is_said_to_be_another_s_and_an_ok_that_does_nothing(selling: Selling) -> None:
    selling.faults.order(Fault("mercado_livre", "not_sender", 1, path="seller_notifications"))
    assert (await selling.tell(POSTED)).outcome is Outcome.REFUSED
    selling.faults.order(Fault("mercado_livre", "no_effect", 1, path="seller_notifications"))
    assert (await selling.tell(POSTED)).outcome is Outcome.NOT_WRITTEN
    assert (await selling.tell(POSTED)).outcome is Outcome.FOUND


@pytest.mark.parametrize("ended", ["404", "410"])
async def test_v1_ended_or_works(selling: Selling, ended: str) -> None:
    there = selling.there
    settings = {"base_url": selling.url, "client_id": there.client_id, "client_secret": there.client_secret}
    session = CONNECTOR.open(
        account("mercado_livre", **settings, refresh_token=there.first_refresh, api_version="v1"), selling.clock
    )
    request = CONNECTOR.render(outgoing(POSTED, to=selling.me1), {"api_version": "v1"})  # type: ignore[misc]
    there.switches.set({"v1": ended})
    assert (await session.send(request, "k")).outcome is Outcome.ENDED
    there.breaches.clear()
    there.switches.set({"v1": "works"})
    assert (await session.send(request, "k")).outcome is Outcome.FOUND
    assert there.breaches == []
    await session.close()


async def test_a_dropped_number_goes_with_the_next_status(selling: Selling) -> None:
    selling.there.switches.set({"number_with_change_only": True})
    selling.there.shipments[selling.me1]["status"] = "shipped"  # somebody pressed it there
    sent = await selling.tell(POSTED)
    assert (sent.outcome, "goes with the next one" in sent.receipt) == (Outcome.FOUND, True)
    assert (await selling.tell(POSTED, OUT)).outcome is Outcome.FOUND
    assert selling.shown == ("shipped", "out_for_delivery", CODE)


async def test_a_token_that_ends_is_renewed_and_each_refresh_token_used_once(selling: Selling) -> None:
    await selling.tell(number=True)
    await selling.tell(POSTED)
    assert selling.there.renewals == 1
    selling.clock.now += timedelta(hours=7)
    assert (await selling.tell(POSTED, OUT)).outcome is Outcome.FOUND
    assert selling.there.renewals == 2
    selling.there.access.clear()  # taken away before its time
    assert (await selling.tell(POSTED, OUT, GIVEN)).outcome is Outcome.FOUND
    assert selling.there.renewals == 3


async def test_a_seller_who_lets_us_in_no_more_is_a_persons_business(selling: Selling) -> None:
    selling.there.refresh = "TG-of-somebody-else"
    sent = await selling.tell(number=True)
    assert sent.outcome is Outcome.AUTH_FAILED
    assert "authorise the application again" in sent.message
    assert selling.there.first_refresh not in sent.message


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault("mercado_livre", "status", 1, 429, path="/shipments/"), Outcome.RETRY),
        (Fault("mercado_livre", "status", 1, 500, path="/shipments/"), Outcome.RETRY),
        (Fault("mercado_livre", "reset", 1, path="seller_notifications"), Outcome.RETRY),
        (Fault("mercado_livre", "accept_then_drop", 1, path="seller_notifications"), Outcome.RETRY),
        (Fault("mercado_livre", "accept_then_drop", 1, path="/oauth"), Outcome.RETRY),
        (Fault("mercado_livre", "html", 1, path="seller_notifications"), Outcome.MALFORMED),
        (Fault("mercado_livre", "empty", 1, path="seller_notifications"), Outcome.MALFORMED),
        (Fault("mercado_livre", "status", 2, 401, path="/orders"), Outcome.AUTH_FAILED),
    ],
    ids=lambda each: f"{each.kind}-{each.status}-{each.path.strip('/')}" if isinstance(each, Fault) else None,
)
async def test_trouble_has_one_meaning_and_the_second_try_tells_the_rest(
    selling: Selling, fault: Fault, outcome: Outcome
) -> None:
    selling.faults.order(replace(fault))
    sent = await selling.tell(POSTED, GIVEN)
    assert sent.outcome is outcome
    assert sent.in_doubt == (fault.kind in {"reset", "accept_then_drop"} or fault.status == 500 == sent.http_status)
    if outcome is Outcome.RETRY and fault.path != "/oauth":
        assert (await selling.tell(POSTED, GIVEN)).outcome is Outcome.FOUND
        assert selling.told() == ["shipped", "delivered"], "nothing twice"
        assert selling.there.breaches == []


async def test_a_rate_limit_waits_a_minute_or_as_long_as_it_says(selling: Selling) -> None:
    selling.faults.order(Fault("mercado_livre", "status", 1, 429))
    assert (await selling.tell(POSTED)).outcome is Outcome.RETRY
    selling.faults.order(Fault("mercado_livre", "status", 1, 429, path="/orders"))
    assert (await selling.tell(POSTED)).retry_after == 60.0
    selling.faults.order(Fault("mercado_livre", "status", 1, 429, path="/orders", retry_after=7))
    assert (await selling.tell(POSTED)).retry_after == 7.0


def test_the_channel_is_the_one_that_vtex_names() -> None:
    assert MERCADO_LIVRE == "MLB"
