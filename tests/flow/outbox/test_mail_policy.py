"""In: packages that move, wait or arrive at all hours; out: the mails sent, and when."""

# It is 9:00 in São Paulo when a test begins.
from dataclasses import replace
from datetime import time

import pytest

from paradeiro.db.outbox import mail_state
from paradeiro.db.pool import transaction
from paradeiro.domain.outbox.mail_policy import MailPolicy
from paradeiro.domain.words import MailKind, NoticeKind
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.outbox.mail_policy import mail_policy, set_mail_policy, set_template
from paradeiro.flow.outbox.reminders import remind_all
from tests.flow.conftest import Shop

POSTED = ("PO", "2026-11-02T13:00:00+00:00", "Santos")
WAITS = ("LDI", "2026-11-03T13:00:00+00:00", "Itu")  # until the 10th
PICKED_UP = ("BDE", "2026-11-08T10:00:00+00:00", "Itu")


def moved(at: str, city: str) -> tuple[str, str, str]:
    return ("RO", f"2026-11-0{at}:00+00:00", city)


def mails(shop: Shop) -> list[tuple[str, str]]:
    return [(m["kind"], m["status"]) for m in shop.outside.told("mail")]


async def test_a_mail_at_night_waits_for_the_morning_and_says_the_newest(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", ("PO", "2026-11-03T00:30:00+00:00", "Santos"))
    await shop.ask(shipment, hours=13)  # 22:00
    assert mails(shop) == []
    [waiting] = [e for e in await shop.effects(shipment) if e.kind == "customer_mail"]
    assert (waiting.state, waiting.attempts) == ("pending", 0)
    assert "08:00" in waiting.message
    shop.outside.say("AA1", ("PO", "2026-11-03T00:30:00+00:00", "Santos"), moved("3T03:00", "Itu"))
    await shop.ask(shipment, hours=3)
    await shop.later(hours=6, minutes=59)
    assert mails(shop) == []
    await shop.later(minutes=2)
    assert mails(shop) == [("customer_mail", "in_transit")]


async def test_a_delivery_is_reported_at_night_too(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", ("BDE", "2026-11-03T00:30:00+00:00", "Itu"))
    await shop.ask(shipment, hours=13)
    assert mails(shop) == [("customer_mail", "delivered")]


async def test_a_package_that_moves_all_day_is_one_mail_a_day(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    events = [moved("2T13:00", "Santos")]
    for event in (moved("2T15:00", "Itu"), moved("2T17:00", "Jundiaí"), moved("2T19:00", "Piracicaba")):
        shop.outside.say("AA1", *events)
        await shop.ask(shipment, hours=2)
        events.append(event)
    assert mails(shop) == [("customer_mail", "in_transit")]
    await shop.later(hours=17)
    assert mails(shop) == [("customer_mail", "in_transit")] * 2
    assert shop.outside.told("mail")[-1]["city"] == "Jundiaí"


async def waiting_package(shop: Shop) -> int:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, WAITS)
    await shop.ask(shipment, days=1, hours=4)
    return shipment


async def test_a_reminder_is_made_once_two_days_before_the_last(shop: Shop) -> None:
    await waiting_package(shop)
    shop.clock.forward(days=4)  # the 7th: three days are left
    assert await remind_all(shop.context) == 0
    shop.clock.forward(days=1)
    assert await remind_all(shop.context) == 1
    assert await remind_all(shop.context) == 0
    await shop.run()
    assert mails(shop) == [("customer_mail", "available_for_pickup"), ("customer_reminder", "available_for_pickup")]
    shop.clock.forward(days=1)
    assert await remind_all(shop.context) == 0


async def test_who_picked_it_up_meanwhile_is_not_reminded(shop: Shop) -> None:
    shipment = await waiting_package(shop)
    shop.outside.fail("mail", "retry")
    shop.clock.forward(days=5)
    assert await remind_all(shop.context) == 1
    shop.outside.say("AA1", POSTED, WAITS, PICKED_UP)
    await shop.ask(shipment)
    shop.outside.fail("mail", "ok")
    await shop.later(hours=2)
    assert mails(shop)[1:] == [("customer_mail", "delivered")]


async def test_a_reminder_that_is_not_true_any_more_is_given_up(shop: Shop) -> None:
    shipment = await waiting_package(shop)
    shop.clock.forward(days=5)
    assert await remind_all(shop.context) == 1
    shop.clock.forward(days=4)
    await shop.run()
    assert [m for m, _ in mails(shop)] == ["customer_mail"]
    [given_up] = [e for e in await shop.effects(shipment) if e.kind == "customer_reminder"]
    assert given_up.state == "superseded"


async def test_what_a_store_leaves_out_is_not_mailed(shop: Shop) -> None:
    quiet = MailPolicy(unsent=frozenset({MailKind.SHIPPED, MailKind.PICKUP_REMINDER}), quiet_from=time(22))
    await set_mail_policy(shop.context, shop.store_id, quiet)
    assert await mail_policy(shop.context, shop.store_id) == quiet
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    shop.outside.say("AA1", POSTED, WAITS)
    await shop.ask(shipment, days=1)
    shop.clock.forward(days=5)
    assert await remind_all(shop.context) == 0
    assert mails(shop) == [("customer_mail", "available_for_pickup")]
    with pytest.raises(InvalidError, match="always sent"):
        await set_mail_policy(shop.context, shop.store_id, replace(quiet, unsent=frozenset({MailKind.CORRECTION})))


async def test_a_layout_that_fails_is_said_once_and_the_mail_goes(shop: Shop) -> None:
    async with transaction(shop.context.pool) as connection:
        await mail_state.put_template(connection, shop.store_id, "html", "broken", now=shop.clock())
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    shop.outside.say("AA1", POSTED, WAITS)
    await shop.ask(shipment, days=1)
    assert len(mails(shop)) == 2
    [notice] = [n for n in await shop.notices() if n.kind == NoticeKind.TEMPLATE_FAILED]
    assert notice.facts["why"] == "line 1: it is broken"
    with pytest.raises(InvalidError, match="line 1: it is broken"):
        await set_template(shop.context, shop.store_id, "html", "broken")
    await set_template(shop.context, shop.store_id, "html", "")
    assert not [n for n in await shop.notices() if n.kind == NoticeKind.TEMPLATE_FAILED and n.resolved_at is None]
