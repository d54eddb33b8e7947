"""The operator's screens and the customer's page, as HTML."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.db.accounts import stores
from paradeiro.db.following import replies
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Order
from paradeiro.domain.words import Outcome, Role
from paradeiro.web.auth import COOKIE
from tests.flow.conftest import ANA, Shop
from tests.flow.test_main_line import DELIVERED, OUT, POSTED, SOLD_ELSEWHERE
from tests.web.apps import create_app
from tests.web.signing_in import enter, sign_in_link


@pytest.fixture
async def browser(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with transaction(shop.context.pool) as connection:
        await stores.add_api_key(
            connection, shop.store_id, name="Bia", key="pk_bia", scopes=["read", "write"], now=shop.clock()
        )
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", follow_redirects=True) as client:
        await enter(client, shop.context, shop.store_id)
        yield client


def _form(html: str) -> str:
    found = re.search(r'name="form" value="([^"]+)"', html)
    assert found is not None
    return found[1]


async def test_the_orders_page_lists_searches_and_filters(browser: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    await shop.register("AB2")
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    await shop.ask(shipment, days=2)
    page = (await browser.get("/")).text
    assert ">2001<" in page
    assert ">1001<" in page
    assert "Entregue" in page
    assert ">1001<" not in (await browser.get("/", params={"q": "AA1"})).text
    assert ">2001<" not in (await browser.get("/", params={"status": "registered"})).text
    assert "Nenhum pedido assim" in (await browser.get("/", params={"q": "%"})).text
    assert "<script" not in page
    answer = await browser.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_an_order_shows_its_timeline_messages_and_the_raw_answer(browser: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    shop.outside.say("AA1", POSTED, DELIVERED, ("EST", "2026-11-03T18:00:00+00:00", "Itu"))
    await shop.ask(shipment, days=2)
    page = (await browser.get("/orders/2001")).text
    assert "<del>Entregue</del>" in page
    assert "retirado depois" in page
    told = dict(re.findall(r"· ([\w ]+)</span>\s*<time.*?</time>\s*<p [^>]*>(.*?)</p>", page, re.DOTALL))
    assert told["nota fiscal"] == "<span>aceito</span>", "a number says nothing of a position"
    assert 'class="mark' in told["histórico"]
    assert "Santos\u00a0(SP)" in page
    raw = re.search(r"/replies/\d+", page)
    assert raw is not None
    assert "&#34;AA1&#34;" in (await browser.get(raw[0])).text
    assert (await browser.get("/orders/9999")).status_code == 404
    assert (await browser.get("/replies/9999")).status_code == 404


async def test_an_operator_confirms_and_reopens_and_all_are_sent_it(browser: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    await shop.later(hours=1)
    page = (await browser.get("/orders/2001")).text
    base = f"/orders/2001/packages/{shipment}"
    told = r"loja, o sistema de pedidos.*canal, o marketplace.*por e-mail \(ana@example.com\)"
    assert re.search(told, page, re.DOTALL), "it says before what will be told to whom"
    done = await browser.post(f"{base}/confirm-delivery", data={"form": _form(page), "at": ""})
    assert "Reabrir a entrega" in done.text
    assert "Entrega confirmada." in done.text
    await shop.run()
    assert shop.outside.told("mail")[-1]["status"] == "delivered"
    page = (await browser.get("/orders/2001")).text
    assert "uma correção por e-mail" in page
    nothing = await browser.post(f"{base}/reopen", data={"form": _form(page), "reason": " "})
    assert nothing.status_code == 422
    assert "Diga por que" in nothing.text
    await browser.post(f"{base}/reopen", data={"form": _form(page), "reason": "não chegou <b>mesmo</b>\x00"})
    await shop.run()
    assert shop.outside.told("mail")[-1]["kind"] == "customer_correction"
    assert shop.outside.told("canal")[-1]["delivered"] is False
    page = (await browser.get("/orders/2001")).text
    assert "não chegou &lt;b&gt;mesmo&lt;/b&gt;" in page
    assert 'href="/orders/2001"' in (await browser.get("/notices")).text, "a withdrawn delivery leaves a notice"
    assert "por Bia" in page
    wrong = await browser.post(f"{base}/confirm-delivery", data={"form": _form(page), "at": "2036-01-01T10:00"})
    assert wrong.status_code == 422
    assert "no futuro" in wrong.text
    unread = await browser.post(f"{base}/confirm-delivery", data={"form": _form(page), "at": "ontem"})
    assert "não se leem" in unread.text
    again = await browser.post(f"{base}/reopen", data={"form": _form(page), "reason": "de novo"})
    assert "Só se reabre o que está entregue" in again.text


async def test_only_our_own_forms_from_who_may_write_do_anything(browser: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1")
    forged = await browser.post(f"/orders/1001/packages/{shipment}/confirm-delivery", data={"form": "x"})
    assert forged.status_code == 422
    await enter(browser, shop.context, shop.store_id, "Leo", Role.VIEWER)
    page = (await browser.get("/orders/1001")).text
    assert "Confirmar" not in page
    refused = await browser.post(f"/orders/1001/packages/{shipment}/confirm-delivery", data={"form": "x"})
    assert refused.status_code == 403
    assert "O seu papel não permite" in refused.text
    for path in ("/notices/1/resolve", f"/accounts/{shop.accounts['posta']}/ask-now"):
        assert (await browser.post(path, data={"form": "x"})).status_code == 403
    assert not (await shop.shipment_row(shipment)).shipment.snapshot.delivered


async def test_notices_and_accounts(browser: httpx.AsyncClient, shop: Shop) -> None:
    await shop.register("AA1")
    shop.outside.fail("carrier", "auth")
    await shop.later(minutes=1)
    page = (await browser.get("/")).text
    assert "espera: posta" in page
    assert re.search(r'Avisos <span class="count"[^>]*>1</span>', page)
    assert '1<span class="unseen"> com problema' in page
    assert "1 aviso espera por você." in page
    assert "Ao encerrar, a conta é tentada de novo" in (await browser.get("/notices")).text
    accounts = (await browser.get("/accounts")).text
    assert "recusa as credenciais" in accounts
    shop.outside.fail("carrier", "ok")
    stale = await browser.post(f"/accounts/{shop.accounts['posta']}/ask-now", data={"form": "ç"})
    assert stale.status_code == 422
    assert "ficou velha" in stale.text
    elsewhere = await browser.post("/accounts/999/ask-now", data={"form": _form(accounts)})
    assert "não existe mais" in elsewhere.text
    tried = await browser.post(f"/accounts/{shop.accounts['posta']}/ask-now", data={"form": _form(accounts)})
    assert "será tentada em instantes" in tried.text
    await shop.run()
    assert "Nada espera por você." in (await browser.get("/")).text
    assert "Nenhum aviso" in (await browser.get("/notices")).text
    assert (await shop.account("posta")).state == "ok"


async def test_a_notice_is_ended_by_one_button(browser: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", ("XYZ", "2026-11-02T13:00:00+00:00", "Itu"))
    await shop.ask(shipment, hours=2)
    page = (await browser.get("/notices")).text
    assert "XYZ" in page
    assert "Encerrar um aviso não avisa ninguém" in page
    button = re.search(r'action="(/notices/\d+/resolve)"', page)
    assert button is not None
    assert 'href="/?q=AA1"' in page, "the notice leads to what it is about"
    assert (await browser.post(button[1], data={"form": "x"})).status_code == 422
    assert "Nenhum aviso" in (await browser.post(button[1], data={"form": _form(page)})).text
    assert "Isso já estava feito" in (await browser.post(button[1], data={"form": _form(page)})).text


async def test_every_number_links_to_the_list_that_it_counts(browser: httpx.AsyncClient, shop: Shop) -> None:
    for invoice, code in (("NF-1", "AA1"), ("NF-2", "AA2")):
        await shop.register(code, SOLD_ELSEWHERE, invoice)
    for number in range(52):
        await shop.register(f"AB{number}", Order(f"3{number:03}", ANA))
    page = (await browser.get("/")).text
    assert 'Todos<span class="n">53</span>' in page
    assert 'Em preparação<span class="n">53</span>' in page, "orders are counted, not packages"
    older = re.search(r'href="(/\?before=\d+)" rel="next"', page)
    assert older is not None
    second = (await browser.get(older[1])).text
    assert (page + second).count('<a class="code" href="/orders/') == 53
    assert "Voltar aos mais novos" in second
    found = (await browser.get("/", params={"q": "aa2"})).text
    assert 'Todos<span class="n">1</span>' in found
    assert "+1" in found
    assert 'href="/?q=aa2&amp;status=registered"' in found


async def test_the_position_that_most_needs_a_look_is_shown_first(browser: httpx.AsyncClient, shop: Shop) -> None:
    came = await shop.register("AA1", invoice="NF-1")
    await shop.register("AA2", invoice="NF-2")
    shop.outside.say("AA1", POSTED, DELIVERED)
    await shop.ask(came, days=2)
    marks = re.findall(r'class="mark (\w+)"></span>([\w ]+)</span>', (await browser.get("/")).text)
    assert marks == [("quiet", "Em preparação"), ("good", "Entregue")]
    order = (await browser.get("/orders/1001")).text
    assert order.count('href="#package-') == 2, "more packages than one have an index"


async def test_a_long_history_is_folded_and_nothing_is_left_out(browser: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1")
    start = shop.clock()
    many = [("RO", (start + timedelta(hours=n)).isoformat(), "Itu") for n in range(17)]
    shop.outside.say("AA1", *many[:16])
    await shop.ask(shipment, days=1)
    assert "registros anteriores" not in (await browser.get("/orders/1001")).text
    shop.outside.say("AA1", *many)
    await shop.ask(shipment, hours=2)
    token = (await shop.shipment_row(shipment)).shipment.tracking_token
    for page in ((await browser.get("/orders/1001")).text, (await browser.get(f"/t/{token}")).text):
        before, found, after = page.partition("E mais 5 registros anteriores")
        assert found
        history = re.compile(r'<time class="quiet" datetime="[^"]+" title="[^"]+">\d\d:\d\d</time>')
        assert len(history.findall(before)) == 12
        assert len(history.findall(after)) == 5


async def test_a_late_package_is_said_to_be_late(browser: httpx.AsyncClient, shop: Shop) -> None:
    promised = shop.clock() + timedelta(days=1)
    shipment = await shop.register("AA1", Order("1001", ANA, promised_at=promised))
    await shop.register("AB2", Order("1002", ANA))
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, days=1)
    assert "atrasado" not in (await browser.get("/")).text, "the promised day is not over"
    await shop.ask(shipment, days=1)
    assert "atrasado</span>" in (await browser.get("/")).text
    shop.outside.say("AA1", POSTED, ("BDE", "2026-11-04T11:00:00+00:00", "Itu"))
    await shop.ask(shipment, hours=2)
    assert "com atraso</span>" in (await browser.get("/")).text


async def test_a_confirmation_that_cannot_be_true_is_not_said_to_be_done(
    browser: httpx.AsyncClient, shop: Shop
) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=4)
    page = (await browser.get("/orders/1001")).text
    before_the_posting = {"form": _form(page), "at": "2026-11-02T09:30"}
    answer = await browser.post(f"/orders/1001/packages/{shipment}/confirm-delivery", data=before_the_posting)
    assert answer.status_code == 422
    assert "não conta" in answer.text
    assert "Entrega confirmada" not in answer.text


async def test_a_package_is_only_spoken_of_on_its_own_order(browser: httpx.AsyncClient, shop: Shop) -> None:
    await shop.register("AA1")
    other = await shop.register("AA2", SOLD_ELSEWHERE)
    page = (await browser.get("/orders/1001")).text
    for wrong in (other, 999, "x", 10**30):
        answer = await browser.post(f"/orders/1001/packages/{wrong}/confirm-delivery", data={"form": _form(page)})
        assert answer.status_code == 422
        assert "não é deste pedido" in answer.text
    assert not (await shop.shipment_row(other)).shipment.snapshot.delivered
    nowhere = await browser.post(f"/orders/9/packages/{other}/ask-now", data={"form": _form(page)})
    assert nowhere.status_code == 404


async def test_asking_now_makes_the_package_due(browser: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1")
    await shop.later(minutes=1)
    asked = len(shop.outside.asked())
    page = (await browser.get("/orders/1001")).text
    done = await browser.post(f"/orders/1001/packages/{shipment}/ask-now", data={"form": _form(page)})
    assert "será perguntada em instantes" in done.text
    await shop.run()
    assert len(shop.outside.asked()) == asked + 1


async def test_strange_numbers_keep_their_address(browser: httpx.AsyncClient, shop: Shop) -> None:
    number = "A/1 ?&#é"
    await shop.register("AA1", Order(number, ANA))
    listed = re.search(r'class="code" href="([^"]+)"', (await browser.get("/")).text)
    assert listed is not None
    assert listed[1] == "/orders/A%2F1%20%3F%26%23%C3%A9"


@pytest.mark.parametrize(
    "address",
    ["/?before=0", f"/?before={10**30}", "/?before=x", "/?status=lost_in_space", "/?q=%00", "/orders/%00"]
    + [f"/replies/{wrong}" for wrong in ("0", "x", "²", 2**63, 10**30)],
)
async def test_what_cannot_be_found_is_said_so_whatever_was_typed(browser: httpx.AsyncClient, address: str) -> None:
    answer = await browser.get(address)
    assert answer.status_code == 404
    assert "Não há nada neste endereço" in answer.text
    assert "Avisos" in answer.text, "with the head of every screen"


@pytest.mark.parametrize("link", ["a", "a.b", "1.1000.abc", "%C3%A9.%C3%A9", "1..", "%00"])
async def test_a_broken_link_does_not_sign_in(browser: httpx.AsyncClient, link: str) -> None:
    browser.cookies.delete(COOKIE)
    answer = await browser.get(f"/sign-in/{link}")
    assert answer.status_code == 401
    assert COOKIE not in browser.cookies


async def test_a_session_is_no_link_and_a_link_no_session(browser: httpx.AsyncClient, shop: Shop) -> None:
    session = browser.cookies[COOKIE]
    browser.cookies.delete(COOKIE)
    assert (await browser.get(f"/sign-in/{session}")).status_code == 401
    link = (await sign_in_link(shop.context, shop.store_id)).rpartition("/")[2]
    browser.cookies.set(COOKIE, link)
    assert str((await browser.get("/")).url).endswith("/sign-in")


async def test_english_is_remembered_where_it_was_asked_for(browser: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, ("XYZ", "2026-11-02T13:30:00+00:00", "Itu"), OUT)
    await shop.ask(shipment, days=1, hours=1)
    assert 'lang="pt-BR"' in (await browser.get("/")).text
    assert 'lang="en"' in (await browser.get("/?lang=en&q=AA1")).text
    page = (await browser.get("/orders/1001")).text
    assert "Out for delivery today in Itu." in page
    assert "Once confirmed, Paradeiro tells:" in page
    assert "XYZ" in (await browser.get("/notices")).text
    for screen in ("/accounts", "/notices", "/sign-in", "/orders/9"):
        assert "Nothing" not in (await browser.get(screen)).text
        assert ">Avisos" not in (await browser.get(screen)).text
    assert 'lang="pt-BR"' in (await browser.get("/?lang=pt")).text


async def test_messages_are_shown_with_state_tries_and_receipt(browser: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.fail("loja", "refused")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    page = (await browser.get("/orders/1001")).text
    assert "recusado" in page
    assert "Invoice Not Found" in page
    assert "1 tentativa" in page
    assert "receipt-" in page, "the mail's"
    assert 'href="/replies/' in page


async def test_a_raw_answer_that_is_no_json_or_hostile_json_is_text(browser: httpx.AsyncClient, shop: Shop) -> None:
    for raw, seen in ((b"<script>alert(1)</script>", "&lt;script&gt;"), (b"[" * 50_000, "[[[["), (b"", "veio vazia")):
        async with transaction(shop.context.pool) as connection:
            reply = await replies.put_reply(
                connection,
                store_id=shop.store_id,
                account_id=shop.accounts["posta"],
                tracking_code="AA1",
                outcome=Outcome.MALFORMED,
                body=raw,
                now=shop.clock(),
                to_record=False,
            )
        answer = await browser.get(f"/replies/{reply}")
        assert answer.status_code == 200
        assert seen in answer.text
        assert "<script" not in answer.text


async def test_the_style_sheet_is_kept_and_nothing_else_is(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/")
    assert page.headers["cache-control"] == "no-store"
    address = re.search(r'href="(/static/style-\w+\.css)"', page.text)
    assert address is not None
    sheet = await browser.get(address[1])
    assert sheet.headers["content-type"].startswith("text/css")
    assert "immutable" in sheet.headers["cache-control"]
    assert "url(" not in sheet.text
    assert "@import" not in sheet.text
    assert (await browser.get("/static/style-0.css")).status_code == 404
    assert not re.search(r"<script|<style|style=|https?://(?!rastreio\.example)", page.text)
