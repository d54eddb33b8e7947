"""In: requests and pushes as Melhor Envio documents them; out: states of labels, an hour old, and signed pushes."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from paradeiro.simulator.carriers.brazil.melhor_envio import MelhorEnvio
from paradeiro.simulator.scenario.ground_truth import Package
from tests.simulator.carriers.one_carrier import BRASILIA, END, START, World, client, follow, happening, moments

PATH = "/api/v2/me/shipment/tracking"
SAMPLE = [
    "id",
    "protocol",
    "status",
    "tracking",
    "melhorenvio_tracking",
    "created_at",
    "paid_at",
    "generated_at",
    "posted_at",
    "delivered_at",
    "canceled_at",
    "expired_at",
]
PUBLISHED = {
    "order.generated": "registered",
    "order.posted": "accepted",
    "order.delivered": "delivered",
    "order.undelivered": "exception",
}


async def ask(carrier: MelhorEnvio, *labels: str, token: str = "", agent: str = "Loja (ti@example.com)") -> Any:
    headers = {"authorization": f"Bearer {token or carrier.token}", "user-agent": agent}
    async with client(carrier) as http:
        return await http.post(PATH, json={"orders": list(labels)}, headers=headers)


async def state(carrier: MelhorEnvio, package: Package) -> dict[str, Any]:
    found: dict[str, Any] = (await ask(carrier, package.code)).json()[package.code]
    return found


async def test_an_answer_has_the_recorded_shape() -> None:
    world = World(MelhorEnvio)
    package, carrier = world.words("registered", "accepted"), world.carrier()
    told = await state(carrier, package)
    assert list(told) == SAMPLE
    assert str(UUID(package.code)) == package.code == told["id"]
    assert (told["status"], told["generated_at"]) == ("posted", "2026-10-05 09:00:00")
    assert (told["posted_at"], told["delivered_at"]) == ("2026-10-05 15:00:00", None)


async def test_credentials_the_contact_and_the_list_are_needed() -> None:
    world = World(MelhorEnvio)
    package, carrier = world.words("registered"), world.carrier()
    refused = await ask(carrier, package.code, token="other")
    assert (refused.status_code, refused.json()) == (401, {"message": "Unauthenticated."})
    assert (await ask(carrier, package.code, agent="python")).status_code == 403
    assert (await ask(carrier)).status_code == 422
    unknown = await ask(carrier, "00000000-0000-4000-8000-000000000001")
    assert (unknown.status_code, unknown.json()) == (200, [])


async def test_a_token_ends_and_is_renewed_once() -> None:
    world = World(MelhorEnvio)
    package, carrier = world.words("registered"), world.carrier()
    old = carrier.refresh_token
    form = {"grant_type": "refresh_token", "client_id": carrier.client_id, "client_secret": carrier.client_secret}
    async with client(carrier) as http:
        wrong = await http.post("/oauth/token", data={**form, "client_secret": "x", "refresh_token": old})
        renewed = (await http.post("/oauth/token", data={**form, "refresh_token": old})).json()
        again = await http.post("/oauth/token", data={**form, "refresh_token": old})
    assert (wrong.status_code, again.status_code, renewed["token_type"]) == (401, 401, "Bearer")
    assert (await ask(carrier, package.code, token=renewed["access_token"])).status_code == 200
    world.clock.set(END + timedelta(seconds=renewed["expires_in"]))
    assert (await ask(carrier, package.code)).status_code == 401


async def test_an_answer_is_an_hour_old() -> None:
    world = World(MelhorEnvio)
    package, carrier = world.words("registered", "accepted"), world.carrier()
    world.clock.set(START + timedelta(hours=6))
    assert (await state(carrier, package))["status"] == "generated"
    world.clock.set(START + timedelta(hours=6, minutes=59))
    assert (await state(carrier, package))["status"] == "generated", "it is posted since, but the answer is kept"
    world.clock.set(START + timedelta(hours=7))
    assert (await state(carrier, package))["status"] == "posted"


async def test_nothing_of_the_future_is_told() -> None:
    world = World(MelhorEnvio)
    package, carrier = world.words("registered", "accepted"), world.carrier()
    world.clock.set(START - timedelta(hours=1))
    assert (await ask(carrier, package.code)).json() == []
    carrier = world.carrier()
    world.clock.set(START - timedelta(minutes=10))
    told = await state(carrier, package)
    assert (told["status"], told["paid_at"], told["generated_at"]) == ("pending", None, None)


async def test_a_label_is_there_before_its_id_is_written_on_the_order() -> None:
    world = World(MelhorEnvio)
    package = world.add([happening("accepted", 30)])  # an order of the first hour
    world.clock.set(START)
    told = await state(world.carrier(), package)
    assert (told["status"], told["created_at"], told["posted_at"]) == ("released", "2026-10-05 08:35:00", None)


async def test_the_carriers_code_comes_later_and_never_misses_a_delivery() -> None:
    world = World(MelhorEnvio)
    package = world.words("accepted", "delivered")
    package.own_number = "AA000000005BR"
    world.clock.set(START + timedelta(hours=1))
    told = await state(world.carrier(), package)
    assert (told["status"], told["tracking"]) == ("posted", None)
    world.clock.set(END)
    told = await state(world.carrier(), package)
    assert (told["status"], told["tracking"]) == ("delivered", "AA000000005BR")


async def test_it_may_tell_a_delivery_that_was_none() -> None:
    world = World(MelhorEnvio)
    package = world.words("registered")
    told = await state(world.carrier(wrongly_delivered=frozenset({package.code})), package)
    assert (told["status"], told["tracking"]) == ("delivered", None)
    assert told["delivered_at"]


async def test_a_limit_can_be_set() -> None:
    world = World(MelhorEnvio)
    package, carrier = world.words("registered"), world.carrier(requests_per_minute=2)
    assert [(await ask(carrier, package.code)).status_code for _ in range(3)] == [200, 200, 429]


def test_pushes_are_signed_in_order_and_some_come_twice() -> None:
    world = World(MelhorEnvio)
    packages, carrier = world.journeys(80), world.carrier()
    sent = carrier.pushes(START, END, "segredo")
    for push in sent:
        digest = hmac.new(b"segredo", push.body, sha256).digest()
        assert push.headers["x-me-signature"] == base64.b64encode(digest).decode()
    assert [push.at for push in sent] == sorted(push.at for push in sent)
    happened = sum(len(package.happenings) for package in packages)
    assert len({push.body for push in sent}) == happened < len(sent), "some come twice"
    in_hex = world.carrier(in_hex=True).pushes(START, END, "segredo")[0]
    assert in_hex.headers["x-me-signature"] == hmac.new(b"segredo", in_hex.body, sha256).hexdigest()


def test_a_push_tells_what_was_known_then() -> None:
    world = World(MelhorEnvio)
    package, carrier = world.words("registered", "accepted", "delivered"), world.carrier()
    made, posted, delivered = (json.loads(push.body) for push in _once(carrier.pushes(START, END, "s")))
    assert [each["event"] for each in (made, posted, delivered)] == [
        "order.generated",
        "order.posted",
        "order.delivered",
    ]
    assert posted["data"]["posted_at"] == "2026-10-05T18:00:00+00:00"
    assert (posted["data"]["delivered_at"], posted["data"]["tracking"]) == (None, None)
    assert {"self_tracking", "user_id", "tags", "tracking_url"} <= posted["data"].keys()
    assert carrier.pushes(START, package.happenings[0].visible_at - timedelta(seconds=1), "s") == []
    assert json.loads(carrier.registration_call("s").body)["data"] == {}


def _once(sent: list[Any]) -> list[Any]:
    return list({push.body: push for push in sent}.values())


async def test_the_truth_can_be_read_with_the_published_states() -> None:
    world = World(MelhorEnvio)
    packages = world.journeys(60)
    for moment in moments(packages):
        world.clock.set(moment)
        carrier = world.carrier()
        found = (await ask(carrier, *(package.code for package in packages))).json() or {}
        for package in packages:
            told = found.get(package.code, {})
            steps = [
                ("order.generated", "generated_at"),
                ("order.posted", "posted_at"),
                ("order.delivered", "delivered_at"),
            ]
            seen = [
                (PUBLISHED[name], datetime.fromisoformat(told[at]).replace(tzinfo=BRASILIA))
                for name, at in steps
                if told.get(at)
            ]
            if told.get("status") == "undelivered":  # the one state without a time of its own
                seen.append((PUBLISHED["order.undelivered"], moment))
            assert follow(seen) == world.true_now(package)
    sent = [(push.at, json.loads(push.body)) for push in world.carrier().pushes(START, END, "s")]
    for package in packages:
        mine = {each["event"]: (each["data"], at) for at, each in sent if each["data"]["id"] == package.code}
        seen = [(PUBLISHED[name], _at(name, data) or at) for name, (data, at) in mine.items()]
        assert follow(sorted(seen, key=lambda each: each[1])) == world.true_now(package)


def _at(event: str, data: dict[str, Any]) -> datetime | None:
    told = data.get(f"{event.removeprefix('order.')}_at")
    return datetime.fromisoformat(told).astimezone(UTC) if told else None
