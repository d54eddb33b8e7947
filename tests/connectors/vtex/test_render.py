"""In: messages; out: the requests to VTEX and its marketplaces, checked against their contracts."""

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.connectors import discover
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.outbox.channel_rules import ChannelRules
from paradeiro.domain.records import Item, Message, OtherPackage, Place
from paradeiro.domain.words import EffectKind, Status
from paradeiro.sdk.contract import Request
from paradeiro.sdk.hard_cases import NOW, event, hard_cases
from tests.connectors.tellings import assert_as_expected, fixtures, read_message, request_text

CONTRACTS = Path(__file__).parents[1] / "contracts"
SCHEMAS = {
    EffectKind.TRACKING_NUMBER: ("vtex", "patch_invoice"),
    EffectKind.ORDER_OPENING: ("vtex", "put_tracking"),
    EffectKind.ORDER_UPDATE: ("vtex", "put_tracking"),
    EffectKind.MARKETPLACE_INVOICE: ("vtex_marketplace", "post_invoice"),
    EffectKind.MARKETPLACE_TRACKING_NUMBER: ("vtex_marketplace", "post_tracking_number"),
    EffectKind.MARKETPLACE_OPENING: ("vtex_marketplace", "post_tracking"),
    EffectKind.MARKETPLACE_UPDATE: ("vtex_marketplace", "post_tracking"),
}
FILES = {"vtex": "vtex_orders.json", "vtex_marketplace": "vtex_marketplace.json"}
TELLINGS = [pytest.param(c, p, id=f"{c}-{p.stem}") for c in FILES for p in fixtures(c, "tellings")]


def rendered(message: Message, settings: dict[str, str] | None = None) -> Request:
    render = discover()[SCHEMAS[message.kind][0]].render
    assert render is not None
    return render(message, settings or {})


def keeps_contract(message: Message, request: Request) -> dict[str, object]:
    connector, name = SCHEMAS[message.kind]
    schema = json.loads((CONTRACTS / FILES[connector]).read_text())[name]
    body: dict[str, object] = json.loads(request.body)
    jsonschema.validate(body, schema)
    return body


@pytest.mark.parametrize(("connector", "path"), TELLINGS)
def test_a_request_is_as_expected_and_keeps_the_contract(connector: str, path: Path) -> None:
    message = read_message(path)
    request = rendered(message)
    keeps_contract(message, request)
    assert_as_expected(path, request_text(request))


@pytest.mark.parametrize("kind", list(SCHEMAS))
def test_hard_cases_keep_the_contract(kind: EffectKind) -> None:
    for _, message in hard_cases(kind):
        keeps_contract(message, rendered(message))


@pytest.mark.parametrize("kind", [EffectKind.ORDER_UPDATE, EffectKind.MARKETPLACE_UPDATE])
def test_a_long_history_is_sent_whole_and_oldest_first(kind: EffectKind) -> None:
    message = dict(hard_cases(kind))["300 events"]
    events = json.loads(rendered(message).body)["events"]
    assert len(events) == len(message.timeline.events)
    assert [e["date"] for e in events] == sorted(e["date"] for e in events)


@pytest.mark.parametrize("kind", [EffectKind.ORDER_UPDATE, EffectKind.MARKETPLACE_UPDATE])
def test_an_impossible_delivery_is_not_sent(kind: EffectKind) -> None:
    """The JadLog lesson (facts/vtex, section 1): a delivery before the posting, or tomorrow, is no delivery."""
    plain = dict(hard_cases(kind))["plain"]
    early = (event(Status.ACCEPTED, 5), event(Status.DELIVERED, 1, description="Entregue cedo"))
    timeline = fold(early, now=NOW, base=Status.REGISTERED)
    body = json.loads(rendered(replace(plain, timeline=timeline)).body)
    assert body["isDelivered"] is False
    assert "Entregue cedo" not in str(body)


def test_days_are_cut_in_the_stores_zone_or_the_accounts() -> None:
    message = dict(hard_cases(EffectKind.ORDER_UPDATE))["plain"]
    late = fold((event(Status.DELIVERED, 14),), now=NOW, base=Status.REGISTERED)  # 02:30 UTC on the 3rd
    message = replace(message, timeline=late)
    assert json.loads(rendered(message).body)["deliveredDate"] == "2026-03-02 23:30"
    there = json.loads(rendered(message, {"time_zone": "America/Manaus"}).body)
    assert there["deliveredDate"] == "2026-03-02 22:30"
    assert there["events"][0]["date"] == "2026-03-02"
    assert json.loads(rendered(message, {"time_zone": "Mars/Phobos"}).body)["deliveredDate"] == "2026-03-02 23:30"


def test_a_description_is_cut_where_vtex_cuts() -> None:
    message = dict(hard_cases(EffectKind.ORDER_UPDATE))["plain"]
    long = fold((event(Status.IN_TRANSIT, 1, description="ã" * 9000),), now=NOW)
    text = json.loads(rendered(replace(message, timeline=long)).body)["events"][0]["description"]
    assert len(text) == 5000
    assert text.endswith("…")


@pytest.mark.parametrize("kind", list(SCHEMAS))
def test_an_effect_of_another_sink_is_an_error_not_a_request(kind: EffectKind) -> None:
    message = replace(dict(hard_cases(kind))["plain"], kind=EffectKind.CUSTOMER_MAIL)
    render = discover()[SCHEMAS[kind][0]].render
    assert render is not None
    with pytest.raises(ValueError, match="never told"):
        render(message, {})


@given(kind=st.sampled_from(list(SCHEMAS)), text=st.text(max_size=40), data=st.data())
def test_any_text_anywhere_makes_one_path_and_valid_json(kind: EffectKind, text: str, data: st.DataObject) -> None:
    plain = dict(hard_cases(kind))["plain"]
    odd = data.draw(st.text(max_size=40))
    invoice = replace(plain.shipment.invoice, number=text, courier=odd, tracking_url=odd)
    order = replace(plain.order, number=text, marketplace_number=text, invoices=(invoice,))
    said = event(Status.IN_TRANSIT, 3, Place(text, odd, odd, text), description=odd, detail=text)
    message = replace(
        plain,
        order=order,
        shipment=replace(plain.shipment, invoice=invoice, tracking_code=odd or "X"),
        timeline=fold((said,), now=NOW),
    )
    request = rendered(message)
    assert request == rendered(message)
    keeps_contract(message, request)
    segments = request.path.split("/")
    assert segments.count("invoice") >= 1 or text
    assert all(segment not in {".", ".."} for segment in segments)
    if text:
        assert text in {unquote(segment) for segment in segments}


def test_an_opening_differs_from_every_history_and_delivers_nothing() -> None:
    for (case, opening), (_, update) in zip(
        hard_cases(EffectKind.ORDER_OPENING), hard_cases(EffectKind.ORDER_UPDATE), strict=True
    ):
        first, second = json.loads(rendered(opening).body), json.loads(rendered(update).body)
        assert first != second, case
        assert (first["isDelivered"], first["deliveredDate"], len(first["events"])) == (False, None, 1)


@pytest.mark.parametrize("kind", [EffectKind.MARKETPLACE_INVOICE, EffectKind.MARKETPLACE_TRACKING_NUMBER])
def test_a_marketplaces_connector_gets_every_parameter(kind: EffectKind) -> None:
    """facts/vtex section 4a: one call for both, null when unknown, the number once it is known."""
    schema = json.loads((CONTRACTS / FILES["vtex_marketplace"]).read_text())["pub_invoice"]
    tracked = kind is EffectKind.MARKETPLACE_TRACKING_NUMBER
    for _, message in hard_cases(kind):
        request = rendered(message, {"protocol": "connector"})
        body = json.loads(request.body)
        jsonschema.validate(body, schema)
        assert request.path.startswith("/pub/orders/")
        assert request.path.endswith("/invoice")
        assert (body["trackingNumber"] is not None) is tracked
        assert (body["courier"] is not None) is tracked


def test_each_partial_invoice_has_its_own_items_and_value() -> None:
    plain = dict(hard_cases(EffectKind.MARKETPLACE_INVOICE))["plain"]
    bodies = []
    for number, item in (("NF-1", Item("1", 2, 2500)), ("NF-2", Item("2", 1, 900))):
        bill = replace(plain.shipment.invoice, number=number, value=0, items=(item,), issued_at=None)
        message = replace(plain, shipment=replace(plain.shipment, invoice=bill))
        bodies.append(json.loads(rendered(message, {"protocol": "connector"}).body))
    assert [(b["invoiceNumber"], b["invoiceValue"], b["items"][0]["id"]) for b in bodies] == [
        ("NF-1", 5000, "1"),
        ("NF-2", 900, "2"),
    ]
    assert bodies[0]["issuanceDate"] is None


def test_a_marketplaces_opening_delivers_nothing_and_is_never_empty() -> None:
    for case, message in hard_cases(EffectKind.MARKETPLACE_OPENING):
        body = json.loads(rendered(message).body)
        assert body["isDelivered"] is False, case
        assert body["events"], case
    only = (event(Status.DELIVERED, 1, description="Entregue"),)
    message = replace(message, timeline=fold(only, now=NOW, base=Status.REGISTERED))
    told = json.loads(rendered(message).body)["events"]
    assert [(e["description"], e["date"]) for e in told] == [("Postado", "2026-03-02")]


def test_a_package_registered_late_was_dispatched_before_it_was_delivered() -> None:
    """Magalu refuses a delivery before its dispatch (known issue 856984)."""
    for kind in (EffectKind.TRACKING_NUMBER, EffectKind.MARKETPLACE_TRACKING_NUMBER):
        plain = dict(hard_cases(kind))["plain"]
        seen = (event(Status.OUT_FOR_DELIVERY, 20), event(Status.DELIVERED, 30))
        late = replace(plain.shipment, registered_at=NOW)
        message = replace(plain, shipment=late, timeline=fold(seen, now=NOW, base=Status.REGISTERED))
        assert json.loads(rendered(message).body)["dispatchedDate"].startswith("2026-03-03")


@pytest.mark.parametrize("kind", [EffectKind.ORDER_UPDATE, EffectKind.MARKETPLACE_UPDATE])
def test_a_delivery_on_the_dispatchs_day_is_dated_as_the_channel_takes_it(kind: EffectKind) -> None:
    plain = dict(hard_cases(kind))["plain"]
    seen = (event(Status.ACCEPTED, 0), event(Status.DELIVERED, 4, description="Entregue"))
    message = replace(plain, timeline=fold(seen, now=NOW, base=Status.REGISTERED))
    as_it_was = json.loads(rendered(message).body)
    told = json.loads(rendered(replace(message, rules=ChannelRules(delivered_after_dispatch=True))).body)
    assert as_it_was["events"][-1]["date"] == "2026-03-02"
    if kind is EffectKind.ORDER_UPDATE:
        assert (as_it_was["deliveredDate"], told["deliveredDate"]) == ("2026-03-02 13:30", "2026-03-03 00:00")
    else:
        assert told["events"][-1]["date"] == "2026-03-03"
        assert told["events"][-1]["description"].startswith("2026-03-02 13:30 — Entregue")
    assert told["events"][0] == as_it_was["events"][0]


def test_separate_delivery_calls_name_the_packages_items() -> None:
    """facts/vtex section 4d: Fast Shop."""
    settings = {"protocol": "connector", "deliveries": "apart"}
    cases = dict(hard_cases(EffectKind.MARKETPLACE_UPDATE))
    request = rendered(cases["delivered"], settings)
    assert request.path == "/pub/orders/MKP-100200300/delivered"
    body = json.loads(request.body)
    assert body["items"] == [{"id": "sku-1", "quantity": 2}, {"id": "sku-2", "quantity": 1}]
    assert body["deliveredDate"].startswith("2026-03-")
    assert request.unfit == ""
    assert rendered(cases["plain"], settings).path.endswith("/tracking"), "not delivered yet"
    assert rendered(cases["delivered"], {"protocol": "connector"}).path.endswith("/tracking")


def test_a_separate_delivery_call_takes_the_order_s_items_and_is_never_sent_without_any() -> None:
    settings = {"protocol": "connector", "deliveries": "apart"}
    plain = dict(hard_cases(EffectKind.MARKETPLACE_UPDATE))["delivered"]
    bare = replace(plain, shipment=replace(plain.shipment, invoice=replace(plain.shipment.invoice, items=())))
    bought = replace(bare, order=replace(bare.order, items=(Item("2873", 1, 9900), Item("", 3, 1))))
    told = rendered(bought, settings)
    assert json.loads(told.body)["items"] == [{"id": "2873", "quantity": 1}]
    assert told.unfit == ""
    for nothing in (bare, replace(bought, others=(OtherPackage("AA1", Status.IN_TRANSIT),))):
        assert "only with the package's items" in rendered(nothing, settings).unfit
    invoice = rendered(replace(bought, kind=EffectKind.MARKETPLACE_INVOICE), settings)
    assert [item["id"] for item in json.loads(invoice.body)["items"]] == ["2873", ""], "required there too"
