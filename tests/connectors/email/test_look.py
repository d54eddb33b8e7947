"""In: mails of all kinds, languages and stores; out: HTML that is valid for mail programs and readable."""

import json
import re
from dataclasses import replace
from email import policy
from email.parser import BytesParser

import pytest

from paradeiro.cli.outbox.mail_preview import PreviewData, mail_parts, preview_messages
from paradeiro.connectors.email.render import render
from paradeiro.domain.customers.brand import Brand, darken, logo_of
from paradeiro.domain.outbox.mail_policy import StoreTemplates
from paradeiro.domain.records import Item, Message, Place
from paradeiro.domain.words import EffectKind, MailKind
from paradeiro.sdk.hard_cases import hard_cases
from tests.connectors.mail_lint import lint
from tests.domain.customers.test_brand import PNG

SENDER = {"from_address": "loja@example.com"}
LOGO = logo_of(PNG)
assert not isinstance(LOGO, str)
BRANDS = {
    "plain": Brand(),
    "whole": Brand(
        "#7a1f3d",
        "'Open Sans', \"Gill\"",
        "Loja Ltda\nRua A, 1",
        "oi@loja.example",
        "19 5555",
        "https://l.example",
        logo=LOGO,
    ),
    "black": Brand("#000000"),
    "palest": Brand(darken("#ffee00")),
}
MAILS = [pytest.param(t, id=f"{n}-{lang}") for n, lang, t in preview_messages(PreviewData())]
PLAIN = dict(hard_cases(EffectKind.CUSTOMER_MAIL))["plain"]


def html_of(outgoing: Message) -> str:
    return re.sub(r'src="logo\.\w+"', 'src="cid:logo"', mail_parts(render(outgoing, SENDER).body)[2])


@pytest.mark.parametrize("brand", BRANDS.values(), ids=BRANDS)
@pytest.mark.parametrize("outgoing", MAILS)
def test_every_mail_of_every_store_is_fit_for_mail_programs(outgoing: Message, brand: Brand) -> None:
    html = html_of(replace(outgoing, brand=brand))
    assert lint(html) == []
    assert "<!--[if mso]>" in html


@pytest.mark.parametrize(
    "outgoing", [pytest.param(t, id=n) for n, t in hard_cases(EffectKind.CUSTOMER_MAIL) if n != "status unknown"]
)
def test_hard_cases_too(outgoing: Message) -> None:
    assert lint(html_of(outgoing)) == []


SPOILT = {
    "a picture that is fetched": ("<h1", '<img src="https://x.example/a.png" alt="a" width="1" height="1"><h1'),
    "a picture without an alternative text": ("<h1", '<img src="cid:logo" width="1" height="1"><h1'),
    "a script": ("<h1", "<script>1</script><h1"),
    "is not for mails": ("<h1", "<form></form><h1"),
    "Outlook does not know": ('style="margin:8px 0 0;', 'style="display:flex;margin:8px 0 0;'),
    "only its class": ("<h1", '<table role="presentation"><tr><td class="ink"></td></tr></table><h1'),
    "wider than 600": ("<h1", '<table role="presentation" width="640"></table><h1'),
    "cannot be read in light": ("color:#5d6068", "color:#b0b0b0"),
    "cannot be read in dark": (".ink { color: #e9e7e2", ".ink { color: #333333"),
    "something is fetched": ("<h1", '<div style="background:url(https://x.example/a.png)"></div><h1'),
    "not one heading": ("<h1", "<h1></h1><h1"),
    "no doctype, or no language": (' lang="pt-BR"', ""),
    "is not closed": ("</body>", "<div></body>"),
    "Gmail cuts": ("<h1", f"<!-- {'x' * 102_000} --><h1"),
    "no title": ("<title>", "<title></title><b>"),
    "leads nowhere": ("<h1", '<a href="javascript:1"></a><h1'),
    "an event handler": ("<h1", '<b onclick="1"></b><h1'),
    "no charset": ('<meta charset="utf-8">', ""),
}


@pytest.mark.parametrize("why", SPOILT)
def test_the_linter_bites(why: str) -> None:
    good = html_of(PLAIN)
    before, after = SPOILT[why]
    assert before in good
    assert any(why in found for found in lint(good.replace(before, after)))


def bound_for_itu(outgoing: Message) -> Message:
    """A message about a package whose destination is known: Gmail requires it in the mark-up."""
    snapshot = replace(outgoing.timeline.snapshot, destination=Place("Itu", "SP"))
    return replace(outgoing, timeline=replace(outgoing.timeline, snapshot=snapshot))


def test_programs_can_read_it_and_nothing_breaks_out() -> None:
    item = Item("1", 1, 1, "</script><script>alert(1)</script> & \u2028")
    invoice = replace(PLAIN.shipment.invoice, items=(item,))
    html = html_of(bound_for_itu(replace(PLAIN, shipment=replace(PLAIN.shipment, invoice=invoice))))
    [said] = re.findall(r'<script type="application/ld\+json">([^<]*)</script>', html)
    assert html.count("<script") == html.count("</script>") == 1
    delivery = json.loads(said)
    assert delivery["itemShipped"][0]["name"].startswith("</script>")
    assert delivery["trackingNumber"] == PLAIN.shipment.tracking_code
    assert delivery["partOfOrder"]["orderStatus"] == "https://schema.org/OrderInTransit"


@pytest.mark.parametrize(
    ("name", "state"),
    [("delivered", "Delivered"), ("problem-lost", "Problem"), ("available_for_pickup", "PickupAvailable")],
)
def test_programs_hear_the_state(name: str, state: str) -> None:
    outgoing = next(t for n, _, t in preview_messages(PreviewData()) if n == name)
    assert f'"orderStatus":"https://schema.org/Order{state}"' in html_of(bound_for_itu(outgoing))


def test_the_logo_goes_with_the_mail_and_answers_to_the_store() -> None:
    outgoing = replace(PLAIN, brand=BRANDS["whole"])
    body = render(outgoing, SENDER).body
    assert body == render(outgoing, SENDER).body
    message = BytesParser(policy=policy.default).parsebytes(body)
    [logo] = [part for part in message.walk() if part["Content-ID"] == "<logo>"]
    assert logo.get_content() == PNG
    assert logo.get_content_disposition() == "inline"
    assert message["Reply-To"] == "oi@loja.example"
    assert 'alt="Loja Exemplo"' in html_of(outgoing)


def test_each_kind_of_mail_has_its_preview() -> None:
    shown = {
        render(t, SENDER).body.partition(b"X-Paradeiro-Kind: ")[2].split()[0].decode()
        for _, _, t in preview_messages(PreviewData())
    }
    assert shown == set(MailKind)


def test_a_reminder_says_how_long() -> None:
    said = {
        lang: mail_parts(render(t, SENDER).body)[1]
        for n, lang, t in preview_messages(PreviewData())
        if n == "pickup_reminder"
    }
    assert said["pt-BR"].startswith("O pacote ainda espera por você em Campinas: retire até quinta, 12 de")
    assert said["en"].startswith("Your package is still waiting for you in Campinas: the last day is")
    assert said["es"].startswith("El paquete todavía te espera en Campinas. Último día para retirarlo:")


GOOD = """<!DOCTYPE html><html><head></head><body>
<p>{{ said.apology }}</p>
<h1>{{ said.sentence }}</h1>
{% for d in said.days %}{{ d.title }}{% endfor %}</body></html>"""


def with_own(html: str = "", text: str = "") -> tuple[str, str, str]:
    request = render(replace(bound_for_itu(PLAIN), templates=StoreTemplates(html, text)), SENDER)
    _, plain, page = mail_parts(request.body)
    return request.remark, plain, page


def test_a_store_lays_its_mails_out() -> None:
    remark, text, html = with_own(GOOD, "{{ said.apology }}{{ said.sentence }}\nBia & Cia")
    assert remark == ""
    assert "<table" not in html
    assert html.count("ld+json") == 1
    assert "Bia & Cia" in text


BAD = {
    "line 2: ": GOOD.replace("{{ said.apology }}", "{{ said.apology"),
    "line 3: ": GOOD.replace("{{ said.sentence }}", "{{ said.sentenze }}"),
    "the mail must say {{ said.sentence }}": GOOD.replace("{{ said.sentence }}", ""),
    "<script…> is not for mails": GOOD.replace("<h1>", "<SCRIPT></script><h1>"),
    "'call' is not": GOOD.replace("<h1>", "{{ said.sentence.upper() }}<h1>"),
    "'mul' is not": GOOD.replace("<h1>", "{{ 'a' * 999999999 }}<h1>"),
    "'concat' is not": GOOD.replace("<h1>", "{% set a = 'b' ~ 'c' %}<h1>"),
    "'macro' is not": GOOD.replace("<h1>", "{% macro a() %}{% endmacro %}<h1>"),
    "'include' is not": GOOD.replace("<h1>", "{% include '/etc/passwd' %}<h1>"),
    "no filter 'safe'": GOOD.replace("<h1>", "{{ said.store|safe }}<h1>"),
    "no filter 'center'": GOOD.replace("<h1>", "{{ 'a'|center(999999999) }}<h1>"),
    "2 inside each other": GOOD.replace("<h1>", "{% for a in said.store %}" * 3 + "{% endfor %}" * 3 + "<h1>"),
    "more than 95,000": GOOD.replace("<h1>", "{% for a in said.padding %}" + "x" * 9999 + "{% endfor %}<h1>"),
    "characters; 65,536": GOOD + " " * 65_536,
    "unsafe": GOOD.replace("<h1>", "{{ said.__class__ }}<h1>"),
}


@pytest.mark.parametrize("why", BAD)
def test_a_layout_that_cannot_be_used_is_explained_and_ours_is_used(why: str) -> None:
    remark, _, html = with_own(BAD[why])
    assert why in remark
    assert remark.startswith("html, ")
    assert html == with_own()[2]
