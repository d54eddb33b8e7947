"""Each marketplace gets the carrier as its own list names it; a tracking source is never a carrier."""

import json
from collections.abc import Mapping
from dataclasses import replace

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.cli.accounts.accounts import make_key
from paradeiro.cli.outbox.carrier_commands import table_output
from paradeiro.connectors.vtex_marketplace.render import render as vtex_render
from paradeiro.domain.outbox.carrier_tables import CarrierEntry, CarrierTable, OtherCarrier
from paradeiro.domain.records import Invoice, Message
from paradeiro.domain.words import EffectKind, NoticeKind
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.flow.outbox import carrier_tables
from paradeiro.sdk.contract import Request
from paradeiro.sdk.wording.notices import notice_sentence
from tests.flow.conftest import Shop
from tests.flow.parties import render
from tests.flow.test_main_line import SOLD_ELSEWHERE
from tests.web.apps import create_app

AA_BR = "AA123456785BR"


def _rendered(outgoing: Message, settings: Mapping[str, str]) -> Request:
    """What the small marketplace is told, with the number as VTEX's two protocols have it."""
    request = render(outgoing, settings)
    if outgoing.kind is not EffectKind.MARKETPLACE_TRACKING_NUMBER:
        return request
    bodies = [json.loads(vtex_render(outgoing, how).body) for how in ({}, {"protocol": "connector"})]
    body = json.loads(request.body) | {"seller": bodies[0]["courier"], "connector": bodies[1]["courier"]}
    return replace(request, body=json.dumps(body).encode())


@pytest.fixture
def there(shop: Shop) -> Shop:
    known = dict(shop.context.connectors)
    known["canal"] = replace(known["canal"], render=_rendered)
    known["correios"] = replace(known["posta"], name="correios", title="Correios", recognises_courier=None)
    return replace(shop, context=replace(shop.context, connectors=known))


async def sent(shop: Shop, carrier: str, courier: str = "", code: str = AA_BR, number: str = "2001") -> list[object]:
    """The courier that both protocols of VTEX are told."""
    order = replace(SOLD_ELSEWHERE, number=number)
    stated = Registration(order, carrier, code, Invoice("NF-1", value=5000, courier=courier))
    await register(shop.context, shop.store_id, stated)
    await shop.run()
    body = next(b for b in shop.outside.told("canal") if b["order"] == number and "seller" in b)
    return [body["seller"], body["connector"]]


async def unlisted(shop: Shop) -> list[str]:
    return [n.message for n in await shop.notices() if n.kind == NoticeKind.CARRIER_UNLISTED]


async def test_without_a_table_the_carrier_is_reported_as_the_order_has_it(there: Shop) -> None:
    assert await sent(there, "posta") == ["Posta", "Posta"]
    assert await sent(there, "posta", "Posta Expressa", number="2002") == ["Posta Expressa"] * 2
    assert await unlisted(there) == []


async def test_with_a_table_as_its_party_has_it_and_others_as_others_with_one_notice(there: Shop) -> None:
    table = CarrierTable(
        (CarrierEntry("Posta", name="POSTA BR"), CarrierEntry("posta", "expressa", "PX", "POSTA X")),
        OtherCarrier("Outros", "Counts as a late order there."),
    )
    account = there.accounts["canal"]
    await carrier_tables.put_table(there.context, there.store_id, account, table)
    assert await sent(there, "posta") == ["POSTA BR"] * 2
    assert await sent(there, "posta", "Posta Expressa", number="2002") == ["POSTA X"] * 2
    assert await unlisted(there) == []
    assert await sent(there, "correios", number="2003") == ["Correios"] * 2
    assert await sent(there, "correios", number="2004") == ["Correios"] * 2
    [said] = await unlisted(there)
    assert "has no carrier 'Correios' in its table, so it was told as 'Outros'" in said
    assert "Counts as a late order there." in said
    [notice] = [n for n in await there.notices() if n.kind == NoticeKind.CARRIER_UNLISTED]
    assert "foi dita como “Outros”" in notice_sentence(notice.kind, notice.facts, notice.message)
    await carrier_tables.change_table(there.context, there.store_id, account, add=CarrierEntry("correios", name="ECT"))
    assert await unlisted(there) == [], "it is listed now"
    assert await sent(there, "correios", number="2005") == ["ECT"] * 2


async def test_a_source_is_never_reported_as_a_carrier(there: Shop) -> None:
    assert await sent(there, "ajuda") == ["Correios"] * 2, "the code itself says whose it is"
    assert await sent(there, "ajuda", "Jadlog", "JD1", "2002") == ["Jadlog"] * 2, "the invoice names it"
    assert await unlisted(there) == []
    for number, named in (("2003", ""), ("2004", "AJUDA"), ("2005", "Ajuda")):
        assert await sent(there, "ajuda", named, f"JD{number}", number) == ["", None]
    [said] = await unlisted(there)
    assert "without a carrier: nobody named it" in said


async def test_what_is_no_table_is_refused_in_a_sentence(shop: Shop) -> None:
    account = shop.accounts["canal"]
    for entries in (
        (CarrierEntry("posta"),),
        (CarrierEntry("", code="X"),),
        (CarrierEntry("posta", code="x" * 101),),
        (CarrierEntry("posta", code="A"), CarrierEntry(" POSTA ", code="B")),
        tuple(CarrierEntry(f"c{n}", code="X") for n in range(501)),
    ):
        with pytest.raises(InvalidError):
            await carrier_tables.put_table(shop.context, shop.store_id, account, CarrierTable(entries))
    with pytest.raises(InvalidError, match="has no 'loggi'"):
        await carrier_tables.change_table(shop.context, shop.store_id, account, drop=CarrierEntry("loggi"))
    with pytest.raises(InvalidError, match="told no carrier"):
        await carrier_tables.account_table(shop.context, shop.store_id, shop.accounts["mail"])
    assert await carrier_tables.account_table(shop.context, shop.store_id, account) == CarrierTable()


async def test_by_api_and_for_people(shop: Shop) -> None:
    _, write = await make_key(shop.context, "Loja", name="erp")
    _, read = await make_key(shop.context, "Loja", name="bi", scopes=["read"])
    path = f"/accounts/{shop.accounts['canal']}/carriers"
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1") as client:
        mine, theirs = {"X-API-Key": write}, {"X-API-Key": read}
        assert (await client.get(path, headers=theirs)).json() == {"carriers": [], "other": None}
        wanted = {"carriers": [{"carrier": "correios", "code": "C1"}], "other": {"code": "Other", "costs": "late"}}
        assert (await client.put(path, headers=theirs, json=wanted)).status_code == 403
        told = (await client.put(path, headers=mine, json=wanted)).json()
        assert told["carriers"] == [{"carrier": "correios", "service": "", "code": "C1", "name": ""}]
        assert (await client.get(path, headers=theirs)).json() == told
        assert (await client.put(path, headers=mine, json={"carriers": [{"carrier": "x"}]})).status_code == 422
        assert (await client.get("/accounts/999/carriers", headers=theirs)).status_code == 404
    table = await carrier_tables.account_table(shop.context, shop.store_id, shop.accounts["canal"])
    assert table_output(table).words == "correios: C1\nall others: Other (late)"
    gone = await carrier_tables.change_table(
        shop.context, shop.store_id, shop.accounts["canal"], drop=CarrierEntry("Correios"), no_other=True
    )
    assert table_output(gone).words == "No table: any carrier is told by its own name."
