"""One bad row is set aside alone, with a notice and a way back; the rows beside it go on in the same minute."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace

import httpx
import pytest
import structlog

from paradeiro.app import real_clock
from paradeiro.db.accounts import stores
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import Notice
from paradeiro.db.pool import as_owner, transaction
from paradeiro.domain.records import Customer, Order
from paradeiro.domain.words import NoticeKind, PartyKind, Status
from paradeiro.worker.maintenance import maintain
from tests.flow.conftest import ANA, Shop, shop
from tests.flow.test_main_line import MOVED, POSTED
from tests.web.apps import create_app
from tests.web.signing_in import enter

__all__ = ["shop"]
BAD = "(SELECT id FROM orders WHERE number = '1002')"
FIRST_EFFECT = f"UPDATE effect SET %s WHERE order_id = {BAD} AND kind = 'tracking_number'"
MAILS = "UPDATE account SET %s WHERE name = 'mail'"


@dataclass(frozen=True)
class Poison:
    """What is written into a row, how it is mended, and what the notice is about: nothing if it does no harm at all."""

    write: str
    mend: str = ""
    about: str = ""


SHIPMENT = "UPDATE shipment SET %s WHERE tracking_code = 'AA2'"
ORDER = "UPDATE orders SET %s WHERE number = '1002'"
POISONS = {
    "a snapshot of another shape": Poison(
        SHIPMENT % """snapshot = '{"status": 7}'""", SHIPMENT % "snapshot = '{}'", "shipment"
    ),
    "an invoice of another shape": Poison(
        SHIPMENT % "invoice = '[1]'", SHIPMENT % """invoice = '{"number": "NF-1"}'""", "shipment"
    ),
    "a status of a newer version": Poison(
        SHIPMENT % "status = 'teleported'", SHIPMENT % "status = 'registered'", "shipment"
    ),
    "an estimate that no zone has": Poison(
        SHIPMENT % """snapshot = '{"status": "registered", "estimate": "0001-01-01T00:00:00Z"}'"""
    ),
    "a carrier that is gone": Poison(SHIPMENT % "carrier = 'gone'"),
    "a day of registration that no calendar has": Poison(
        SHIPMENT % "registered_at = '12026-01-01'", SHIPMENT % "registered_at = '2026-11-02 12:00Z'", "reply"
    ),
    "a promise beyond year 9999": Poison(ORDER % "promised_at = '10000-01-01 11:59Z', ordered_at = 'infinity'"),
    "a promise of year 1": Poison(ORDER % "promised_at = '0001-01-01 00:00Z', ordered_at = '4000-01-01 BC'"),
    "an effect of a newer version": Poison(
        FIRST_EFFECT % "kind = 'hologram'",
        f"UPDATE effect SET kind = 'tracking_number' WHERE order_id = {BAD} AND kind = 'hologram'",
        "effect",
    ),
    "a request that cannot be opened": Poison(
        FIRST_EFFECT % r"request = '\x00ff'", FIRST_EFFECT % "request = NULL", "effect"
    ),
    "a template that raises": Poison(ORDER % "customer_name = 'Unspeakable'", ORDER % "customer_name = ''", "effect"),
    "settings of another shape": Poison(MAILS % "settings = '[1]'", MAILS % "settings = '{}'", "account"),
    "a connector that is gone": Poison(MAILS % "connector = 'gone'", MAILS % "connector = 'mail'", "account"),
    "a look of another version": Poison(
        "INSERT INTO brand (store_id, accent, font, footer, email, phone, site, logo_type, logo_width, logo_height) "
        "VALUES (1, 'ultraviolet', '', '', '', '', '', '', 0, 0)"
    ),
    "a layout's part of another version": Poison("INSERT INTO mail_template VALUES (1, 'amp', 'x', '2026-11-02')"),
    "facts of another shape": Poison(
        "INSERT INTO notice (store_id, kind, subject, message, facts, opened_at, last_seen_at) "
        "VALUES (1, 'teleported', 'x', 'x', '[1]', '2026-11-02', '2026-11-02')"
    ),
    "a baseline of another shape": Poison(
        "INSERT INTO contract_watch (account_id, store_id, baseline) VALUES (1, 1, '[1]')", "", "watch"
    ),
    "a proof of another version": Poison(
        "INSERT INTO proof_search (shipment_id, kind, store_id, next_try, wanted_at) "
        "SELECT id, 'hologram', 1, '2026-11-02', '2026-11-02' FROM shipment WHERE tracking_code = 'AA2'"
    ),
    "hints and pushes of no time": Poison(
        "INSERT INTO order_hint VALUES (2, 1, '1003', '-infinity', '20000-01-01'); "
        "INSERT INTO push (store_id, account_id, digest, outcome, about, body, received_at) "
        "VALUES (1, 1, '', 'teleported', '{AA2}', '', '20000-01-01')"
    ),
    "a stated invoice of another shape": Poison(
        """INSERT INTO stated_invoice SELECT 1, id, 'X', false,
               '{"items": 3, "value": "many", "issued_at": "soon"}', 'erp', '2026-11-02'
           FROM orders WHERE number = '1002'"""
    ),
}


@pytest.fixture(autouse=True)
def plain_log() -> Iterator[None]:
    """Traces without what was in every variable: drawing those takes seconds."""
    structlog.configure(processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])
    yield
    structlog.reset_defaults()


# Rows of before the database refused them (migration 0019) are still there.
BEFORE_BOUNDS = """
    DO $$ DECLARE each record; BEGIN
        FOR each IN SELECT conrelid::regclass AS of, conname FROM pg_constraint
                    WHERE contype = 'c' AND conname ~ '_(instants|value|number)$'
        LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', each.of, each.conname); END LOOP; END $$"""


async def run_sql(shop: Shop, sql: str) -> None:
    async with transaction(shop.context.pool) as connection, as_owner(connection):
        await connection.execute(sql.encode())


async def set_aside(shop: Shop) -> list[Notice]:
    return [n for n in await shop.notices() if n.kind == NoticeKind.SET_ASIDE]


async def end(shop: Shop, found: list[Notice]) -> None:
    """The button of these notices."""
    async with transaction(shop.context.pool) as connection:
        for notice in found:
            assert await notices.resolve_notice(connection, shop.store_id, notice.id, by="Ana", now=shop.clock())


async def statuses(shop: Shop) -> dict[str, str]:
    async with shop.context.pool.connection() as connection:
        rows = await connection.execute("SELECT tracking_code, status FROM shipment ORDER BY id")
        return {row[0]: row[1] async for row in rows}


def told(shop: Shop, party: str) -> set[str]:
    return {line["order"] for line in shop.outside.told(party)}


@pytest.fixture
async def browser(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with transaction(shop.context.pool) as connection:
        await stores.add_api_key(
            connection, shop.store_id, name="Bia", key="pk_bia", scopes=["read", "write"], now=shop.clock()
        )
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    headers = {"X-API-Key": "pk_bia", "X-VTEX-API-AppKey": "vtexappkey-x-ABCDEF", "X-VTEX-API-AppToken": "pk_bia"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        await enter(client, shop.context, shop.store_id)
        yield client


async def pages(shop: Shop, browser: httpx.AsyncClient) -> dict[str, int]:
    """What each page answers that shows the poisoned row among others."""
    async with shop.context.pool.connection() as connection:
        tokens = [r[0] async for r in await connection.execute("SELECT tracking_token FROM shipment")]
    paths = ["/", "/orders/1001", "/orders/1002", "/notices", "/accounts", "/api/v1/orders", "/api/v1/shipments"]
    paths += ["/api/oms/pvt/orders", "/api/v1/notices", "/api/v1/accounts", *(f"/t/{token}" for token in tokens)]
    return {path: (await browser.get(path)).status_code for path in paths}


@pytest.mark.parametrize("name", POISONS)
async def test_the_rows_beside_a_poisoned_one_go_on_and_it_comes_back_once_mended(
    shop: Shop, browser: httpx.AsyncClient, name: str
) -> None:
    poison = POISONS[name]
    await shop.register("AA1", Order("1001", ANA))
    await shop.register("AA2", Order("1002", ANA))
    for code in ("AA1", "AA2"):
        shop.outside.say(code, POSTED)
    await run_sql(shop, BEFORE_BOUNDS)
    await run_sql(shop, poison.write)
    await shop.later(minutes=1)
    assert await maintain(shop.context)
    assert (await statuses(shop))["AA1"] == Status.ACCEPTED
    assert "1001" in told(shop, "loja")
    assert ("1001" in told(shop, "mail")) is (poison.about != "account"), "nobody else waits for it"
    found = await set_aside(shop)
    assert {n.facts["variant"] for n in found} == ({poison.about} if poison.about else set())
    assert set((await pages(shop, browser)).values()) == {200}
    seen = {n.id: n.seen for n in found}
    await shop.later(minutes=1)
    assert {n.id: n.seen for n in await set_aside(shop)} == seen, "told once, not every second"
    if poison.mend:
        await run_sql(shop, poison.mend)
    await end(shop, found)
    await shop.later(minutes=5)
    assert await statuses(shop) == {"AA1": "accepted", "AA2": "accepted"}
    assert told(shop, "loja") == told(shop, "mail") == {"1001", "1002"}, "nothing was lost"
    assert await set_aside(shop) == []


async def test_the_button_and_the_api_try_again(shop: Shop, browser: httpx.AsyncClient) -> None:
    await shop.register("AA2", Order("1002", ANA))
    shop.outside.say("AA2", POSTED)
    await run_sql(shop, SHIPMENT % "snapshot = '[1]'")
    await shop.later(minutes=1)
    page = (await browser.get("/notices")).text
    assert "Tentar de novo" in page
    assert "AA2 (1002)" in page
    found = await set_aside(shop)
    assert (await browser.post(f"/api/v1/notices/{found[0].id}/resolve")).status_code == 200
    await shop.later(minutes=5)
    again = await set_aside(shop)
    assert [n.id for n in again] != [n.id for n in found], "it was tried, and it is as it was"
    await run_sql(shop, SHIPMENT % "snapshot = '{}'")
    form = re.search(r'name="form" value="([^"]+)"', page)
    assert form is not None
    assert (await browser.post(f"/notices/{again[0].id}/resolve", data={"form": form[1]})).status_code == 303
    await shop.later(minutes=5)
    assert await statuses(shop) == {"AA2": "accepted"}


async def test_what_follows_a_message_that_cannot_be_made_waits_behind_it(shop: Shop) -> None:
    """Never out of order: the order's next message comes after it, once it is mended."""
    await shop.register("AA2", Order("1002", ANA))
    await run_sql(shop, FIRST_EFFECT % "kind = 'hologram'")
    shop.outside.say("AA2", POSTED)
    await shop.later(minutes=1)
    assert told(shop, "loja") == set()
    assert told(shop, "mail") == {"1002"}, "another party's messages are no successors"
    await run_sql(shop, POISONS["an effect of a newer version"].mend)
    await end(shop, await set_aside(shop))
    await shop.later(minutes=1)
    assert [line["kind"] for line in shop.outside.told("loja")] == ["tracking_number", "order_update"]


async def test_a_reply_that_cannot_be_opened_is_left_alone_and_recorded_once_mended(shop: Shop) -> None:
    ids = [await shop.register(code, Order(f"100{n}", ANA)) for n, code in enumerate(("AA1", "AA2"), 1)]
    for code in ("AA1", "AA2"):
        shop.outside.say(code, POSTED)
    await shop.later(minutes=1)
    await run_sql(
        shop, "UPDATE reply SET recorded_at = NULL, compression = compression + 50 WHERE tracking_code = 'AA2'"
    )
    shop.outside.say("AA1", POSTED, MOVED)
    await shop.ask(ids[0], minutes=30)
    assert (await statuses(shop))["AA1"] == Status.IN_TRANSIT
    found = await set_aside(shop)
    assert [n.facts["variant"] for n in found] == ["reply"]
    assert "AA2" in found[0].facts["names"]
    await run_sql(shop, "UPDATE reply SET compression = compression - 50 WHERE tracking_code = 'AA2'")
    await end(shop, found)
    await shop.later(minutes=2)
    async with shop.context.pool.connection() as connection:
        row = await (await connection.execute("SELECT count(*) FROM reply WHERE recorded_at IS NULL")).fetchone()
    assert row == (0,)
    assert await set_aside(shop) == []


async def test_an_event_of_another_shape_holds_its_package_only(shop: Shop, browser: httpx.AsyncClient) -> None:
    ids = [await shop.register(code, Order(f"100{n}", ANA)) for n, code in enumerate(("AA1", "AA2"), 1)]
    for code in ("AA1", "AA2"):
        shop.outside.say(code, POSTED)
    await shop.later(minutes=1)
    await run_sql(
        shop,
        "CREATE TABLE before AS SELECT id, body FROM tracking_event; "
        f"UPDATE tracking_event SET body = '[1]' WHERE shipment_id = {ids[1]}",
    )
    for code in ("AA1", "AA2"):
        shop.outside.say(code, POSTED, MOVED)
    await run_sql(shop, "UPDATE shipment SET next_check = '2026-11-02 12:00Z'")
    await shop.later(minutes=30)
    assert (await statuses(shop)) == {"AA1": "in_transit", "AA2": "accepted"}
    assert [n.facts["variant"] for n in await set_aside(shop)] == ["reply"]
    assert set((await pages(shop, browser)).values()) == {200}
    await run_sql(shop, "UPDATE tracking_event e SET body = b.body FROM before b WHERE b.id = e.id")
    await end(shop, await set_aside(shop))
    await shop.later(minutes=2)
    assert (await statuses(shop)) == {"AA1": "in_transit", "AA2": "in_transit"}


async def test_a_package_that_breaks_the_connector_is_found_in_its_batch(shop: Shop) -> None:
    for n, code in enumerate(("AA1", "AA2", "AA3"), 1):
        await shop.register(code, Order(f"100{n}", ANA))
        shop.outside.say(code, POSTED)
    shop.outside.fail("carrier", "broken-if-AA2")
    await shop.later(minutes=1)
    assert await statuses(shop) == {"AA1": "accepted", "AA2": "registered", "AA3": "accepted"}
    assert [n.facts["names"] for n in await set_aside(shop)] == ["AA2 (1002)"]
    shop.outside.fail("carrier", "ok")
    await end(shop, await set_aside(shop))
    await shop.later(minutes=5)
    assert (await statuses(shop))["AA2"] == Status.ACCEPTED


async def test_a_message_that_breaks_the_sending_is_one_message_s_trouble(shop: Shop) -> None:
    shop.outside.fail("mail", "broken-if-1002")
    for n, code in enumerate(("AA1", "AA2"), 1):
        await shop.register(code, Order(f"100{n}", ANA))
        shop.outside.say(code, POSTED)
    await shop.later(minutes=1)
    assert told(shop, "mail") == {"1001"}
    assert (await shop.account("mail")).state == "ok"
    shop.outside.fail("mail", "ok")
    await shop.later(minutes=5)
    assert told(shop, "mail") == {"1001", "1002"}


async def other_store(shop: Shop) -> int:
    """A second store with a package that waits to be picked up, as the first one has."""
    async with transaction(shop.context.pool) as connection:
        store_id = await stores.add_store(connection, "Outra", now=shop.clock())
        for name, kind in (("posta", PartyKind.CARRIER), ("mail", PartyKind.MAIL)):
            await stores.put_account(
                connection, store_id, connector=name, kind=kind, name=f"outra {name}", settings={}, secrets={},
                key=shop.context.secret_key, now=shop.clock(),
            )  # fmt: skip
    other = replace(shop, store_id=store_id)
    await other.register("BB1", Order("2001", Customer("Bia", "bia@example.com")))
    return store_id


async def reminded(shop: Shop) -> set[str]:
    async with shop.context.pool.connection() as connection:
        sql = "SELECT o.number FROM effect e JOIN orders o ON o.id = e.order_id WHERE e.kind = 'customer_reminder'"
        return {row[0] async for row in await connection.execute(sql)}


WAITING = """UPDATE shipment SET status = 'available_for_pickup', snapshot = '{"status": "available_for_pickup",
    "pickup_deadline": "2026-11-04", "since": "2026-10-29T12:00:00Z"}'"""


@pytest.mark.parametrize(
    ("write", "mend"),
    [
        ("""UPDATE store SET policy = '{"mail": 5}' WHERE name = 'Outra'""", "UPDATE store SET policy = '{}'"),
        (
            "UPDATE shipment SET snapshot = snapshot || '{\"status\": 7}' WHERE tracking_code = 'BB1'",
            'UPDATE shipment SET snapshot = snapshot || \'{"status": "available_for_pickup"}\'',
        ),
    ],
)
async def test_one_store_s_trouble_keeps_no_other_store_from_its_reminders_and_upkeep(
    shop: Shop, write: str, mend: str
) -> None:
    await shop.register("AA1", Order("1001", ANA))
    store_id = await other_store(shop)
    await run_sql(shop, f"{WAITING}; {write}")
    assert await maintain(shop.context)
    assert await reminded(shop) == {"1001"}
    async with shop.context.pool.connection() as connection:
        found = [n for n in await notices.notices(connection, store_id) if n.kind == NoticeKind.SET_ASIDE]
    assert len(found) == 1
    await run_sql(shop, mend)
    await end(replace(shop, store_id=store_id), found)
    assert await maintain(shop.context)
    assert await reminded(shop) == {"1001", "2001"}


async def test_a_deadline_that_is_no_date_ends_no_round_of_reminders(shop: Shop) -> None:
    await shop.register("AA1", Order("1001", ANA))
    await shop.register("AA2", Order("1002", ANA))
    odd = 'snapshot = snapshot || \'{"pickup_deadline": "9999-99-99"}\''
    await run_sql(shop, f"{WAITING}; {SHIPMENT % odd}")
    assert await maintain(shop.context)
    assert await reminded(shop) == {"1001"}


async def test_a_step_of_the_upkeep_that_fails_keeps_no_other_from_being_done(shop: Shop) -> None:
    await run_sql(
        shop,
        "INSERT INTO uploaded_table (store_id, name, content, actor, created_at)"
        " VALUES (1, 'x', '', 'x', '2020-01-01')",
    )
    await run_sql(shop, "ALTER TABLE push RENAME TO push_of_another_version")
    assert not await maintain(shop.context)
    async with shop.context.pool.connection() as connection:
        row = await (await connection.execute("SELECT count(*) FROM uploaded_table")).fetchone()
    assert row == (0,), "the step after it was done"


async def test_credentials_that_cannot_be_opened_stop_their_account_only(shop: Shop) -> None:
    await shop.register("AA1", Order("1001", ANA))
    shop.outside.say("AA1", POSTED)
    async with transaction(shop.context.pool) as connection:
        row = await (await connection.execute("SELECT secrets FROM account WHERE name = 'loja'")).fetchone()
        await connection.execute("UPDATE account SET secrets = 'no secret' WHERE name = 'loja'")
    await shop.later(minutes=1)
    assert told(shop, "mail") == {"1001"}
    found = await set_aside(shop)
    assert [n.facts["names"] for n in found] == ["loja"]
    assert "PARADEIRO_SECRET_KEY" in found[0].message
    async with transaction(shop.context.pool) as connection:
        assert row is not None
        await connection.execute("UPDATE account SET secrets = %s WHERE name = 'loja'", (row[0],))
    await end(shop, found)
    await shop.later(minutes=1)
    assert [line["kind"] for line in shop.outside.told("loja")] == ["tracking_number", "order_update"], "nothing lost"


async def test_many_rows_that_fail_alike_are_one_notice(shop: Shop) -> None:
    for n in range(1, 15):
        await shop.register(f"AA{n}", Order(f"10{n:02}", Customer("Unspeakable", "ana@example.com")))
    await shop.register("AB1", Order("1100", ANA))
    await shop.later(minutes=1)
    assert told(shop, "loja") == {"1100"}, "it is not behind the first ten"
    found = await set_aside(shop)
    assert [(n.facts["count"], n.facts["variant"]) for n in found] == [("14", "effect")]
