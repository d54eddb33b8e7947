"""A code that the connector does not know: mapped by a person, its timelines follow and its notice ends."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.cli.connectors import code_commands
from paradeiro.cli.connectors.code_patch import patch_of
from paradeiro.db.accounts import stores
from paradeiro.db.operations import audit
from paradeiro.db.operations.audit import Actor
from paradeiro.db.pool import transaction
from paradeiro.domain.words import EffectKind, Reason, Status
from paradeiro.flow.carriers.code_mappings import codes, meaning, remove_mapping, set_mapping
from paradeiro.flow.errors import InvalidError, MissingError
from paradeiro.flow.replay import replay
from tests.flow.conftest import Shop
from tests.flow.following.test_file_intake import Desk, open_desk
from tests.web.apps import create_app

BIA = Actor("Bia", "cli", "")


@pytest.fixture
async def desk(shop: Shop) -> Desk:
    """Two packages: one with an unknown code after it moved, one without."""
    desk = await open_desk(shop)
    await desk.register("AA1")
    await desk.register("AA2", "1002")
    desk.shop.clock.forward(hours=2)
    for code in ("AA1", "AA2"):
        await desk.take(desk.line(code, "MOV", -60))
    await desk.take(desk.line("AA1", "91"))
    await desk.shop.run()
    return desk


async def put(desk: Desk, code: str, status: str, reason: str | None = None, connector: str = "filed") -> int:
    said = meaning(code, status, reason)
    count = await set_mapping(desk.shop.context, desk.shop.store_id, connector, said, BIA)
    await desk.shop.run()
    return count


async def shipment(desk: Desk, code: str = "AA1") -> int:
    async with desk.shop.context.pool.connection() as connection:
        found = await connection.execute("SELECT id FROM shipment WHERE tracking_code = %s", (code,))
        row = await found.fetchone()
    assert row is not None
    return int(row[0])


async def mails(desk: Desk, shipment_id: int) -> int:
    return sum(effect.kind == EffectKind.CUSTOMER_MAIL for effect in await desk.shop.effects(shipment_id))


async def test_what_a_person_says_moves_the_timeline_and_ends_the_notice(desk: Desk) -> None:
    one = await shipment(desk)
    assert await desk.status(one) is Status.IN_TRANSIT
    assert [n.kind for n in await desk.shop.notices()] == ["unknown_code"]
    # Days later: by then it is old news.
    desk.shop.clock.forward(days=4)
    before = await mails(desk, one)
    assert before
    assert await put(desk, "91", "exception", "lost") == 1
    snapshot = (await desk.shop.shipment_row(one)).shipment.snapshot
    assert (snapshot.status, snapshot.reason) == (Status.EXCEPTION, Reason.LOST)
    assert await desk.shop.notices() == []
    kinds = [effect.kind for effect in await desk.shop.effects(one)]
    assert EffectKind.ORDER_UPDATE in kinds
    assert await mails(desk, one) == before, "the customer is not mailed old news"
    assert await put(desk, "91", "exception", "lost") == 0, "said again, nothing changes"
    async with desk.shop.context.pool.connection() as connection:
        said = [line.said for line in await audit.audit_lines(connection, desk.shop.store_id)]
    assert said[0] == "filed 91 → exception (lost)"


async def test_later_answers_are_read_so_and_a_replay_keeps_it(desk: Desk) -> None:
    await put(desk, "91", "out_for_delivery")
    await desk.take(desk.line("AA2", "91", -1))
    await desk.shop.run()
    other = await shipment(desk, "AA2")
    assert await desk.status(other) is Status.OUT_FOR_DELIVERY
    assert await desk.shop.notices() == []
    done = await replay(desk.shop.context, "filed", since=desk.shop.clock() - timedelta(days=1))
    assert not done.remapped
    assert await desk.status(other) is Status.OUT_FOR_DELIVERY


async def test_a_delivery_may_be_said_of_an_unknown_code_and_be_taken_back(desk: Desk) -> None:
    one = await shipment(desk)
    await put(desk, "91", "delivered")
    assert await desk.status(one) is Status.DELIVERED
    assert await put(desk, "91", "attempt_failed", "recipient_moved") == 1
    assert await desk.status(one) is Status.ATTEMPT_FAILED
    assert await remove_mapping(desk.shop.context, desk.shop.store_id, "filed", "91", BIA) == 1
    assert await desk.status(one) is Status.IN_TRANSIT
    with pytest.raises(MissingError):
        await remove_mapping(desk.shop.context, desk.shop.store_id, "filed", "91", BIA)


async def test_what_is_known_cannot_be_mapped(desk: Desk) -> None:
    one = await shipment(desk)
    for code, connector in (("MOV", "filed"), ("77", "filed"), ("91", "posta")):
        with pytest.raises(InvalidError) as refused:
            await put(desk, code, "delivered", connector=connector)
        assert refused.value.code == "known_code"
    with pytest.raises(InvalidError):
        await put(desk, "91", "delivered", connector="loja")
    for status, reason in (("unknown", None), ("gone", None), ("exception", "because"), ("none", "lost")):
        with pytest.raises(InvalidError):
            meaning("91", status, reason)
    assert await desk.status(one) is Status.IN_TRANSIT


async def test_a_mapping_is_of_its_store_alone(desk: Desk) -> None:
    async with transaction(desk.shop.context.pool) as connection:
        other = await stores.add_store(connection, "Outra", now=desk.shop.clock())
    with pytest.raises(InvalidError):
        await set_mapping(desk.shop.context, other, "filed", meaning("91", "delivered", None), BIA)
    assert (await codes(desk.shop.context, other)) == ([], [])


async def test_codes_by_api(desk: Desk) -> None:
    async with transaction(desk.shop.context.pool) as connection:
        for key, scopes in (("pk_bia", ["read", "write"]), ("pk_reads", ["read"])):
            await stores.add_api_key(
                connection, desk.shop.store_id, name="Bia", key=key, scopes=scopes, now=desk.shop.clock()
            )
    transport = httpx.ASGITransport(create_app(desk.shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1") as client:
        client.headers["X-API-Key"] = "pk_reads"
        seen = (await client.get("/codes")).json()
        assert seen == {
            "mapped": [],
            "unknown": [
                {
                    "account_id": desk.account_id,
                    "connector": "filed",
                    "code": "91",
                    "words": "",
                    "packages": 1,
                    "order_number": "1001",
                }
            ],
        }
        body = {"connector": "filed", "code": "91", "status": "exception", "reason": "damaged"}
        assert (await client.put("/codes", json=body)).status_code == 403
        client.headers["X-API-Key"] = "pk_bia"
        assert (await client.put("/codes", json=body)).json() == {"packages": 1}
        assert (await client.put("/codes", json=body | {"code": "MOV"})).json()["error"]["code"] == "known_code"
        assert (await client.put("/codes", json=body | {"status": "x"})).status_code == 422
        (mapped,) = (await client.get("/codes")).json()["mapped"]
        assert (mapped["status"], mapped["reason"], mapped["actor"]) == ("exception", "damaged", "Bia")
        which = {"connector": "filed", "code": "91"}
        assert (await client.delete("/codes", params=which)).json() == {"packages": 1}
        assert (await client.delete("/codes", params=which)).status_code == 404
        async with desk.shop.context.pool.connection() as connection:
            lines = await audit.audit_lines(connection, desk.shop.store_id)
        done = [(line.action, line.entry_point) for line in lines if line.action != "use_key"]
        assert done == [("map_code", "api")] * 2
    assert await desk.status(await shipment(desk)) is Status.IN_TRANSIT


async def test_codes_by_command_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    todo: list[Any] = []
    monkeypatch.setattr(code_commands, "run_for_store", lambda store, act: todo.append(act) or "done")

    async def run(command: Any, *given: str, **more: str) -> str:
        command(*given, store="Loja", **more)
        return str(await todo.pop()(desk.shop.context, desk.shop.store_id))

    assert "91: unknown, on 1 packages" in await run(code_commands.list_)
    said = await run(code_commands.map_, "filed", "91", "exception", reason="lost")
    assert said == "'91' of filed means exception (lost) now; 1 packages changed."
    assert "filed  91 → exception (lost), said by" in await run(code_commands.list_)
    assert await run(code_commands.patch, "filed") == (
        "code,status,reason,note\n91,exception,lost,as a store's staff mapped it"
    )
    assert "unknown again" in await run(code_commands.remove, "filed", "91")


async def test_the_patch_of_a_table_adds_what_it_does_not_have(desk: Desk) -> None:
    await put(desk, "91", "exception", "lost")
    mapped, _ = await codes(desk.shop.context, desk.shop.store_id)
    table = "code,text,status,reason,note\n00,Começo,accepted,,\n"
    assert patch_of("filed", mapped, table).splitlines()[-2:] == [
        " 00,Começo,accepted,,",
        "+91,,exception,lost,as a store's staff mapped it",
    ]
    assert patch_of("filed", mapped, table + "91,Perdido,exception,lost,\n") == ""
