"""In: requests to Mercado Livre as its pages write them; out: the answers that they promise.

Written from the contract: no connector was looked at.
"""

import asyncio
import pickle
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from paradeiro.simulator.admin import admin_app
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.contract_check import contract_of
from paradeiro.simulator.faults import Fault, Faulty
from paradeiro.simulator.marketplaces.mercado_livre import MercadoLivre
from paradeiro.simulator.marketplaces.mercado_livre_rules import CONTRACT, V2
from paradeiro.simulator.marketplaces.mercado_livre_sales import (
    KINDS,
    Numbers,
    foreign_sale_numbers,
    numbers_of_sale,
    numbers_without_shipment,
)
from paradeiro.simulator.parties import Simulator, make_simulator
from paradeiro.simulator.scenario.scenario import MERCADO_LIVRE, Scenario
from paradeiro.simulator.server import serving
from tests.simulator.conftest import START

OK = {"status": "OK"}
NUMBER = {"tracking_number": "AA123456785BR", "tracking_url": "https://rastreio.example.com/AA123456785BR"}
SUBSTATUSES = {
    "shipped": [
        None,
        "out_for_delivery",
        "soon_deliver",
        "at_the_door",
        "receiver_absent",
        "bad_address",
        "dangerous_area",
        "unauthorized_receiver",
        "impassable_zone",
        "not_visited",
        "documentation_issue",
        "taxes_issue",
        "fiscalization_issue",
    ],
    "delivered": [None],
    "not_delivered": ["refused_delivery", "returned"],
}
PAIRS = [(status, substatus) for status, known in SUBSTATUSES.items() for substatus in known]


@dataclass(repr=False)  # the repr of a whole simulator is long, and asyncio prints the fixture's value
class Seller:
    """A client with a token, and its requests to the marketplace."""

    simulator: Simulator
    http: httpx.AsyncClient
    token: str

    @property
    def there(self) -> MercadoLivre:
        return self.simulator.mercado_livre

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    def a_sale(self, mode: str = "me1", named: str = "order", orders: int = 1) -> tuple[str, Numbers]:
        """The number by which the store names a sale of a kind, and the numbers behind it."""
        sold = [o for o in self.simulator.ground_truth.orders if o.affiliate == MERCADO_LIVRE]
        kinds = [(k.mode, k.named, k.orders) for k in KINDS]
        at = kinds.index((mode, named, orders))
        return sold[at].marketplace_number, numbers_of_sale(sold[at].marketplace_number)

    def shown(self, named: str) -> dict[str, Any]:
        return self.there.shipments[named]

    async def get(self, path: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.get(self.url(path), headers=self.headers | named)

    async def tell(self, shipment: int, body: Any, version: str = "/v2") -> httpx.Response:
        path = f"{version}/shipments/{shipment}/seller_notifications"
        return await self.http.post(self.url(path), headers=self.headers, json=body)

    async def put(self, shipment: int, body: Any) -> httpx.Response:
        return await self.http.put(self.url(f"/shipments/{shipment}"), headers=self.headers, json=body)

    def url(self, path: str) -> str:
        return self.simulator.urls["mercado_livre"] + path

    def notification(self, status: str = "shipped", substatus: str | None = None, **more: Any) -> dict[str, Any]:
        """As the page has it, of now."""
        payload = {"service_id": 11, "comment": "texto", "date": f"{self.simulator.clock():%Y-%m-%dT%H:%M:%S.000Z}"}
        return {"payload": payload, "status": status, "substatus": substatus, **more}


def grant(there: MercadoLivre, **said: str) -> dict[str, str]:
    known = {"grant_type": "refresh_token", "client_id": there.client_id, "client_secret": there.client_secret}
    return known | {"refresh_token": there.refresh} | said


def new_simulator() -> Simulator:
    return make_simulator(Scenario(150, 12, 7, START).ground_truth(), SimulatorClock(START.replace(day=18)))


async def welcomed(simulator: Simulator, http: httpx.AsyncClient) -> Seller:
    told = await http.post(simulator.urls["mercado_livre"] + "/oauth/token", data=grant(simulator.mercado_livre))
    return Seller(simulator, http, told.json()["access_token"])


@pytest.fixture
async def seller() -> AsyncIterator[Seller]:
    """Asks the applications themselves: nothing listens."""
    simulator = new_simulator()
    simulator.urls |= {"mercado_livre": "http://mercado_livre", "admin": "http://admin"}
    party = Faulty(simulator.mercado_livre.app(), "mercado_livre", simulator.faults)
    doors = {"http://mercado_livre": party, "http://admin": admin_app(simulator)}
    mounts = {at: httpx.ASGITransport(app) for at, app in doors.items()}
    async with httpx.AsyncClient(transport=mounts["http://mercado_livre"], mounts=mounts) as http:
        yield await welcomed(simulator, http)


def refused(answer: httpx.Response) -> tuple[int, str]:
    """The status and code of a refusal in V2's form, which must be whole."""
    told = answer.json()
    assert told.keys() == {"status_code", "error_code", "message", "timestamp", "request_id"}
    assert told["status_code"] == answer.status_code
    assert datetime.fromisoformat(told["timestamp"]).tzinfo
    return answer.status_code, told["error_code"]


# V2: what is taken


async def test_a_notification_moves_the_shipment_and_brings_its_number(seller: Seller) -> None:
    name, numbers = seller.a_sale()
    answer = await seller.tell(numbers.shipment, seller.notification(**NUMBER))
    assert (answer.status_code, answer.json()) == (200, OK)
    shown = seller.shown(name)
    assert (shown["status"], shown["substatus"], shown["tracking_number"]) == ("shipped", None, "AA123456785BR")
    assert [(t["order"], t["what"], t["effect"]) for t in seller.there.told] == [(name, "notification", True)]
    assert seller.simulator.breaches == []


@pytest.mark.parametrize(("status", "substatus"), PAIRS)
async def test_every_pair_of_the_table(seller: Seller, status: str, substatus: str | None) -> None:
    name, numbers = seller.a_sale()
    await seller.tell(numbers.shipment, seller.notification())
    assert (await seller.tell(numbers.shipment, seller.notification(status, substatus))).json() == OK
    assert (seller.shown(name)["status"], seller.shown(name)["substatus"]) == (status, substatus)
    assert seller.simulator.breaches == []


def test_the_table_is_the_contracts() -> None:
    branches = contract_of(CONTRACT)["bodies"][V2]["oneOf"]
    table = {b["properties"]["status"]["const"]: b["properties"]["substatus"] for b in branches}
    assert {status: words.get("enum", [words.get("const")]) for status, words in table.items()} == SUBSTATUSES


async def test_a_comment_may_be_missing(seller: Seller) -> None:
    _, numbers = seller.a_sale()
    body = seller.notification()
    del body["payload"]["comment"]
    assert (await seller.tell(numbers.shipment, body)).json() == OK


async def test_a_number_may_come_with_any_status_and_replaces_the_one_of_before(seller: Seller) -> None:
    name, numbers = seller.a_sale()
    await seller.tell(numbers.shipment, seller.notification(**NUMBER))
    other = {**NUMBER, "tracking_number": "AA999999995BR"}
    assert (await seller.tell(numbers.shipment, seller.notification(**other))).json() == OK
    assert seller.shown(name)["tracking_number"] == "AA999999995BR"


@pytest.mark.parametrize(("final", "substatus"), [("delivered", None), ("not_delivered", "returned")])
async def test_nothing_changes_what_is_final(seller: Seller, final: str, substatus: str | None) -> None:
    name, numbers = seller.a_sale()
    await seller.tell(numbers.shipment, seller.notification(**NUMBER))
    await seller.tell(numbers.shipment, seller.notification(final, substatus))
    before = dict(seller.shown(name))
    for status, later in PAIRS:
        other = {**NUMBER, "tracking_number": "AA999999995BR"}
        assert (await seller.tell(numbers.shipment, seller.notification(status, later, **other))).json() == OK
    assert seller.shown(name) == before
    assert not any(t["effect"] for t in seller.there.told[2:])
    seller.there.switches.set({"after_final": "refused"})
    assert refused(await seller.tell(numbers.shipment, seller.notification())) == (403, "bad_request")
    assert seller.simulator.breaches == []


async def test_a_substatus_before_shipped_itself_does_nothing_and_says_ok(seller: Seller) -> None:
    name, numbers = seller.a_sale()
    early = seller.notification("shipped", "out_for_delivery", **NUMBER)
    assert (await seller.tell(numbers.shipment, early)).json() == OK
    assert (seller.shown(name)["status"], seller.shown(name)["tracking_number"]) == ("pending", None)
    seller.there.switches.set({"shipped_first": False})
    await seller.tell(numbers.shipment, early)
    assert seller.shown(name)["substatus"] == "out_for_delivery"


async def test_a_number_that_is_not_plain_is_dropped_and_the_status_taken(seller: Seller) -> None:
    name, numbers = seller.a_sale()
    odd = {**NUMBER, "tracking_number": "AA-123"}
    await seller.tell(numbers.shipment, seller.notification(**odd))
    assert (seller.shown(name)["status"], seller.shown(name)["tracking_number"]) == ("shipped", None)
    await seller.tell(numbers.shipment, seller.notification(**{**NUMBER, "tracking_number": "AA 123"}))
    assert seller.shown(name)["tracking_number"] == "AA123"
    seller.there.switches.set({"plain_numbers": False})
    await seller.tell(numbers.shipment, seller.notification(**odd))
    assert seller.shown(name)["tracking_number"] == "AA-123"


async def test_a_number_may_be_dropped_where_no_new_status_comes_with_it(seller: Seller) -> None:
    name, numbers = seller.a_sale()
    seller.there.switches.set({"number_with_change_only": True})
    await seller.tell(numbers.shipment, seller.notification())
    await seller.tell(numbers.shipment, seller.notification(**NUMBER))
    assert seller.shown(name)["tracking_number"] is None
    await seller.tell(numbers.shipment, seller.notification("shipped", "out_for_delivery", **NUMBER))
    assert seller.shown(name)["tracking_number"] == "AA123456785BR"


# V2: what is refused


MALFORMED: list[tuple[str, Any]] = [
    ("no payload", {"payload": None}),
    ("a payload without date", {"payload": {"service_id": 11}}),
    ("a payload without service", {"payload": {"date": "2026-10-18T06:00:00Z"}}),
    ("a service that is a text", {"payload": {"service_id": "11", "date": "2026-10-18T06:00:00Z"}}),
    ("a date without zone", {"payload": {"service_id": 11, "date": "2026-10-18T06:00:00"}}),
    ("a day", {"payload": {"service_id": 11, "date": "2026-10-18"}}),
    ("a number without its address", {"tracking_number": "AA123456785BR"}),
    ("an address without its number", {"tracking_url": "https://example.com"}),
    ("an empty number", {"tracking_number": "", "tracking_url": "https://example.com"}),
    ("an unknown status", {"status": "lost"}),
    ("a substatus that is no text", {"substatus": 5}),
]


@pytest.mark.parametrize(("what", "change"), MALFORMED, ids=[what for what, _ in MALFORMED])
async def test_what_is_malformed(seller: Seller, what: str, change: dict[str, Any]) -> None:
    name, numbers = seller.a_sale()
    answer = await seller.tell(numbers.shipment, seller.notification() | change)
    assert refused(answer) == (400, "invalid_seller_json_format"), what
    assert seller.shown(name)["status"] == "pending"
    assert len(seller.simulator.breaches) == 1
    assert seller.there.told == []


@pytest.mark.parametrize("missing", ["payload", "status", "substatus"])
async def test_a_field_that_must_be_there(seller: Seller, missing: str) -> None:
    _, numbers = seller.a_sale()
    body = seller.notification()
    del body[missing]
    assert refused(await seller.tell(numbers.shipment, body)) == (400, "invalid_seller_json_format")


async def test_what_is_no_json(seller: Seller) -> None:
    _, numbers = seller.a_sale()
    url = seller.url(f"/v2/shipments/{numbers.shipment}/seller_notifications")
    answer = await seller.http.post(url, headers=seller.headers, content=b"{")
    assert refused(answer) == (400, "invalid_seller_json_format")
    assert refused(await seller.tell(numbers.shipment, [])) == (400, "invalid_seller_json_format")


@pytest.mark.parametrize(
    ("status", "substatus"),
    [
        ("shipped", "null"),
        ("shipped", ""),
        ("shipped", "returned"),
        ("shipped", "lost"),
        ("delivered", "at_the_door"),
        ("delivered", "null"),
        ("not_delivered", None),
        ("not_delivered", "returning_to_sender"),
    ],
)
async def test_a_pair_that_is_not_in_the_table_is_403(seller: Seller, status: str, substatus: str | None) -> None:
    name, numbers = seller.a_sale()
    answer = await seller.tell(numbers.shipment, seller.notification(status, substatus))
    assert refused(answer) == (403, "bad_request")
    assert answer.json()["message"] == "Status-substatus not allowed"
    assert seller.shown(name)["status"] == "pending"
    assert len(seller.simulator.breaches) == 1


@pytest.mark.parametrize("service", [154, 231876, 12])
async def test_a_service_of_another_country(seller: Seller, service: int) -> None:
    _, numbers = seller.a_sale()
    body = seller.notification()
    body["payload"]["service_id"] = service
    assert refused(await seller.tell(numbers.shipment, body)) == (400, "invalid_service_id")


async def test_a_date_before_the_shipment(seller: Seller) -> None:
    name, numbers = seller.a_sale()
    created = datetime.fromisoformat(seller.shown(name)["date_created"])
    body = seller.notification()
    for seconds, answered in ((-1, 400), (1, 200)):
        body["payload"]["date"] = (created + timedelta(seconds=seconds)).isoformat()
        assert (await seller.tell(numbers.shipment, body)).status_code == answered
    early = f"{created.astimezone(UTC):%Y-%m-%dT00:00:00Z}"
    body["payload"]["date"] = early
    assert refused(await seller.tell(numbers.shipment, body)) == (400, "event_date_before_shipment_creation_date")


@pytest.mark.parametrize(
    ("mode", "named"), [("me2", "order"), ("custom", "shipment"), ("not_specified", "order"), ("me2", "shipment")]
)
async def test_a_mode_that_is_not_me1(seller: Seller, mode: str, named: str) -> None:
    name, numbers = seller.a_sale(mode, named)
    answer = await seller.tell(numbers.shipment, seller.notification())
    assert refused(answer) == (400, "shipment_mode_is_not_me1")
    assert seller.shown(name)["status"] == "pending"


async def test_another_sellers_shipment(seller: Seller) -> None:
    answer = await seller.tell(foreign_sale_numbers().shipment, seller.notification())
    assert refused(answer) == (403, "forbidden_client")
    assert answer.json()["message"] == "caller.id is not shipment sender"


async def test_no_shipment_of_that_number(seller: Seller) -> None:
    _, numbers = seller.a_sale()
    for number in (numbers.order(1), numbers.pack, 5):
        assert refused(await seller.tell(number, seller.notification())) == (404, "not_found")


# V1


@pytest.mark.parametrize("status", [404, 410])
async def test_v1_has_ended(seller: Seller, status: int) -> None:
    name, numbers = seller.a_sale()
    seller.there.switches.set({"v1": str(status)})
    answer = await seller.tell(numbers.shipment, seller.notification(), version="")
    assert answer.status_code == status
    assert answer.json().keys() == {"message", "error", "status", "cause"}
    assert seller.shown(name)["status"] == "pending"
    assert "ended on 2026-10-31" in seller.simulator.breaches[0]


async def test_v1_has_ended_unless_somebody_switches_it_on(seller: Seller) -> None:
    assert (await seller.tell(1, {}, version="")).status_code == 404


@pytest.mark.parametrize("substatus", ["null", None])
async def test_v1_as_it_was(seller: Seller, substatus: str | None) -> None:
    name, numbers = seller.a_sale()
    seller.there.switches.set({"v1": "works"})
    told = await seller.tell(numbers.shipment, seller.notification("shipped", substatus, **NUMBER), version="")
    assert told.json() == OK
    assert (seller.shown(name)["status"], seller.shown(name)["substatus"]) == ("shipped", None)
    body = seller.notification("not_delivered", "returning_to_sender")
    del body["payload"]["service_id"]
    assert (await seller.tell(numbers.shipment, body, version="")).json() == OK
    assert seller.simulator.breaches == []


async def test_v1_asked_for_no_shipped_first(seller: Seller) -> None:
    name, numbers = seller.a_sale()
    seller.there.switches.set({"v1": "works"})
    await seller.tell(numbers.shipment, seller.notification("shipped", "out_for_delivery"), version="")
    assert seller.shown(name)["substatus"] == "out_for_delivery"


async def test_v1s_own_form_of_errors(seller: Seller) -> None:
    _, numbers = seller.a_sale()
    seller.there.switches.set({"v1": "works"})
    wrong = seller.notification("not_delivered", "returned")
    service = seller.notification()
    service["payload"]["service_id"] = 154
    seen = [
        await seller.tell(numbers.shipment, wrong, version=""),
        await seller.tell(numbers.shipment, {}, version=""),
        await seller.tell(numbers.shipment, service, version=""),
        await seller.tell(foreign_sale_numbers().shipment, seller.notification(), version=""),
        await seller.tell(5, seller.notification(), version=""),
    ]
    assert [(a.status_code, a.json()["error"]) for a in seen] == [
        (400, "bad_request"),
        (400, "bad_request"),
        (400, "invalid_service_id"),
        (401, "invalid_user_id_for_order"),
        (404, "not_found"),
    ]
    assert all(a.json().keys() == {"message", "error", "status", "cause"} for a in seen)


# Reading


@pytest.mark.parametrize(("mode", "named"), [("me1", "order"), ("me1", "pack"), ("me1", "shipment"), ("me2", "order")])
async def test_each_number_opens_its_own_door_only(seller: Seller, mode: str, named: str) -> None:
    orders = {"pack": 2, "shipment": 1}.get(named, 1)
    name, numbers = seller.a_sale(mode, named, orders)
    assert name == numbers.named(named)
    doors = {"/orders/{}/shipments": "order", "/orders/{}": "order", "/packs/{}": "pack", "/shipments/{}": "shipment"}
    for door, own in doors.items():
        for kind in ("order", "pack", "shipment"):
            answer = await seller.get(door.format(numbers.named(kind)))
            assert answer.status_code == (200 if kind == own else 404), (door, kind)
    assert seller.simulator.breaches == []


async def test_a_pack_names_its_orders_and_their_one_shipment(seller: Seller) -> None:
    _, numbers = seller.a_sale("me1", "pack", orders=2)
    pack = (await seller.get(f"/packs/{numbers.pack}")).json()
    assert pack["shipment"] == {"id": numbers.shipment}
    assert [o["id"] for o in pack["orders"]] == [numbers.order(1), numbers.order(2)]
    for order in pack["orders"]:
        assert (await seller.get(f"/orders/{order['id']}/shipments")).json()["id"] == numbers.shipment
        told = (await seller.get(f"/orders/{order['id']}")).json()
        assert (told["pack_id"], told["shipping"]) == (numbers.pack, {"id": numbers.shipment})


@pytest.mark.parametrize("path", ["/orders/{}/shipments", "/shipments/{}"])
@pytest.mark.parametrize(
    ("mode", "named", "kind"),
    [("me1", "order", "default"), ("me2", "order", "drop_off"), ("custom", "shipment", "custom")],
)
async def test_two_formats(seller: Seller, path: str, mode: str, named: str, kind: str) -> None:
    _, numbers = seller.a_sale(mode, named)
    path = path.format(numbers.order(1) if "orders" in path else numbers.shipment)
    old = (await seller.get(path)).json()
    assert (old["mode"], old["status"], old["tracking_number"]) == (mode, "pending", None)
    assert "logistic" not in old
    new = (await seller.get(path, x_format_new="true")).json()
    assert new["logistic"] == {"direction": "forward", "mode": mode, "type": kind}
    assert "mode" not in new
    assert old["id"] == new["id"] == numbers.shipment
    assert old["date_created"] == new["date_created"]
    seller.there.switches.set({"shipment_format": "new"})
    assert "mode" not in (await seller.get(path)).json()
    seller.there.switches.set({"shipment_format": "old"})
    assert (await seller.get(path, x_format_new="true")).json()["mode"] == mode


async def test_a_sale_without_shipment(seller: Seller) -> None:
    numbers = numbers_without_shipment()
    assert (await seller.get(f"/packs/{numbers.pack}")).json()["shipment"] is None
    assert (await seller.get(f"/orders/{numbers.order(1)}/shipments")).status_code == 404


async def test_another_sellers_sale_is_not_shown(seller: Seller) -> None:
    numbers = foreign_sale_numbers()
    for path in (f"/packs/{numbers.pack}", f"/orders/{numbers.order(1)}/shipments", f"/shipments/{numbers.shipment}"):
        assert (await seller.get(path)).status_code == 403


async def test_two_orders_of_the_store_in_one_cart(seller: Seller) -> None:
    (one, first), (other, second) = seller.a_sale(), seller.a_sale("me1", "order", orders=2)
    seller.there.sales.share(one, other)
    for order in (first.order(1), second.order(1), second.order(2)):
        assert (await seller.get(f"/orders/{order}/shipments")).json()["id"] == first.shipment
    assert (await seller.get(f"/packs/{second.pack}")).status_code == 404
    await seller.tell(first.shipment, seller.notification())
    assert seller.shown(one)["status"] == seller.shown(other)["status"] == "shipped"


# PUT


async def test_the_number_alone_is_on_no_page_of_2026(seller: Seller) -> None:
    name, numbers = seller.a_sale()
    body = {"service_id": 11, "tracking_number": "AA123456785BR"}
    assert (await seller.put(numbers.shipment, body)).status_code == 404
    assert seller.shown(name)["tracking_number"] is None
    assert "on no page of 2026" in seller.simulator.breaches[0]
    seller.there.switches.set({"number_put": True})
    told = (await seller.put(numbers.shipment, body)).json()
    assert (told["tracking_number"], told["tracking_method"], told["carrier_info"]) == ("AA123456785BR", "Otros", None)
    assert (seller.shown(name)["tracking_number"], seller.shown(name)["status"]) == ("AA123456785BR", "pending")
    wrong = await seller.put(numbers.shipment, {**body, "service_id": 154})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_service_id")
    assert (await seller.put(numbers.shipment, {"service_id": 11})).status_code == 400


@pytest.mark.parametrize(("mode", "named"), [("custom", "shipment"), ("not_specified", "order")])
async def test_what_the_seller_sends_by_himself(seller: Seller, mode: str, named: str) -> None:
    name, numbers = seller.a_sale(mode, named)
    body = {"tracking_number": "AA123456785BR", "status": "shipped"}
    seller.there.switches.set({"custom_put": "no"})
    assert (await seller.put(numbers.shipment, body)).status_code == 404
    seller.there.switches.set({"custom_put": "shipped"})
    assert (await seller.put(numbers.shipment, body)).status_code == 200
    assert (seller.shown(name)["tracking_number"], seller.shown(name)["status"]) == ("AA123456785BR", "shipped")
    delivered = {**body, "status": "delivered"}
    assert (await seller.put(numbers.shipment, delivered)).status_code == 400
    seller.there.switches.set({"custom_put": "delivered"})
    assert (await seller.put(numbers.shipment, delivered)).status_code == 200
    assert (await seller.put(numbers.shipment, body)).status_code == 200
    assert seller.shown(name)["status"] == "delivered", "final"


async def test_me2_takes_no_number(seller: Seller) -> None:
    name, numbers = seller.a_sale("me2")
    seller.there.switches.set({"number_put": True})
    body = {"service_id": 11, "tracking_number": "AA123456785BR"}
    assert (await seller.put(numbers.shipment, body)).status_code == 404
    assert seller.shown(name)["tracking_number"] is None
    assert (await seller.put(foreign_sale_numbers().shipment, body)).status_code == 404


# OAuth


async def ask(seller: Seller, **said: str) -> httpx.Response:
    return await seller.http.post(seller.url("/oauth/token"), data=grant(seller.there, **said))


async def test_a_refresh_token_works_once(seller: Seller) -> None:
    old = seller.there.refresh
    told = (await ask(seller)).json()
    assert (told["expires_in"], told["token_type"], told["scope"]) == (21600, "Bearer", "offline_access read write")
    assert told["refresh_token"] != old
    again = await ask(seller, refresh_token=old)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert again.json().keys() == {"message", "error", "status", "cause"}
    assert (await ask(seller, refresh_token=told["refresh_token"])).status_code == 200
    assert seller.there.renewals == 3


async def test_a_code_works_once_and_for_its_address_only(seller: Seller) -> None:
    code = {"grant_type": "authorization_code", "code": seller.there.code}
    assert (await ask(seller, **code)).json()["error"] == "invalid_request"
    assert (await ask(seller, **code, redirect_uri="https://other.example.com")).json()["error"] == "invalid_grant"
    right = {**code, "redirect_uri": seller.there.redirect_uri}
    seller.token = (await ask(seller, **right)).json()["access_token"]
    assert (await ask(seller, **right)).json()["error"] == "invalid_grant"
    assert (await seller.get(f"/orders/{seller.a_sale()[1].order(1)}")).status_code == 200


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"client_secret": "other"}, "invalid_client"),
        ({"client_id": "1"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"refresh_token": ""}, "invalid_request"),
        ({"refresh_token": "TG-other"}, "invalid_grant"),
    ],
)
async def test_how_a_token_is_refused(seller: Seller, said: dict[str, str], error: str) -> None:
    answer = await ask(seller, **said)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert (await ask(seller)).status_code == 200, "a refused request used nothing up"


async def test_an_access_token_lives_six_hours(seller: Seller) -> None:
    name, numbers = seller.a_sale()
    now = seller.simulator.clock()
    for minutes, answered in ((359, 200), (360, 401)):
        seller.simulator.clock.set(now + timedelta(minutes=minutes))
        assert (await seller.get(f"/shipments/{numbers.shipment}")).status_code == answered
    for answer in (
        await seller.tell(numbers.shipment, seller.notification()),
        await seller.put(numbers.shipment, {}),
        await seller.get(f"/packs/{numbers.pack}"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    assert seller.shown(name)["status"] == "pending"


async def test_a_refresh_token_lives_six_months(seller: Seller) -> None:
    seller.simulator.clock.set(seller.simulator.clock() + timedelta(days=180))
    assert (await ask(seller)).json()["error"] == "invalid_grant"


async def test_all_tokens_of_before_may_be_void(seller: Seller) -> None:
    refresh = seller.there.refresh
    seller.there.revoke_tokens()
    assert (await seller.get("/packs/1")).status_code == 401
    assert (await ask(seller, refresh_token=refresh)).json()["error"] == "invalid_grant"


# Faults


async def fault(seller: Seller, **said: Any) -> None:
    answer = await seller.http.post(f"{seller.simulator.urls['admin']}/faults", json={"party": "mercado_livre", **said})
    assert answer.status_code == 200, answer.text


async def test_ok_without_effect_for_one_shipment_or_for_all(seller: Seller) -> None:
    (name, numbers), (other, others) = seller.a_sale(), seller.a_sale("me1", "shipment")
    await fault(seller, kind="no_effect", path=f"/{numbers.shipment}/")
    for shipment in (numbers.shipment, others.shipment):
        assert (await seller.tell(shipment, seller.notification(**NUMBER))).json() == OK
    assert (seller.shown(name)["status"], seller.shown(name)["tracking_number"]) == ("pending", None)
    assert seller.shown(other)["status"] == "shipped"
    assert [t["effect"] for t in seller.there.told] == [False, True]
    await fault(seller, kind="no_effect")
    await seller.tell(others.shipment, seller.notification("delivered"))
    assert seller.shown(other)["status"] == "shipped"


async def test_ok_without_effect_of_a_number(seller: Seller) -> None:
    name, numbers = seller.a_sale("custom", "shipment")
    await fault(seller, kind="no_effect")
    body = {"tracking_number": "AA123456785BR", "status": "shipped"}
    assert (await seller.put(numbers.shipment, body)).status_code == 200
    assert seller.shown(name)["tracking_number"] is None


async def test_one_shipment_is_suddenly_not_ours(seller: Seller) -> None:
    (_, numbers), (_, others) = seller.a_sale(), seller.a_sale("me1", "shipment")
    await fault(seller, kind="not_sender", path=f"/{numbers.shipment}/")
    answer = await seller.tell(numbers.shipment, seller.notification())
    assert refused(answer) == (403, "forbidden_client")
    assert (await seller.tell(others.shipment, seller.notification())).json() == OK
    assert seller.simulator.breaches == [], "the caller broke nothing"


async def test_faults_of_mercado_livre_are_nobody_elses(seller: Seller) -> None:
    with pytest.raises(ValueError, match="no fault 'no_effect'"):
        seller.simulator.faults.order(Fault("vtex", "no_effect"))


@pytest.mark.parametrize("after", [None, 30])
async def test_too_many_requests_with_and_without_a_word_of_when(seller: Seller, after: int | None) -> None:
    name, numbers = seller.a_sale()
    await fault(seller, kind="status", status=429, count=1, retry_after=after)
    answer = await seller.tell(numbers.shipment, seller.notification())
    assert answer.status_code == 429
    assert answer.headers.get("retry-after") == (str(after) if after else None)
    assert not any("ratelimit" in header for header in answer.headers)
    assert seller.shown(name)["status"] == "pending"
    assert (await seller.tell(numbers.shipment, seller.notification())).json() == OK


@pytest.mark.parametrize("status", [500, 503])
async def test_every_second_request_fails(seller: Seller, status: int) -> None:
    _, numbers = seller.a_sale()
    await fault(seller, kind="status", status=status, every=2, path="/v2/")
    seen = [(await seller.tell(numbers.shipment, seller.notification())).status_code for _ in range(4)]
    assert seen == [200, status, 200, status]


async def test_a_connection_that_breaks_after_the_work_was_done() -> None:
    async with serving(new_simulator()) as simulator, httpx.AsyncClient(timeout=10, trust_env=False) as http:
        seller = await welcomed(simulator, http)
        name, numbers = seller.a_sale()
        await fault(seller, kind="accept_then_drop", count=1)
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await seller.tell(numbers.shipment, seller.notification(**NUMBER))
        assert seller.shown(name)["tracking_number"] == "AA123456785BR"


# The simulator


async def test_switches_and_typed_numbers_by_the_admin(seller: Seller) -> None:
    name, numbers = seller.a_sale()
    admin = f"{seller.simulator.urls['admin']}/mercado_livre"
    body = {"switches": {"v1": "410", "number_put": True}, "typed": {name: "DIGITADO1"}}
    told = (await seller.http.post(admin, json=body)).json()
    assert (told["switches"]["v1"], told["switches"]["number_put"]) == ("410", True)
    assert told["sales"][name]["tracking_number"] == "DIGITADO1"
    assert (await seller.get(f"/shipments/{numbers.shipment}")).json()["tracking_number"] == "DIGITADO1"
    await seller.tell(numbers.shipment, seller.notification("lost"))
    assert (await seller.http.get(admin)).json()["heard"][-1]["status"] == 400


@pytest.mark.parametrize(
    "body",
    [
        {"switches": {"v3": "no"}},
        {"switches": {"v1": "500"}},
        {"switches": {"number_put": "yes"}},
        {"typed": {"1": "A"}},
        [],
    ],
)
async def test_switches_that_there_are_not(seller: Seller, body: Any) -> None:
    before = seller.there.switches.described()
    assert (await seller.http.post(f"{seller.simulator.urls['admin']}/mercado_livre", json=body)).status_code == 400
    assert seller.there.switches.described() == before


def test_sales_are_named_in_all_three_ways_and_mostly_me1() -> None:
    ground_truth = Scenario(400, 12, 7, START).ground_truth()
    there = MercadoLivre(ground_truth, SimulatorClock(START))
    sold = [o.marketplace_number for o in ground_truth.orders if o.affiliate == MERCADO_LIVRE]
    assert len(set(sold)) == len(sold) == len(there.shipments)
    named = {name: numbers_of_sale(name) for name in sold}
    ways = {way for name, n in named.items() for way in ("order", "pack", "shipment") if n.named(way) == name}
    assert ways == {"order", "pack", "shipment"}
    assert all(there.shipments[name]["id"] == numbers.shipment for name, numbers in named.items())
    modes = [s["mode"] for s in there.shipments.values()]
    assert set(modes) == {"me1", "me2", "custom", "not_specified"}
    assert modes.count("me1") > len(modes) / 2


def test_the_state_of_another_version_is_refused() -> None:
    there = MercadoLivre(Scenario(20, 6, 7, START).ground_truth(), SimulatorClock(START))
    assert pickle.loads(pickle.dumps(there)).shipments.keys() == there.shipments.keys()
    del there.requests
    kept = pickle.dumps(there)
    with pytest.raises(KeyError):
        pickle.loads(kept)


async def test_two_at_once_with_one_refresh_token_get_one_pair(seller: Seller) -> None:
    refresh = seller.there.refresh
    seen = await asyncio.gather(*(ask(seller, refresh_token=refresh) for _ in range(3)))
    assert sorted(answer.status_code for answer in seen) == [200, 400, 400]
