"""Mercado Livre: told what it does not show yet, step by step; Envios 2 told nothing; tokens that work once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from paradeiro.connectors import discover
from paradeiro.connectors.mercado_livre.words import DELIVERED, RETURNING, SHIPPED, State, state_of
from paradeiro.domain.channels import ChannelRules
from paradeiro.domain.records import Sibling, Telling
from paradeiro.domain.timeline import fold
from paradeiro.domain.words import EffectKind, Outcome, Reason, Status
from paradeiro.sdk.contract import Request, Sent
from paradeiro.sdk.hard_cases import NOW, event, hard_cases
from paradeiro.world.faults import Fault, Faults, Faulty
from paradeiro.world.mercado_livre import MercadoLivre
from paradeiro.world.scenario import MERCADO_LIVRE, Scenario
from paradeiro.world.server import listening
from paradeiro.world.truth import Truth
from tests.connectors.parties import Asked, Reply, party
from tests.connectors.tellings import account

CONNECTOR = discover()["mercado_livre"]
CODE = "AA123456785BR"


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Selling:
    """The world's Mercado Livre on loopback, with one order of Envios 1 and one of Envios 2."""

    there: MercadoLivre
    faults: Faults
    session: Any
    clock: Hands
    me1: str
    me2: str

    @property
    def shown(self) -> tuple[str, str | None, str | None]:
        shipment = self.there.shipments[self.me1]
        return shipment["status"], shipment["substatus"], shipment["tracking_number"]

    async def tell(self, *events: Any, number: bool = False, to: str = "", **more: Any) -> Sent:
        sent: Sent = await self.session.send(self.request(*events, number=number, to=to, **more), "k")
        return sent

    def request(self, *events: Any, number: bool = False, to: str = "", **more: Any) -> Request:
        assert CONNECTOR.render is not None
        return CONNECTOR.render(telling(*events, number=number, to=to or self.me1, **more), {})

    def told(self) -> list[str]:
        return [t["body"].get("status", "number") for t in self.there.told]


def telling(*events: Any, number: bool = False, to: str = "1", **more: Any) -> Telling:
    kind = EffectKind.MARKETPLACE_TRACKING_NUMBER if number else EffectKind.MARKETPLACE_UPDATE
    plain = dict(hard_cases(kind))["plain"]
    order = replace(plain.order, marketplace_number=to)
    timeline = fold(events, now=NOW, base=Status.REGISTERED) if events else plain.timeline
    return replace(plain, order=order, timeline=timeline, **more)


@pytest.fixture
async def selling() -> AsyncIterator[Selling]:
    async with at_mercado_livre() as made:
        yield made


@asynccontextmanager
async def at_mercado_livre() -> AsyncIterator[Selling]:
    truth: Truth = Scenario(200, 12, 7, datetime(2026, 11, 2, tzinfo=UTC)).truth()
    clock, faults = Hands(), Faults()
    there = MercadoLivre(truth, clock)
    async with listening(Faulty(there.app(), "mercado_livre", faults), 0) as url:
        settings = {"base_url": url, "client_id": there.client_id, "client_secret": there.client_secret}
        settings["refresh_token"] = there.first_refresh
        session = CONNECTOR.open(account("mercado_livre", **settings), clock)
        modes = {mode: next(n for n, s in there.shipments.items() if s["mode"] == mode) for mode in ("me1", "me2")}
        yield Selling(there, faults, session, clock, modes["me1"], modes["me2"])
        await session.close()


POSTED, OUT = event(Status.ACCEPTED, 1), event(Status.OUT_FOR_DELIVERY, 20)
GIVEN = event(Status.DELIVERED, 24)
BACK = event(Status.RETURNING, 30)


@pytest.mark.parametrize(
    ("status", "reason", "others", "said"),
    [
        (Status.REGISTERED, None, [], None),
        (Status.CANCELLED, None, [], None),
        (Status.ACCEPTED, None, [], SHIPPED),
        (Status.IN_TRANSIT, Reason.DELAYED, [], SHIPPED),
        (Status.OUT_FOR_DELIVERY, None, [], State("shipped", "out_for_delivery")),
        (Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT, [], State("shipped", "receiver_absent")),
        (Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM, [], State("shipped", "bad_address")),
        (Status.ATTEMPT_FAILED, Reason.RESTRICTED_AREA, [], State("shipped", "dangerous_area")),
        (Status.ATTEMPT_FAILED, Reason.REFUSED, [], SHIPPED),
        (Status.AVAILABLE_FOR_PICKUP, None, [], SHIPPED),
        (Status.EXCEPTION, Reason.LOST, [], SHIPPED),
        (Status.DELIVERED, None, [], DELIVERED),
        (Status.DELIVERED, None, [Status.DELIVERED, Status.CANCELLED], DELIVERED),
        (Status.DELIVERED, None, [Status.IN_TRANSIT], SHIPPED),
        (Status.DELIVERED, None, [Status.RETURNED], SHIPPED),
        (Status.RETURNING, None, [], RETURNING),
        (Status.RETURNED, None, [Status.RETURNING], RETURNING),
        (Status.RETURNING, None, [Status.DELIVERED], SHIPPED),
    ],
)
def test_what_is_final_there_is_said_of_all_packages_only(
    status: Status, reason: Reason | None, others: list[Status], said: State | None
) -> None:
    assert state_of(status, reason, others) == said


async def test_the_number_goes_before_any_status_and_shipped_before_delivered(selling: Selling) -> None:
    sent = await selling.tell(POSTED, OUT, GIVEN)
    assert (sent.outcome, sent.receipt) == (Outcome.FOUND, "OK: delivered")
    assert selling.told() == ["number", "shipped", "delivered"]
    assert selling.shown == ("delivered", None, CODE)
    assert selling.there.breaches == []
    shipped = selling.there.told[1]["body"]["payload"]["date"]
    assert shipped.startswith("2026-03-02T10:30:00.000-03:00"), "when it was handed over, not when it arrived"


async def test_the_number_alone(selling: Selling) -> None:
    sent = await selling.tell(number=True)
    assert sent.receipt == f"number {CODE}"
    assert selling.shown == ("pending", None, CODE)
    assert (await selling.tell(number=True)).receipt == "the number was there"
    assert selling.told() == ["number"]


async def test_what_it_shows_is_not_told_again(selling: Selling) -> None:
    for _ in range(3):
        sent = await selling.tell(POSTED, OUT)
        assert sent.outcome is Outcome.FOUND
    assert selling.told() == ["number", "shipped", "shipped"], "shipped, then out for delivery, once"
    assert await selling.session.already_done(selling.request(POSTED, OUT), "k")
    assert not await selling.session.already_done(selling.request(POSTED, OUT, GIVEN), "k")


async def test_envios_2_is_told_nothing_and_the_receipt_says_why(selling: Selling) -> None:
    for sent in (
        await selling.tell(POSTED, OUT, GIVEN, to=selling.me2),
        await selling.tell(number=True, to=selling.me2),
    ):
        assert (sent.outcome, sent.receipt) == (
            Outcome.FOUND,
            "told nothing: Mercado Livre follows this package itself (me2)",
        )
    assert selling.there.told == []


async def test_what_is_final_there_is_left_alone(selling: Selling) -> None:
    await selling.tell(POSTED, BACK)
    assert selling.shown[:2] == ("not_delivered", "returning_to_sender")
    sent = await selling.tell(POSTED, BACK, event(Status.DELIVERED, 40))
    assert sent.outcome is Outcome.FOUND
    assert "not_delivered/returning_to_sender, which is final there" in sent.receipt
    assert selling.there.breaches == []


async def test_several_packages_have_one_shipment(selling: Selling) -> None:
    other = (Sibling("QQ850419295BR", Status.IN_TRANSIT),)
    await selling.tell(POSTED, GIVEN, others=other)
    assert selling.shown == ("shipped", None, CODE)
    second = telling(POSTED, GIVEN, to=selling.me1, others=(Sibling(CODE, Status.DELIVERED),))
    second = replace(second, shipment=replace(second.shipment, tracking_code="QQ850419295BR"))
    assert CONNECTOR.render is not None
    sent: Sent = await selling.session.send(CONNECTOR.render(second, {}), "k2")
    assert sent.outcome is Outcome.FOUND
    assert selling.shown == ("delivered", None, CODE), "the first number stays"
    assert selling.there.breaches == []


async def test_an_order_that_is_not_there_is_refused_in_words(selling: Selling) -> None:
    sent = await selling.tell(POSTED, to="404")
    assert (sent.outcome, sent.http_status) == (Outcome.REFUSED, 404)
    assert "no shipment of this order" in sent.message


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
        assert selling.told() == ["number", "shipped", "delivered"], "nothing twice"
        assert selling.there.breaches == []


async def test_a_rate_limit_waits_a_minute(selling: Selling) -> None:
    selling.faults.order(Fault("mercado_livre", "status", 1, 429))
    assert (await selling.tell(POSTED)).outcome is Outcome.RETRY
    selling.faults.order(Fault("mercado_livre", "status", 1, 429, path="/orders"))
    assert (await selling.tell(POSTED)).retry_after == 60.0


@pytest.mark.parametrize(
    "body",
    [b"[]", b'{"id":true,"status":"x"}', b'{"id":1}', b'{"status":"pending"}', b"{", b'{"id":1,"status":3}', b"\xff"],
)
async def test_a_shipment_that_cannot_be_understood_moves_nothing(body: bytes) -> None:
    def answer(asked: Asked) -> Reply:
        token = b'{"access_token":"a","refresh_token":"r","expires_in":21600}'
        return Reply(body=token if asked.path == "/oauth/token" else body)

    async with party(answer) as host:
        settings = {"base_url": host.url, "client_id": "1", "client_secret": "s", "refresh_token": "r0"}
        session = CONNECTOR.open(account("mercado_livre", **settings), lambda: NOW)
        assert CONNECTOR.render is not None
        sent: Sent = await session.send(CONNECTOR.render(telling(POSTED), {}), "k")
        await session.close()
    assert sent.outcome is Outcome.MALFORMED
    assert [a.method for a in host.asked] == ["POST", "GET"]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"access_token":1}', b'{"access_token":"a","refresh_token":"","expires_in":9}', b"\xff"]
)
async def test_tokens_that_cannot_be_understood_are_asked_for_again(body: bytes) -> None:
    async with party(lambda _: Reply(body=body)) as host:
        settings = {"base_url": host.url, "client_id": "1", "client_secret": "s", "refresh_token": "r0"}
        session = CONNECTOR.open(account("mercado_livre", **settings), lambda: NOW)
        assert CONNECTOR.render is not None
        sent: Sent = await session.send(CONNECTOR.render(telling(POSTED), {}), "k")
        await session.close()
    assert sent.outcome is Outcome.RETRY


def test_a_delivery_is_dated_as_the_channel_takes_it() -> None:
    assert CONNECTOR.render is not None
    same_day = telling(event(Status.ACCEPTED, 0), event(Status.DELIVERED, 4))
    asked = CONNECTOR.render(same_day, {})
    later = CONNECTOR.render(replace(same_day, rules=ChannelRules(delivered_after_dispatch=True)), {})
    assert b"2026-03-02T13:30:00.000-03:00" in asked.body
    assert b"2026-03-03T00:00:00.000-03:00" in later.body


def test_an_invoice_is_not_told_there() -> None:
    assert EffectKind.MARKETPLACE_INVOICE not in CONNECTOR.effects
    assert CONNECTOR.render is not None
    with pytest.raises(ValueError, match="never told"):
        CONNECTOR.render(dict(hard_cases(EffectKind.MARKETPLACE_INVOICE))["plain"], {})


def test_the_service_goes_where_the_account_names_one() -> None:
    assert CONNECTOR.render is not None
    assert b'"service_id":154' in CONNECTOR.render(telling(POSTED), {"service_id": " 154 "}).body
    assert b'"service_id":0' in CONNECTOR.render(telling(POSTED), {"service_id": "abc"}).body
    assert MERCADO_LIVRE == "MLB"
