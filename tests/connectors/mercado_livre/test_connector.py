"""Mercado Livre V2 as its pages describe it, answers by hand: what is sent, what is read back, what is refused."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from paradeiro.connectors import discover
from paradeiro.connectors.mercado_livre.words import (
    DELIVERED,
    REFUSED,
    RETURNED,
    RETURNED_V1,
    SHIPPED,
    State,
    shows,
    state_of,
)
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.outbox.channel_rules import ChannelRules
from paradeiro.domain.records import Message, OtherPackage
from paradeiro.domain.words import EffectKind, Outcome, Reason, Status
from paradeiro.sdk.contract import Request, Sent
from paradeiro.sdk.hard_cases import NOW, event, hard_cases
from tests.connectors.parties import Asked, Reply, party
from tests.connectors.tellings import account, assert_as_expected, fixtures, read_message, request_text

CONNECTOR = discover()["mercado_livre"]
CODE, OTHER = "AA123456785BR", "QQ850419295BR"
SCHEMA = json.loads(
    (Path(__file__).parents[1] / "contracts" / "mercado_livre_v2_seller_notification.json").read_text(encoding="utf-8")
)
ORDER, SECOND_ORDER, PACK, SHIPMENT = "2000003508419013", "2000003508419014", "2000003508419010", "28264263908"
POSTED, OUT, GIVEN = event(Status.ACCEPTED, 1), event(Status.OUT_FOR_DELIVERY, 20), event(Status.DELIVERED, 24)
COMING_BACK, BACK = event(Status.RETURNING, 30), event(Status.RETURNED, 60)
CREATED = "2026-03-01T10:00:00.000-04:00"


def outgoing(*events: Any, number: bool = False, to: str = ORDER, **more: Any) -> Message:
    kind = EffectKind.MARKETPLACE_TRACKING_NUMBER if number else EffectKind.MARKETPLACE_UPDATE
    plain = dict(hard_cases(kind))["plain"]
    order = replace(plain.order, marketplace_number=to)
    timeline = fold(events, now=NOW, base=Status.REGISTERED) if events else plain.timeline
    return replace(plain, order=order, timeline=timeline, **more)


@dataclass
class There:
    """One seller's Mercado Livre with one shipment of two orders of a pack, answered as its pages write it. `says`:
    what to answer instead, by method and the end of the path; `deaf`: it says OK and nothing changes.
    """

    mode: str | None = "me1"
    new_format: bool = True
    deaf: bool = False
    drops_numbers: bool = False
    status: str = "pending"
    substatus: str | None = None
    number: str | None = None
    created: str = CREATED
    orders: dict[str, str] = field(default_factory=lambda: {ORDER: SHIPMENT, SECOND_ORDER: SHIPMENT})
    packs: dict[str, str] = field(default_factory=lambda: {PACK: SHIPMENT})
    says: dict[tuple[str, str], Reply] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(f"{asked.method} {asked.path}")
        if asked.path == "/oauth/token":
            return Reply(body=b'{"access_token":"a","refresh_token":"r","expires_in":21600}')
        instead = (r for (method, end), r in self.says.items() if asked.method == method and asked.path.endswith(end))
        return next(instead, None) or self.plain(asked)

    def plain(self, asked: Asked) -> Reply:
        match asked.path.strip("/").split("/"):
            case ["orders", number, "shipments"]:
                return self.shipment(self.orders.get(number))
            case ["packs", number]:
                shipment = self.packs.get(number)
                return json_reply({"id": int(number), "shipment": {"id": int(shipment)}}) if shipment else NOT_FOUND
            case ["shipments", number] if asked.method == "GET":
                return self.shipment(number if number == SHIPMENT else None)
            case ["v2", "shipments", _, "seller_notifications"]:
                return self.take(json.loads(asked.body))
        return NOT_FOUND

    def shipment(self, number: str | None) -> Reply:
        if number is None:
            return NOT_FOUND
        shown: dict[str, Any] = {"id": int(number), "status": self.status, "substatus": self.substatus}
        shown |= {"tracking_number": self.number, "date_created": self.created}
        if self.new_format:
            shown["logistic"] = {"direction": "forward", "mode": self.mode, "type": "default"}
        else:
            shown["mode"] = self.mode
        return json_reply(shown)

    def take(self, body: dict[str, Any]) -> Reply:
        jsonschema.validate(body, SCHEMA)
        self.told.append(body)
        if not self.deaf:
            self.status, self.substatus = body["status"], body["substatus"]
            if not self.drops_numbers:
                self.number = body.get("tracking_number", self.number)
        return json_reply({"status": "OK"})

    @property
    def shown(self) -> tuple[str, str | None, str | None]:
        return self.status, self.substatus, self.number

    @property
    def posts(self) -> list[str]:
        return [asked for asked in self.asked if asked.startswith("POST") and "oauth" not in asked]


def json_reply(body: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


def v2_error(status: int, code: str, message: str) -> Reply:
    return json_reply({"status_code": status, "error_code": code, "message": message, "request_id": "r"}, status)


NOT_FOUND = json_reply({"message": "not found", "error": "not_found", "status": 404, "cause": []}, 404)
NOT_SENDER = v2_error(403, "forbidden_client", "caller.id is not shipment sender")


@dataclass
class Seller:
    there: There
    session: Any
    settings: dict[str, str]

    async def tell(self, *events: Any, **more: Any) -> Sent:
        sent: Sent = await self.session.send(self.request(*events, **more), "k")
        return sent

    async def seen(self, *events: Any, **more: Any) -> bool | None:
        done: bool | None = await self.session.already_done(self.request(*events, **more), "k")
        return done

    def request(self, *events: Any, **more: Any) -> Request:
        assert CONNECTOR.render is not None
        return CONNECTOR.render(outgoing(*events, **more), self.settings)


@asynccontextmanager
async def seller(there: There, now: datetime = NOW, **settings: str) -> AsyncIterator[Seller]:
    async with party(there.answer) as host:
        given = {"base_url": host.url, "client_id": "1", "client_secret": "s", "refresh_token": "r0", **settings}
        session = CONNECTOR.open(account("mercado_livre", **given), lambda: now)
        yield Seller(there, session, given)
        await session.close()


@pytest.mark.parametrize(
    ("status", "reason", "others", "said"),
    [
        (Status.REGISTERED, None, [], None),
        (Status.CANCELLED, None, [], None),
        (Status.UNKNOWN, None, [], None),
        (Status.ACCEPTED, None, [], SHIPPED),
        (Status.IN_TRANSIT, Reason.DELAYED, [], SHIPPED),
        (Status.IN_TRANSIT, Reason.CUSTOMS, [], SHIPPED),
        (Status.OUT_FOR_DELIVERY, None, [], State("shipped", "out_for_delivery")),
        (Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT, [], State("shipped", "receiver_absent")),
        (Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM, [], State("shipped", "bad_address")),
        (Status.ATTEMPT_FAILED, Reason.RECIPIENT_MOVED, [], State("shipped", "bad_address")),
        (Status.ATTEMPT_FAILED, Reason.RECIPIENT_UNKNOWN, [], State("shipped", "bad_address")),
        (Status.ATTEMPT_FAILED, Reason.RESTRICTED_AREA, [], State("shipped", "dangerous_area")),
        (Status.ATTEMPT_FAILED, Reason.DELAYED, [], State("shipped", "not_visited")),
        (Status.ATTEMPT_FAILED, Reason.REFUSED, [], SHIPPED),
        (Status.EXCEPTION, Reason.PAYMENT_DUE, [], State("shipped", "taxes_issue")),
        (Status.EXCEPTION, Reason.CUSTOMS_HOLD, [], State("shipped", "fiscalization_issue")),
        (Status.EXCEPTION, Reason.LOST, [], SHIPPED),
        (Status.AVAILABLE_FOR_PICKUP, None, [], SHIPPED),
        (Status.DELIVERED, None, [], DELIVERED),
        (Status.DELIVERED, None, [Status.DELIVERED, Status.CANCELLED], DELIVERED),
        (Status.DELIVERED, None, [Status.IN_TRANSIT], SHIPPED),
        (Status.DELIVERED, None, [Status.RETURNED], SHIPPED),
        (Status.RETURNING, None, [], SHIPPED),
        (Status.RETURNED, None, [Status.RETURNING], SHIPPED),
        (Status.RETURNED, None, [], RETURNED),
        (Status.RETURNED, None, [Status.RETURNED], RETURNED),
    ],
)
def test_our_words_in_theirs_and_what_is_final_only_of_all_packages(
    status: Status, reason: Reason | None, others: list[Status], said: State | None
) -> None:
    assert state_of(status, reason, others) == said


def test_what_v1_had_no_word_for_is_plainly_shipped_there() -> None:
    assert state_of(Status.EXCEPTION, Reason.PAYMENT_DUE, [], version="v1") == SHIPPED
    assert state_of(Status.RETURNED, None, [], refused=True, version="v1") == RETURNED_V1


def test_a_substatus_of_their_own_is_no_other_news() -> None:
    assert shows(State("shipped", "in_a_hub_of_theirs"), SHIPPED)
    assert not shows(State("shipped", "out_for_delivery"), SHIPPED)
    assert not shows(State("shipped"), State("shipped", "out_for_delivery"))


async def test_v2_is_told_shipped_first_with_the_number_then_the_position() -> None:
    async with seller(There()) as selling:
        sent = await selling.tell(POSTED, OUT)
        there = selling.there
    assert (sent.outcome, sent.receipt) == (Outcome.FOUND, f"OK: shipped/out_for_delivery, number {CODE}")
    assert there.posts == [f"POST /v2/shipments/{SHIPMENT}/seller_notifications"] * 2
    first, second = there.told
    assert (first["status"], first["substatus"]) == ("shipped", None), "JSON null, no text"
    assert first["payload"]["service_id"] == 11
    assert first["payload"]["date"] == "2026-03-02T10:30:00.000-03:00", "when it was handed over"
    assert (first["tracking_number"], second["tracking_number"]) == (CODE, CODE)
    assert second["substatus"] == "out_for_delivery"
    assert there.shown == ("shipped", "out_for_delivery", CODE)


async def test_the_number_alone_waits_for_the_first_true_status() -> None:
    async with seller(There()) as selling:
        sent = await selling.tell(number=True)
        assert (sent.outcome, selling.there.told) == (Outcome.FOUND, [])
        assert f"takes {CODE} with the first status" in sent.receipt
        assert await selling.seen(number=True) is False
        await selling.tell(POSTED)
        assert selling.there.shown == ("shipped", None, CODE)
        assert (await selling.tell(number=True)).receipt == "the number was there"
        assert await selling.seen(number=True) is True


@pytest.mark.parametrize("by", [ORDER, SECOND_ORDER, PACK, SHIPMENT])
@pytest.mark.parametrize("new_format", [True, False])
async def test_a_sale_is_found_by_whatever_number_it_goes_by(by: str, new_format: bool) -> None:
    async with seller(There(new_format=new_format)) as selling:
        assert (await selling.tell(POSTED, to=by)).outcome is Outcome.FOUND
        asked = len(selling.there.asked)
        assert (await selling.tell(POSTED, to=by)).receipt == "shipped was there"
        assert selling.there.asked[asked:] == [f"GET /shipments/{SHIPMENT}"], "found once"
        assert len(selling.there.told) == 1


async def test_two_orders_of_a_pack_tell_their_shipment_once() -> None:
    async with seller(There()) as selling:
        await selling.tell(POSTED, GIVEN, to=ORDER)
        sent = await selling.tell(POSTED, GIVEN, to=SECOND_ORDER)
    assert (sent.receipt, len(selling.there.told)) == ("delivered was there", 2)


async def test_a_number_of_two_things_is_refused_in_words() -> None:
    there = There(packs={ORDER: "77"})
    async with seller(there) as selling:
        sent = await selling.tell(POSTED)
    assert (sent.outcome, there.told) == (Outcome.REFUSED, [])
    assert f"order (shipment {SHIPMENT}), pack (shipment 77)" in sent.message


@pytest.mark.parametrize(
    ("status", "outcome", "words"),
    [(404, Outcome.REFUSED, "no shipment of this order"), (403, Outcome.AUTH_FAILED, "permissions")],
)
async def test_an_order_that_is_not_there_is_its_own_and_no_rights_are_the_account_s(
    status: int, outcome: Outcome, words: str
) -> None:
    nothing = json_reply({"message": "no", "error": "forbidden", "status": status}, status)
    there = There(says={("GET", ""): nothing})
    async with seller(there) as selling:
        sent = await selling.tell(POSTED)
    assert (sent.outcome, words in sent.message) == (outcome, True)


async def test_an_order_of_another_seller_is_that_order_s() -> None:
    forbidden = json_reply({"message": "no", "error": "forbidden", "status": 403}, 403)
    async with seller(There(says={("GET", "/orders/1/shipments"): forbidden})) as selling:
        sent = await selling.tell(POSTED, to="1")
    assert (sent.outcome, "another seller's" in sent.message) == (Outcome.REFUSED, True)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (NOT_SENDER, "forbidden_client"),
        (v2_error(403, "bad_request", "Status-substatus not allowed"), "bad_request"),
        (
            json_reply({"message": "Unauthorized", "error": "invalid_user_id_for_order", "status": 401}, 401),
            "invalid_user_id_for_order",
        ),
        (v2_error(400, "event_date_before_shipment_creation_date", "Date value predates the shipment"), "event_date"),
        (json_reply({"error": "x", "message": "no, but with a 200"}), "refused inside a success"),
    ],
    ids=["403 not ours", "403 pair", "401 not ours", "400", "an error in a 200"],
)
async def test_what_is_refused_of_one_shipment_is_that_one_s(reply: Reply, code: str) -> None:
    there = There(says={("POST", "seller_notifications"): reply})
    async with seller(there) as selling:
        sent = await selling.tell(POSTED)
    assert sent.outcome is Outcome.REFUSED
    assert code in sent.message
    assert there.asked.count("POST /oauth/token") == 1, "no new token mends it"


async def test_another_403_of_a_notification_is_the_account_s() -> None:
    reply = v2_error(403, "forbidden", "the application has no write permission")
    async with seller(There(says={("POST", "seller_notifications"): reply})) as selling:
        assert (await selling.tell(POSTED)).outcome is Outcome.AUTH_FAILED


async def test_an_ok_without_effect_is_not_done() -> None:
    async with seller(There(deaf=True, status="handling")) as selling:
        sent = await selling.tell(POSTED)
        assert sent.outcome is Outcome.NOT_WRITTEN
        assert sent.message == "Mercado Livre accepted shipped and still shows handling"
        assert await selling.seen(POSTED) is False
        selling.there.deaf = False
        assert (await selling.tell(POSTED)).outcome is Outcome.FOUND
        assert await selling.seen(POSTED) is True


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_an_interface_that_ended_is_the_account_s_and_says_what_to_do(status: int, version: str) -> None:
    gone = json_reply({"message": "resource not found", "error": "not_found", "status": status}, status)
    there = There(says={("POST", "seller_notifications"): gone})
    async with seller(there, api_version=version) as selling:
        sent = await selling.tell(POSTED)
    assert (sent.outcome, sent.http_status) == (Outcome.ENDED, status)
    assert ("api_version to v2" if version == "v1" else "update Paradeiro") in sent.message


async def test_a_404_of_one_shipment_while_others_are_taken_is_that_one_s() -> None:
    async with seller(There()) as selling:
        assert (await selling.tell(POSTED)).outcome is Outcome.FOUND
        selling.there.says[("POST", "seller_notifications")] = NOT_FOUND
        assert (await selling.tell(POSTED, OUT)).outcome is Outcome.REFUSED


async def test_v1_is_spoken_where_the_account_says_so() -> None:
    there = There(says={("POST", f"/shipments/{SHIPMENT}/seller_notifications"): json_reply({"status": "OK"})})
    asked: list[Asked] = []

    def answer(each: Asked) -> Reply:
        asked.append(each)
        there.status = "not_delivered" if each.path.endswith("seller_notifications") else there.status
        there.substatus = "returning_to_sender" if there.status == "not_delivered" else None
        there.number = CODE
        return there.answer(each)

    async with party(answer) as host:
        settings = {"base_url": host.url, "client_id": "1", "client_secret": "s", "refresh_token": "r0"}
        settings["api_version"] = "v1"
        session = CONNECTOR.open(account("mercado_livre", **settings), lambda: NOW)
        assert CONNECTOR.render is not None
        sent: Sent = await session.send(CONNECTOR.render(outgoing(POSTED, COMING_BACK, BACK), settings), "k")
        await session.close()
    told = [json.loads(each.body) for each in asked if each.path == f"/shipments/{SHIPMENT}/seller_notifications"]
    assert sent.outcome is Outcome.FOUND
    assert [t["substatus"] for t in told] == ["null", "returning_to_sender"], "the text, in V1"


async def test_on_its_way_back_is_not_sent_as_final() -> None:
    async with seller(There()) as selling:
        await selling.tell(POSTED, COMING_BACK)
        assert selling.there.shown[:2] == ("shipped", None)
        await selling.tell(POSTED, COMING_BACK, BACK)
        assert selling.there.shown[:2] == ("not_delivered", REFUSED.substatus), "hard_cases: refused"
        sent = await selling.tell(POSTED, event(Status.RETURNED, 60, reason=None), event(Status.DELIVERED, 70))
    assert "which is final there" in sent.receipt


async def test_an_instant_is_never_before_the_shipment_nor_in_the_future() -> None:
    created = "2026-03-02T16:00:00.000-04:00"  # the order of the same day, made after the day's first moment
    day_only = replace(event(Status.ACCEPTED, 0), occurred_at=datetime(2026, 3, 2, 3, 0, tzinfo=UTC))
    async with seller(There(created=created)) as selling:
        await selling.tell(day_only)
    assert selling.there.told[0]["payload"]["date"] == "2026-03-02T17:00:00.000-03:00"
    soon = NOW - timedelta(days=7)
    async with seller(There(), now=soon) as selling:
        await selling.tell(event(Status.ACCEPTED, 30))
    dates = [datetime.fromisoformat(each["payload"]["date"]) for each in selling.there.told]
    assert all(at <= soon for at in dates)


def test_no_date_is_before_the_order() -> None:
    assert CONNECTOR.render is not None
    early = replace(event(Status.ACCEPTED, 0), occurred_at=datetime(2026, 2, 28, 3, 0, tzinfo=UTC))
    body = json.loads(CONNECTOR.render(outgoing(early), {}).body)
    assert body["news"]["date"] == "2026-02-28T09:30:00.000-03:00", "hard_cases: ordered_at"


async def test_envios_2_is_told_nothing_and_the_receipt_says_why() -> None:
    async with seller(There(mode="me2")) as selling:
        for sent in (await selling.tell(POSTED, OUT, GIVEN), await selling.tell(number=True)):
            assert (sent.outcome, selling.there.told) == (Outcome.FOUND, [])
            assert sent.receipt == "told nothing: Mercado Livre follows this package itself (me2)"


@pytest.mark.parametrize("mode", ["custom", "not_specified"])
async def test_what_the_seller_moves_by_hand_there_is_a_person_s(mode: str) -> None:
    there = There(mode=mode)
    async with seller(there) as selling:
        number, shipped = await selling.tell(number=True), await selling.tell(POSTED)
        assert (number.outcome, shipped.outcome, there.posts) == (Outcome.REFUSED, Outcome.REFUSED, [])
        assert f"enter the number {CODE} there" in number.message
        assert "mark it as shipped there" in shipped.message
        assert "does not follow it" in shipped.message
        there.status, there.number = "shipped", CODE
        for sent in (await selling.tell(number=True), await selling.tell(POSTED, OUT)):
            assert sent.outcome is Outcome.FOUND, "somebody did it"
        assert (await selling.tell(POSTED, GIVEN)).outcome is Outcome.REFUSED


async def test_the_old_put_where_the_account_says_that_it_works() -> None:
    there = There(mode="custom")

    def answer(asked: Asked) -> Reply:
        if asked.method == "PUT":
            body = json.loads(asked.body)
            there.number, there.status = body["tracking_number"], body.get("status", there.status)
        return json_reply({"tracking_number": CODE}) if asked.method == "PUT" else there.answer(asked)

    async with party(answer) as host:
        settings = {"base_url": host.url, "client_id": "1", "client_secret": "s", "refresh_token": "r0"}
        session = CONNECTOR.open(account("mercado_livre", **settings, custom="put"), lambda: NOW)
        assert CONNECTOR.render is not None
        first: Sent = await session.send(CONNECTOR.render(outgoing(number=True), settings), "k")
        second: Sent = await session.send(CONNECTOR.render(outgoing(POSTED), settings), "k")
        third: Sent = await session.send(CONNECTOR.render(outgoing(POSTED, GIVEN), settings), "k")
        await session.close()
    assert (first.receipt, second.receipt) == (f"OK: number {CODE}", f"OK: shipped {CODE}")
    assert third.outcome is Outcome.REFUSED, "which call delivers is known to nobody"


@pytest.mark.parametrize(
    ("mode", "words"), [(None, "no mode says who moves it"), ("me3", "nobody here knows who moves")]
)
async def test_no_mode_or_an_unknown_one_is_never_nothing_to_tell(mode: str | None, words: str) -> None:
    async with seller(There(mode=mode)) as selling:
        sent = await selling.tell(POSTED)
    assert (sent.outcome, words in sent.message) == (Outcome.MALFORMED, True)


@pytest.mark.parametrize("numbers", ["", "ask", "overwrit"])
async def test_a_number_that_somebody_typed_there_stays_and_what_is_final_is_asked(numbers: str) -> None:
    async with seller(There(number="BB000000000BR"), numbers=numbers) as selling:
        assert "goes by BB000000000BR, entered there" in (await selling.tell(number=True)).receipt
        sent = await selling.tell(POSTED)
        assert (sent.outcome, sent.receipt) == (
            Outcome.FOUND,
            "OK: shipped; the shipment goes by BB000000000BR, entered there",
        )
        asked = await selling.tell(POSTED, GIVEN)
        assert (asked.outcome, "if it is the same package" in asked.message) == (Outcome.REFUSED, True)
        assert selling.there.shown == ("shipped", None, "BB000000000BR")


async def test_the_account_may_keep_or_overwrite_such_a_number() -> None:
    async with seller(There(number="BB000000000BR"), numbers="keep") as selling:
        assert (await selling.tell(POSTED, GIVEN)).outcome is Outcome.FOUND
        assert selling.there.shown == ("delivered", None, "BB000000000BR")
    async with seller(There(number="BB000000000BR"), numbers="overwrite") as selling:
        assert "replaces BB000000000BR" in (await selling.tell(number=True)).receipt
        await selling.tell(POSTED, GIVEN)
        assert selling.there.shown == ("delivered", None, CODE)


async def test_our_number_with_spaces_is_our_number() -> None:
    async with seller(There(number="aa 123 456 785 br")) as selling:
        assert (await selling.tell(number=True)).receipt == "the number was there"
        assert (await selling.tell(POSTED, GIVEN)).outcome is Outcome.FOUND


async def test_a_refused_number_holds_up_no_position_and_is_said() -> None:
    there = There()
    bad = v2_error(400, "invalid_tracking_number", "Invalid tracking number")
    take = there.take
    there.take = lambda body: bad if "tracking_number" in body else take(body)  # type: ignore[method-assign]
    async with seller(there) as selling:
        sent = await selling.tell(POSTED, GIVEN)
    assert there.shown == ("delivered", None, None)
    assert sent.outcome is Outcome.REFUSED
    assert f"it took delivered and not the number {CODE}" in sent.message
    assert "Invalid tracking number" in sent.message


async def test_a_number_that_is_dropped_is_said() -> None:
    async with seller(There(drops_numbers=True)) as selling:
        sent = await selling.tell(POSTED)
        assert (sent.outcome, f"not the number {CODE}" in sent.message) == (Outcome.REFUSED, True)
        assert (await selling.tell(POSTED)).outcome is Outcome.FOUND, "shipped is there: no second alarm"


async def test_several_packages_have_one_shipment() -> None:
    async with seller(There()) as selling:
        await selling.tell(POSTED, GIVEN, others=(OtherPackage(OTHER, Status.IN_TRANSIT),))
        assert selling.there.shown == ("shipped", None, CODE)
        second = outgoing(POSTED, GIVEN, others=(OtherPackage(CODE, Status.DELIVERED),))
        second = replace(second, shipment=replace(second.shipment, tracking_code=OTHER))
        assert CONNECTOR.render is not None
        sent: Sent = await selling.session.send(CONNECTOR.render(second, {}), "k2")
        assert sent.outcome is Outcome.FOUND
        assert selling.there.shown == ("delivered", None, CODE), "the first number stays"


async def test_what_was_taken_and_cannot_be_read_back_is_in_doubt() -> None:
    there = There()
    async with seller(there) as selling:
        await selling.tell(number=True)
        answer = there.shipment
        there.shipment = lambda number: answer(number) if not there.told else Reply(503)  # type: ignore[method-assign]
        sent = await selling.tell(POSTED)
        assert (sent.outcome, sent.in_doubt, sent.about_one) == (Outcome.RETRY, True, True)
        assert await selling.seen(POSTED) is None
        there.shipment = answer  # type: ignore[method-assign]
        assert await selling.seen(POSTED) is True


@pytest.mark.parametrize("body", [b"[]", b'{"id":true,"status":"x"}', b'{"status":"pending"}', b"{", b"\xff"])
async def test_a_shipment_that_cannot_be_understood_moves_nothing(body: bytes) -> None:
    there = There(says={("GET", "/shipments"): Reply(body=body)})
    async with seller(there) as selling:
        sent = await selling.tell(POSTED)
    assert (sent.outcome, there.posts) == (Outcome.MALFORMED, [])


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"access_token":1}', b'{"access_token":"a","refresh_token":"","expires_in":9}', b"\xff"]
)
async def test_tokens_that_cannot_be_understood_are_asked_for_again(body: bytes) -> None:
    async with party(lambda _: Reply(body=body)) as host:
        settings = {"base_url": host.url, "client_id": "1", "client_secret": "s", "refresh_token": "r0"}
        session = CONNECTOR.open(account("mercado_livre", **settings), lambda: NOW)
        assert CONNECTOR.render is not None
        sent: Sent = await session.send(CONNECTOR.render(outgoing(POSTED), {}), "k")
        await session.close()
    assert sent.outcome is Outcome.RETRY


def test_a_delivery_is_dated_as_the_channel_takes_it() -> None:
    assert CONNECTOR.render is not None
    same_day = outgoing(event(Status.ACCEPTED, 0), event(Status.DELIVERED, 4))
    asked = CONNECTOR.render(same_day, {})
    later = CONNECTOR.render(replace(same_day, rules=ChannelRules(delivered_after_dispatch=True)), {})
    assert b"2026-03-02T13:30:00.000-03:00" in asked.body
    assert b"2026-03-03T00:00:00.000-03:00" in later.body


def test_an_invoice_is_not_sent_there() -> None:
    assert EffectKind.MARKETPLACE_INVOICE not in CONNECTOR.effects
    assert CONNECTOR.render is not None
    with pytest.raises(ValueError, match="never told"):
        CONNECTOR.render(dict(hard_cases(EffectKind.MARKETPLACE_INVOICE))["plain"], {})


@pytest.mark.parametrize(
    ("settings", "service"),
    [
        ({}, 11),
        ({"service_id": " 154 "}, 154),
        ({"service_id": "abc"}, 11),
        ({"service_id": "0"}, 11),
        ({"country": "mx"}, 231876),
        ({"country": "XX"}, 11),
    ],
)
def test_the_service_is_always_named(settings: dict[str, str], service: int) -> None:
    assert CONNECTOR.render is not None
    assert f'"service_id":{service},'.encode() in CONNECTOR.render(outgoing(POSTED), settings).body


async def test_every_hard_case_keeps_the_contract() -> None:
    assert CONNECTOR.render is not None
    for name, each in hard_cases(EffectKind.MARKETPLACE_UPDATE):
        there = There()
        known = replace(each, order=replace(each.order, marketplace_number=ORDER))
        async with seller(there) as selling:  # There.take validates against the schema
            sent: Sent = await selling.session.send(CONNECTOR.render(known, {}), "k")
        assert sent.outcome is Outcome.FOUND, name


@pytest.mark.parametrize("path", fixtures("mercado_livre", "tellings"), ids=lambda p: p.stem)
def test_a_request_is_as_expected(path: Path) -> None:
    assert CONNECTOR.render is not None
    assert_as_expected(path, request_text(CONNECTOR.render(read_message(path), {"service_id": "154"})))
