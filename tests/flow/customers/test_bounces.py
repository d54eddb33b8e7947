"""In: mails that bounce at once or later; out: suppressed addresses, notices, and the lifting of both."""

import pytest

from paradeiro.connectors import discover
from paradeiro.db.customers import bounces as bounce_rows
from paradeiro.db.operations.audit import Actor
from paradeiro.db.outbox import effects
from paradeiro.domain.records import Customer, Order
from paradeiro.domain.words import NoticeKind, Outcome
from paradeiro.flow.customers import bounces, personal_data
from paradeiro.flow.customers.personal_data import CustomerQuery
from paradeiro.flow.errors import InvalidError, MissingError
from tests.connectors.tellings import fixtures
from tests.flow.conftest import ANA, Shop
from tests.flow.test_main_line import DELIVERED, MOVED, OUT, POSTED

HERE = Actor("Bia", "page", "127.0.0.1")
SAVED = {path.stem: path.read_text() for path in fixtures("email", "reports", "*")}
KEY = "3f0c8a52-7d1e-4b6f-9a34-5c2e8d7b1f60"


async def keys(shop: Shop) -> list[str]:
    """The keys of the mails that went, oldest first."""
    return [mail["key"] for mail in shop.outside.accepted("mail")]


async def comes_back(shop: Shop, report: str, key: str) -> Outcome:
    account = await bounces.mail_account(shop.context, shop.store_id)
    return (await bounces.take_report(shop.context, account, SAVED[report].replace(KEY, key).encode())).outcome


async def listed(shop: Shop) -> list[tuple[str, str]]:
    return [(s.address, s.kind) for s in await bounces.suppressions(shop.context, shop.store_id)]


async def told(shop: Shop) -> list[str]:
    return [mail["status"] for mail in shop.outside.told("mail")]


async def test_an_address_that_is_none_gets_no_more_until_a_person_says_it_is_good(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    [key] = await keys(shop)
    assert await comes_back(shop, "hard_postfix", key) is Outcome.FOUND
    assert await listed(shop) == [("ana@example.com", "hard")]
    [mail] = [e for e in await shop.effects(shipment) if e.kind == "customer_mail"]
    assert "User unknown" in mail.came_back
    [notice] = await shop.notices()
    assert notice.kind == NoticeKind.MAIL_BOUNCED
    assert "1001" in notice.message
    shop.outside.say("AA1", POSTED, MOVED)
    await shop.ask(shipment, days=1)
    assert await told(shop) == ["accepted"], "an address that bounced is not tried again"
    mail = next(e for e in await shop.effects(shipment) if e.kind == "customer_mail")
    assert mail.state == "superseded"
    assert "gets no more mail" in mail.message
    assert await comes_back(shop, "hard_google", key) is Outcome.FOUND, "told twice, known once"
    assert len(await shop.notices()) == 1
    await bounces.lift_suppression(shop.context, shop.store_id, " Ana@Example.com", HERE)
    assert await shop.notices() == []
    with pytest.raises(MissingError):
        await bounces.lift_suppression(shop.context, shop.store_id, "ana@example.com", HERE)
    shop.outside.say("AA1", POSTED, MOVED, OUT)
    await shop.ask(shipment, days=1)
    assert await told(shop) == ["accepted", "out_for_delivery"]


async def test_three_mails_in_a_row_that_were_not_taken_are_enough(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    for at, events in enumerate([(POSTED,), (POSTED, MOVED), (POSTED, MOVED, OUT)]):
        shop.outside.say("AA1", *events)
        await shop.ask(shipment, days=1)
        assert len(await keys(shop)) == at + 1
        assert await listed(shop) == []
        for report in ("soft_full_exchange", "soft_expired"):
            await comes_back(shop, report, (await keys(shop))[at])
    assert await listed(shop) == [("ana@example.com", "soft")]
    assert [n.facts["variant"] for n in await shop.notices()] == ["soft"]
    await bounces.lift_suppression(shop.context, shop.store_id, "ana@example.com")
    shop.outside.say("AA1", POSTED, MOVED, OUT, DELIVERED)
    await shop.ask(shipment, days=1)
    await comes_back(shop, "soft_expired", (await keys(shop))[-1])
    assert await listed(shop) == [], "what was forgiven counts no more"


async def test_whoever_calls_it_spam_is_left_alone_and_nobody_is_asked(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    await comes_back(shop, "complaint_sendgrid", (await keys(shop))[0])
    assert await listed(shop) == [("ana@example.com", "complaint")]
    assert await shop.notices() == []
    other = await shop.register("AA2", Order("1002", Customer("Ana", "ANA@example.com")), "NF-2")
    shop.outside.say("AA2", POSTED)
    await shop.ask(other, hours=2)
    assert len(await keys(shop)) == 1, "the address counts, not the order"


@pytest.mark.parametrize(("mode", "found"), [("nobody", [("ana@example.com", "hard")]), ("full", [])])
async def test_a_server_that_says_so_at_once_counts_too(shop: Shop, mode: str, found: list[tuple[str, str]]) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    shop.outside.fail("mail", mode)
    await shop.ask(shipment, hours=2)
    assert await listed(shop) == found
    [mail] = [e for e in await shop.effects(shipment) if e.kind == "customer_mail"]
    assert (mail.state, bool(mail.came_back)) == ("refused", True)
    kinds = [n.kind for n in await shop.notices()]
    assert kinds == [NoticeKind.MAIL_BOUNCED if found else NoticeKind.EFFECT_REFUSED], "one notice, in its words"


async def test_what_is_not_ours_suppresses_nobody(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    assert await comes_back(shop, "hard_postfix", KEY) is Outcome.FOUND, "a report, of somebody else's mail"
    assert await comes_back(shop, "nothing_vacation", (await keys(shop))[0]) is Outcome.NOT_FOUND
    [sink] = [e for e in await shop.effects(shipment) if e.kind == "order_update"][:1]
    async with shop.context.pool.connection() as connection:
        row = await (await connection.execute("SELECT key::text FROM effect WHERE id = %s", (sink.id,))).fetchone()
    assert row is not None
    assert await comes_back(shop, "hard_postfix", row[0]) is Outcome.FOUND
    assert await listed(shop) == []
    assert await shop.notices() == []


async def test_erased_customers_leave_no_address_behind(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    [key] = await keys(shop)
    await comes_back(shop, "hard_postfix", key)
    await personal_data.erase_customer(shop.context, shop.store_id, CustomerQuery(order="1001"), HERE)
    assert await listed(shop) == []
    assert await shop.notices() == []
    async with shop.context.pool.connection() as connection:
        for table in ("bounce", "suppression", "effect", "notice", "attempt", "orders"):
            rows = await (await connection.execute(f"SELECT t::text FROM {table} t")).fetchall()
            assert not [row for row in rows if "ana@example.com" in row[0].lower()], table
    assert await comes_back(shop, "hard_postfix", key) is Outcome.FOUND
    assert await listed(shop) == [], "a late report brings no address back"


async def test_another_order_of_theirs_keeps_the_address_from_mail(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    await shop.register("AA2", Order("1002", ANA), "NF-2")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    await comes_back(shop, "hard_postfix", (await keys(shop))[0])
    await personal_data.erase_customer(shop.context, shop.store_id, CustomerQuery(order="1001"), HERE)
    assert await listed(shop) == [("ana@example.com", "hard")]


async def test_how_mails_fared_is_counted(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    shop.outside.fail("mail", "doubt")
    await shop.ask(shipment, hours=2)
    shop.outside.fail("mail", "ok")
    await shop.later(minutes=5)
    await comes_back(shop, "soft_expired", (await keys(shop))[-1])
    account = await bounces.mail_account(shop.context, shop.store_id)
    found = await bounces.mail_figures(shop.context, account)
    assert (found.sent, found.doubted, found.hard, found.soft, found.suppressed) == (1, 1, 0, 1, 0)
    assert len(set(await keys(shop))) == 1, "the same mail twice, to be folded by its Message-ID"


async def test_a_slow_account_is_given_few_at_a_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = []
    plain = effects.next_heads

    async def watched(connection: object, account_id: int, *, now: object, limit: int) -> object:
        limits.append((account_id, limit))
        return await plain(connection, account_id, now=now, limit=limit)  # type: ignore[arg-type] # handed on

    monkeypatch.setattr(effects, "next_heads", watched)
    email = discover()["email"]
    assert email.pace is not None
    for text, per_minute in (("", float("inf")), ("600", 600), ("1", 2), ("x", float("inf")), ("0", float("inf"))):
        assert email.pace({"per_minute": text}) == per_minute
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    assert {limit for account, limit in limits if account == shop.accounts["mail"]} == {10}
    object.__setattr__(shop.context.connectors["mail"], "pace", lambda _: 12.0)
    limits.clear()
    shop.outside.say("AA1", POSTED, MOVED)
    await shop.ask(shipment, days=1)
    assert {limit for account, limit in limits if account == shop.accounts["mail"]} == {2}


async def test_which_account_is_meant(shop: Shop) -> None:
    with pytest.raises(MissingError, match="named"):
        await bounces.mail_account(shop.context, shop.store_id, "other")
    account = await bounces.mail_account(shop.context, shop.store_id, "mail")
    object.__setattr__(shop.context.connectors["mail"], "read_report", None)
    with pytest.raises(InvalidError):
        await bounces.take_report(shop.context, account, b"")
    async with shop.context.pool.connection() as connection:
        assert await bounce_rows.suppressed_addresses(connection, shop.store_id, [""]) == {}
