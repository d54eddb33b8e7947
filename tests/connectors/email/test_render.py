"""In: messages; out: mails that are complete, safe, and the same bytes each time."""

import re
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.connectors.email.render import address, render
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.outbox.plan import mail_refusal
from paradeiro.domain.records import Customer, Item, Message, Place
from paradeiro.domain.words import EffectKind, Status
from paradeiro.sdk.hard_cases import NOW, event, hard_cases
from tests.connectors.tellings import assert_as_expected, fixtures, read_message

SETTINGS = {"from_address": "loja@example.com", "from_name": "Loja Exemplo", "reply_to": "sac@example.com"}
TELLINGS = fixtures("email", "tellings")
CASES = [
    pytest.param(outgoing, id=f"{kind}-{name}")
    for kind in (EffectKind.CUSTOMER_MAIL, EffectKind.CUSTOMER_CORRECTION, EffectKind.CUSTOMER_REMINDER)
    for name, outgoing in hard_cases(kind)
]
PLAIN = dict(hard_cases(EffectKind.CUSTOMER_MAIL))["plain"]


def read_mail(body: bytes) -> EmailMessage:
    return cast(EmailMessage, BytesParser(policy=policy.default).parsebytes(body))


def parts(message: EmailMessage) -> tuple[str, str]:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    return str(text.get_content()), str(html.get_content())


def visible_text(html: str) -> str:
    """What a reader of the HTML reads, on one line."""
    body = re.sub(r"<(style|title|script)[\s\S]*?</\1>|<div style=\"display:none[\s\S]*?</div>", " ", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.mark.parametrize("path", TELLINGS, ids=lambda p: p.stem)
def test_a_mail_is_as_expected(path: Path) -> None:
    body = render(read_message(path), SETTINGS).body
    assert_as_expected(path, body.decode(), ".expected.eml")
    text, _ = parts(read_mail(body))
    assert_as_expected(path, text.replace("\r\n", "\n"), ".expected.txt")


@pytest.mark.parametrize("outgoing", CASES)
def test_a_hard_case_is_a_whole_mail(outgoing: Message) -> None:
    request = render(outgoing, SETTINGS)
    unsaid = outgoing.kind is EffectKind.CUSTOMER_MAIL and outgoing.timeline.snapshot.status is Status.UNKNOWN
    assert bool(request.body) is not unsaid
    if unsaid:
        return
    assert request.body.isascii()
    assert max(len(line) for line in request.body.split(b"\r\n")) <= 998
    message = read_mail(request.body)
    assert not message.defects
    assert message["Message-ID"] == f"<{outgoing.effect_key}@example.com>"
    assert message["References"] == message["In-Reply-To"] == f"<{outgoing.thread_key}@example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "pt-BR"
    assert message["X-Paradeiro-Status"] == outgoing.timeline.snapshot.status
    assert parsedate_to_datetime(message["Date"]) == NOW
    assert message["X-Injected"] is None
    assert len(message["From"].addresses) == len(message["To"].addresses) == 1
    if mail_refusal(outgoing.order.customer) is None:
        assert message["To"].addresses[0].addr_spec == outgoing.order.customer.email
    assert render(outgoing, SETTINGS) == request


@pytest.mark.parametrize("outgoing", CASES)
def test_the_text_says_what_the_html_says(outgoing: Message) -> None:
    request = render(outgoing, SETTINGS)
    if not request.body:
        return
    text, html = parts(read_mail(request.body))
    flat = "".join(text.split())
    for day in re.findall(r'<td colspan="2" class="soft"[^>]*>([^<]+)</td>', html):
        assert "".join(unescape(day).split()) in flat
    heading = re.search(r"<h1[^>]*>([\s\S]*?)</h1>", html)
    assert heading is not None
    assert "".join(unescape(heading.group(1)).split()) in flat
    assert html.count("<time") - (1 if 'class="soft" style="margin:6px' in html and "<time" in html else 0) <= 12
    assert html.count("<script") == html.count('<script type="application/ld+json">') <= 1
    assert "<img" not in html


def test_three_hundred_events_show_the_latest_twelve_and_the_way_to_the_rest() -> None:
    outgoing = dict(hard_cases(EffectKind.CUSTOMER_MAIL))["300 events"]
    text, html = parts(read_mail(render(outgoing, SETTINGS).body))
    left = len(outgoing.timeline.events) - 12
    assert f"e mais {left} registros anteriores" in text
    assert f'href="{outgoing.tracking_link}" style="color:#0b6e6e;">e mais {left}' in html


def test_without_any_link_there_is_no_button() -> None:
    outgoing = dict(hard_cases(EffectKind.CUSTOMER_MAIL))["no link"]
    text, html = parts(read_mail(render(outgoing, SETTINGS).body))
    assert "Acompanhar" not in text + html
    assert "<a " not in html


@pytest.mark.parametrize("link", ["javascript:alert(1)", 'https://a.example/"><b>', "https://a b", "data:text/html,x"])
def test_a_link_that_is_no_web_address_is_left_out(link: str) -> None:
    shipment = replace(PLAIN.shipment, invoice=replace(PLAIN.shipment.invoice, tracking_url=link))
    text, html = parts(read_mail(render(replace(PLAIN, shipment=shipment, tracking_link=link), SETTINGS).body))
    assert link not in text + html
    assert "<a " not in html


def test_no_mail_about_an_unknown_position() -> None:
    unknown = dict(hard_cases(EffectKind.CUSTOMER_MAIL))["status unknown"]
    outgoing = replace(unknown, timeline=fold((), now=NOW))
    assert render(outgoing, SETTINGS).body == b""


def test_a_mail_of_another_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="not told by mail"):
        render(replace(PLAIN, kind=EffectKind.ORDER_UPDATE), SETTINGS)


@pytest.mark.parametrize(
    ("given_address", "expected"),
    [
        ("Loja <loja@example.com>", "loja@example.com"),
        ("ana@exemplão.example", "ana@xn--exemplo-2wa.example"),
        ("ana@example.com\r\nBcc: x@example.com", "ana@example.comBcc:x@example.com"),
        ("", ""),
    ],
)
def test_an_address_is_one_line(given_address: str, expected: str) -> None:
    assert address(given_address) == expected


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("exemplão.example", "xn--exemplo-2wa.example"),
        ("LOJA.São-Paulo.example", "loja.xn--so-paulo-rza.example"),
        ("faß.example", "xn--fa-hia.example"),  # IDNA 2003 gives fass.example: another's domain
        ("βόλος.example", "xn--nxasmm1c.example"),  # the last letter stays what it is
        ("ｌｏｊａ。example", "loja.example"),  # in the width of Chinese characters
        ("☃.example", "xn--n3h.example"),  # no letter: IDNA 2008 has no rule for it
        ("exa..é", "exa..é"),  # no domain
        ("é" * 64, "é" * 64),
    ],
)
def test_a_domain_beyond_ascii_is_the_one_that_is_registered(domain: str, registered: str) -> None:
    assert address(f"ana@{domain}") == f"ana@{registered}"


def test_an_address_beyond_ascii_keeps_its_letters() -> None:
    outgoing = replace(PLAIN, order=replace(PLAIN.order, customer=Customer("José", "josé@example.com")))
    request = render(outgoing, SETTINGS)
    assert ("To", "josé@example.com") in request.headers
    assert "josé@example.com".encode() in request.body


ANY = st.text(max_size=70)


@given(name=ANY, store=ANY, key=ANY, number=ANY, words=ANY, email=ANY)
def test_any_text_in_any_field_is_a_valid_message(
    name: str, store: str, key: str, number: str, words: str, email: str
) -> None:
    said = event(Status.IN_TRANSIT, 3, Place(words, words, words, words), description=words, detail=words)
    invoice = replace(PLAIN.shipment.invoice, courier=words, items=(Item(words, 1, 1, words),), tracking_url=words)
    outgoing = replace(
        PLAIN,
        effect_key=key,
        thread_key=words,
        store_name=store,
        order=replace(PLAIN.order, number=number, customer=Customer(name, f"{email}@example.com", words)),
        shipment=replace(PLAIN.shipment, tracking_code=words, invoice=invoice),
        timeline=fold((said,), now=NOW),
        tracking_link=words,
    )
    request = render(outgoing, {"from_address": "loja@example.com"})
    assert request == render(outgoing, {"from_address": "loja@example.com"})
    message = read_mail(request.body)
    assert not message.defects
    assert {k.lower() for k in message} <= {
        *("from", "to", "subject", "date", "message-id", "in-reply-to", "references", "auto-submitted"),
        *(
            "content-language",
            "x-paradeiro-status",
            "x-paradeiro-kind",
            "x-paradeiro-tracking-code",
            "mime-version",
            "content-type",
        ),
    }
    assert len(message["To"].addresses) == 1
    text, html = parts(message)
    assert "\0" not in text + html
    assert not any(c in value for _, value in request.headers for c in "\r\n\0")


@given(text=ANY)
def test_no_text_becomes_markup(text: str) -> None:
    outgoing = replace(
        PLAIN, store_name=f"<i>{text}", order=replace(PLAIN.order, customer=Customer(text, "a@b.example"))
    )
    _, html = parts(read_mail(render(outgoing, SETTINGS).body))
    assert "<i>" not in html
    assert "&lt;i&gt;" in html


def test_the_reader_reads_the_position_first() -> None:
    _, html = parts(
        read_mail(render(read_message(TELLINGS[[p.stem for p in TELLINGS].index("out_for_delivery")]), SETTINGS).body)
    )
    assert "Saiu para entrega hoje em Ribeirão Preto." in visible_text(html)[:130]
