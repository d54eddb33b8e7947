"""Proofs of delivery: fetched once where the service has them, looked for again for days, and then given up, visibly."""

import asyncio
import base64
from datetime import timedelta

import pytest

from paradeiro.db import proofs
from paradeiro.db.pool import transaction
from paradeiro.db.proofs import ProofLine, WishLine
from paradeiro.domain.pictures import LARGEST, content_type
from paradeiro.domain.words import Source
from paradeiro.flow.prove import prove
from paradeiro.flow.statements import confirm_delivery, reopen
from tests.flow.conftest import Shop
from tests.flow.test_main_line import DELIVERED, OUT, POSTED

PNG = b"\x89PNG\r\n\x1a\nmade for the test"
JPEG = b"\xff\xd8\xff\xe0made for the test"


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def kept(shop: Shop, shipment: int) -> list[ProofLine]:
    async with shop.means.pool.connection() as connection:
        return await proofs.kept(connection, [shipment])


async def wish(shop: Shop, shipment: int) -> WishLine | None:
    async with shop.means.pool.connection() as connection:
        return next(iter(await proofs.wishes(connection, [shipment])), None)


async def on_its_way(shop: Shop, kinds: str = "receipt") -> int:
    shipment = await shop.register("AA1")
    shop.outside.promise("AA1", kinds, POSTED, OUT)
    await shop.ask(shipment, days=1)
    return shipment


async def delivered(shop: Shop, kinds: str = "receipt") -> int:
    shipment = await on_its_way(shop, kinds)
    shop.outside.promise("AA1", kinds, POSTED, OUT, DELIVERED)
    await shop.ask(shipment, hours=3)
    assert (await shop.kept(shipment)).shipment.snapshot.delivered
    return shipment


async def state(shop: Shop, shipment: int) -> str:
    found = await wish(shop, shipment)
    assert found is not None
    return found.state


async def test_it_is_fetched_once_after_the_delivery(shop: Shop) -> None:
    shop.outside.prove("AA1", ("receipt", b64(PNG)))
    shipment = await on_its_way(shop)
    assert (await state(shop, shipment), shop.outside.wanted()) == ("awaited", []), "not before the delivery"
    shop.outside.promise("AA1", "receipt", POSTED, OUT, DELIVERED)
    await shop.ask(shipment, hours=3)
    (line,) = await kept(shop, shipment)
    assert (line.kind, line.content_type, line.size, line.comment) == ("receipt", "image/png", len(PNG), "RECEBEDOR")
    for _ in range(10):
        await shop.later(hours=20)
    assert shop.outside.wanted() == ["AA1"]
    assert await state(shop, shipment) == "kept"


async def test_a_service_without_proofs_is_not_asked(shop: Shop) -> None:
    shipment = await delivered(shop, "")
    await shop.later(days=1)
    assert await wish(shop, shipment) is None
    assert shop.outside.wanted() == []


async def test_it_is_looked_for_again_ever_later_and_found(shop: Shop) -> None:
    shipment = await delivered(shop)
    since, moments = shop.clock(), [timedelta(0)]
    for _ in range(40):
        await shop.later(minutes=30)
        if len(shop.outside.wanted()) > len(moments):
            moments.append(shop.clock() - since)
    hours = [moment / timedelta(hours=1) for moment in moments]
    assert hours == [0, 1, 7]
    shop.outside.prove("AA1", ("receipt", b64(JPEG)))
    await shop.later(days=1)
    assert [line.content_type for line in await kept(shop, shipment)] == ["image/jpeg"]


async def test_in_the_end_it_is_given_up_and_that_is_seen(shop: Shop) -> None:
    shipment = await delivered(shop)
    for _ in range(30):
        await shop.later(hours=6)
    assert shop.outside.wanted() == ["AA1"] * 5
    found = await wish(shop, shipment)
    assert found is not None
    assert (found.state, found.due_at, found.message) == ("given_up", None, "not yet")


async def test_what_is_being_prepared_is_fetched_a_minute_later(shop: Shop) -> None:
    shop.outside.fail("proofs", "preparing")
    shop.outside.prove("AA1", ("receipt", b64(PNG)))
    shipment = await delivered(shop)
    assert await kept(shop, shipment) == []
    await shop.later(minutes=1)
    assert len(await kept(shop, shipment)) == 1


async def test_what_the_service_promises_beside_it_is_looked_for_too(shop: Shop) -> None:
    shop.outside.prove("AA1", ("receipt", b64(PNG)))
    shipment = await delivered(shop, "receipt,photo")
    assert (await state(shop, shipment), len(await kept(shop, shipment))) == ("awaited", 1)
    shop.outside.prove("AA1", ("receipt", b64(PNG)), ("photo", b64(JPEG)))
    await shop.later(hours=1)
    assert [line.kind for line in await kept(shop, shipment)] == ["receipt", "photo"], "twice is once"
    assert await state(shop, shipment) == "kept"


async def test_a_withdrawn_delivery_is_not_asked_about_and_the_next_one_is(shop: Shop) -> None:
    shipment = await delivered(shop)
    await reopen(shop.means, shop.store_id, shipment, why="não chegou", source=Source.OPERATOR, author="Bia")
    for _ in range(4):
        await shop.later(days=1)
    assert shop.outside.wanted() == ["AA1"]
    assert shop.outside.asked()[-1] == ["AA1"], "the queue still runs"
    await confirm_delivery(shop.means, shop.store_id, shipment, source=Source.OPERATOR, author="Bia")
    await shop.run()
    assert shop.outside.wanted() == ["AA1"] * 2


async def test_a_delivery_that_a_person_confirmed_has_its_proof_too(shop: Shop) -> None:
    shop.outside.prove("AA1", ("receipt", b64(PNG)))
    shipment = await on_its_way(shop)
    await confirm_delivery(shop.means, shop.store_id, shipment, source=Source.OPERATOR, author="Bia")
    await shop.run()
    assert len(await kept(shop, shipment)) == 1


@pytest.mark.parametrize(("how", "account"), [("retry", "outage"), ("auth", "paused")])
async def test_an_account_in_trouble_leaves_it_due(shop: Shop, how: str, account: str) -> None:
    shop.outside.prove("AA1", ("receipt", b64(PNG)))
    shop.outside.fail("proofs", how)
    shipment = await delivered(shop)
    assert (await shop.account("posta")).state == account
    assert (await state(shop, shipment), await kept(shop, shipment)) == ("awaited", [])
    shop.outside.fail("proofs", "ok")
    await shop.later(hours=2)
    assert len(await kept(shop, shipment)) == 1
    assert (await shop.account("posta")).state == "ok"


async def test_a_fault_of_this_interface_alone_stops_nothing_else(shop: Shop) -> None:
    shop.outside.fail("proofs", "500")
    shipment = await delivered(shop)
    assert (await shop.account("posta")).state == "ok"
    found = await wish(shop, shipment)
    assert found is not None
    assert (found.state, found.tries, found.message) == ("awaited", 1, "HTTP 500")


@pytest.mark.parametrize("content", [b"<html>", b"<svg onload=x>", b"MZ", b"\x89PNG\r\n\x1a\n" + b"0" * LARGEST])
async def test_what_is_no_picture_or_too_large_is_not_kept(shop: Shop, content: bytes) -> None:
    shop.outside.prove("AA1", ("receipt", b64(content)), ("photo", b64(PNG)))
    shipment = await delivered(shop)
    assert [line.kind for line in await kept(shop, shipment)] == ["photo"]
    found = await wish(shop, shipment)
    assert found is not None
    assert found.message == "1 not readable as a picture of at most 5 MB"


async def test_no_more_than_twenty_of_a_shipment(shop: Shop) -> None:
    shop.outside.prove("AA1", *(("photo", b64(PNG + bytes([n]))) for n in range(30)))
    shipment = await delivered(shop)
    assert len(await kept(shop, shipment)) == 20
    assert await state(shop, shipment) == "kept"


async def test_killed_between_fetch_and_store_it_is_fetched_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.outside.prove("AA1", ("receipt", b64(PNG)))

    async def die(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr("paradeiro.flow.prove._settle", die)
        with pytest.raises(asyncio.CancelledError):
            await delivered(shop)
    shipment = 1
    assert shop.outside.wanted() == ["AA1"]
    await prove(shop.means, shop.accounts["posta"])
    assert shop.outside.wanted() == ["AA1"], "it is still somebody's"
    await shop.later(minutes=11)
    assert len(await kept(shop, shipment)) == 1


async def test_two_workers_fetch_it_once(shop: Shop) -> None:
    shipment = await on_its_way(shop)
    shop.outside.prove("AA1", ("receipt", b64(PNG)))
    await confirm_delivery(shop.means, shop.store_id, shipment, source=Source.OPERATOR, author="Bia")
    await asyncio.gather(*(prove(shop.means, shop.accounts["posta"]) for _ in range(4)))
    assert shop.outside.wanted() == ["AA1"]


async def test_who_took_too_long_writes_nothing_over(shop: Shop) -> None:
    shipment = await on_its_way(shop)
    await confirm_delivery(shop.means, shop.store_id, shipment, source=Source.OPERATOR, author="Bia")
    account = shop.accounts["posta"]
    lease = shop.clock() + timedelta(minutes=10)
    async with transaction(shop.means.pool) as connection:
        (mine,) = await proofs.claim_due(connection, account, now=shop.clock(), lease=lease, limit=9)
    await reopen(shop.means, shop.store_id, shipment, why="x", source=Source.OPERATOR, author="Bia")
    await confirm_delivery(shop.means, shop.store_id, shipment, source=Source.OPERATOR, author="Bia")
    async with transaction(shop.means.pool) as connection:
        ended = proofs.Fetched(mine.shipment_id, proofs.ProofState.KEPT, None, 1)
        await proofs.settle(connection, [ended], lease=lease)
    assert await state(shop, shipment) == "awaited", "the second delivery has proofs of its own"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (b"GIF89a...", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b"%PDF-1.7", "application/pdf"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
        (b"<svg xmlns", None),
        (b"", None),
    ],
)
def test_a_picture_is_what_its_bytes_say(content: bytes, said: str | None) -> None:
    assert content_type(content) == said
