"""In: a VTEX on loopback with every kind of answer; out: the session's orders, receipts and outcomes."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from paradeiro.connectors import discover
from paradeiro.domain.words import EffectKind, Outcome
from paradeiro.sdk.contract import AccountRef, Request, Sent
from paradeiro.sdk.hard_cases import hard_cases
from tests.connectors.parties import Asked, Reply, party
from tests.connectors.tellings import account, fixtures

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
ORDER = next(p for p in fixtures("vtex", "orders") if p.stem == "two_packages_and_a_return")
ANSWERS = [pytest.param(c, p, id=f"{c}-{p.stem}") for c in ("vtex", "vtex_marketplace") for p in fixtures(c, "answers")]
PUT = Request("PUT", "/api/oms/pvt/orders/1/invoice/A-1/tracking", (("Content-Type", "application/json"),), b"{}")


def session(url: str, connector: str = "vtex", now: datetime = NOW, **more: str) -> Any:
    settings = {"base_url": url, "app_key": "key", "app_token": "token", **more}
    return discover()[connector].open(account(connector, **settings), lambda: now)


class Store:
    """A VTEX that has these orders, each invoiced at an instant."""

    def __init__(self, invoiced: dict[str, datetime]) -> None:
        self.invoiced = invoiced
        self.ill: dict[str, Reply | None] = {}
        self.list_reply: Reply | None = None

    def __call__(self, asked: Asked) -> Reply | None:
        number = asked.path.removeprefix("/api/oms/pvt/orders").strip("/")
        if not number:
            return self.list_reply or self._listed(asked)
        if number in self.ill:
            return self.ill[number]
        if number not in self.invoiced:
            return Reply(404)
        return Reply(body=json.dumps(json.loads(ORDER.read_bytes()) | {"orderId": number}).encode())

    def _listed(self, asked: Asked) -> Reply:
        begin, _, end = asked.query["f_invoicedDate"].removeprefix("invoicedDate:[").rstrip("]").partition(" TO ")
        since, until = datetime.fromisoformat(begin), datetime.fromisoformat(end)
        mine = [n for n, at in sorted(self.invoiced.items()) if since <= at <= until]
        page, size = int(asked.query["page"]), int(asked.query["per_page"])
        assert size <= 100
        assert page <= 30
        shown = mine[(page - 1) * size : page * size]
        paging = {"total": len(mine), "pages": -(-len(mine) // size), "currentPage": page, "perPage": size}
        return Reply(body=json.dumps({"list": [{"orderId": n} for n in shown], "paging": paging}).encode())


async def swept(url: str, cursor: str = "", now: datetime = NOW) -> tuple[list[str], str]:
    """All orders of one sweep, page by page, and the cursor at its end."""
    open_session = session(url, now=now)
    numbers: list[str] = []
    try:
        while True:
            page = await open_session.orders(cursor, ())
            assert page.problem is None, page.message
            assert len(page.orders) <= 50
            numbers += [o.number for o in page.orders]
            cursor = page.cursor
            if not page.more:
                return numbers, cursor
    finally:
        await open_session.close()


def invoiced(count: int, at: datetime, step: timedelta = timedelta(seconds=1)) -> dict[str, datetime]:
    return {f"v{i:05}-01": at + i * step for i in range(count)}


async def test_a_sweep_reads_every_order_in_bounded_calls() -> None:
    store = Store(invoiced(230, NOW - timedelta(days=3)))
    async with party(store) as host:
        numbers, _ = await swept(host.url)
    assert sorted(numbers) == sorted(store.invoiced)
    assert {a.headers["x-vtex-api-apptoken"] for a in host.asked} == {"token"}
    assert all("f_status" not in a.query for a in host.asked)


async def test_the_next_sweep_looks_back_over_the_indexs_lag() -> None:
    store = Store(invoiced(1, NOW - timedelta(days=3)))
    async with party(store) as host:
        _, cursor = await swept(host.url)
        store.invoiced["late-in-the-index"] = NOW - timedelta(minutes=20)
        store.invoiced["new"] = NOW + timedelta(minutes=4)
        numbers, _ = await swept(host.url, cursor, NOW + timedelta(minutes=5))
    assert sorted(numbers) == ["late-in-the-index", "new"]


async def test_windows_with_more_orders_than_vtex_shows_are_halved() -> None:
    store = Store(invoiced(7000, NOW - timedelta(hours=4)))
    async with party(store) as host:
        open_session = session(host.url)
        cursor, more, listed = "", True, 0
        while more and listed < 6:  # the first windows are enough: reading all takes long
            page = await open_session.orders(cursor, ())
            assert page.problem is None
            cursor, more = page.cursor, page.more
            listed = sum(a.path.endswith("/orders") for a in host.asked)
        await open_session.close()
    windows = [a.query["f_invoicedDate"] for a in host.asked if a.path.endswith("/orders")]
    assert len(set(windows)) > 1


async def test_the_watched_are_read_again_and_the_unknown_are_left_out() -> None:
    store = Store({})
    async with party(store) as host:
        store.invoiced["watched"] = NOW - timedelta(days=400)
        page = await (open_session := session(host.url)).orders("", ["watched", "gone"])
        await open_session.close()
    assert [o.number for o in page.orders] == ["watched"]
    assert page.problem is None
    assert page.message == ""


ILL = {
    "unreadable": Reply(body=b'{"orderId": 7}'),
    "a page": Reply(body=b"<html>", headers={"Content-Type": "text/html"}),
    "an error": Reply(500),
}


@pytest.mark.parametrize("reply", ILL.values(), ids=ILL.keys())
async def test_one_order_that_cannot_be_read_holds_up_no_other_and_is_not_lost(reply: Reply) -> None:
    store = Store(invoiced(3, NOW - timedelta(days=1)))
    store.ill["v00001-01"] = reply
    async with party(store) as host:
        open_session = session(host.url)
        page = await open_session.orders("", ())
        assert [o.number for o in page.orders] == ["v00000-01", "v00002-01"]
        assert page.problem is None
        assert "v00001-01" in page.message
        store.ill.clear()
        again = await open_session.orders(page.cursor, ())
        await open_session.close()
    assert "v00001-01" in [o.number for o in again.orders]
    assert again.message == ""


@pytest.mark.parametrize("reply", [Reply(429), Reply(401), None], ids=["429", "401", "hangs up"])
async def test_the_partys_own_trouble_moves_nothing(reply: Reply | None) -> None:
    store = Store(invoiced(3, NOW - timedelta(days=1)))
    store.ill["v00001-01"] = reply
    async with party(store) as host:
        page = await (open_session := session(host.url)).orders("", ())
        await open_session.close()
    expected = Outcome.AUTH_FAILED if reply and reply.status == 401 else Outcome.RETRY
    assert (page.problem, page.orders, page.cursor) == (expected, (), "")
    assert page.retry_after == (60.0 if reply and reply.status == 429 else None)


async def test_when_no_order_can_be_read_nothing_moves() -> None:
    store = Store(invoiced(3, NOW - timedelta(days=1)))
    store.ill = dict.fromkeys(store.invoiced, Reply(503))
    async with party(store) as host:
        page = await (open_session := session(host.url)).orders("", ())
        await open_session.close()
    assert (page.problem, page.cursor) == (Outcome.RETRY, "")


LISTS = {
    "html": (Reply(body=b"<html>"), Outcome.MALFORMED),
    "no list": (Reply(body=b"{}"), Outcome.MALFORMED),
    "cut": (Reply(body=b'{"list": ['), Outcome.MALFORMED),
    "forbidden": (Reply(403), Outcome.AUTH_FAILED),
    "down": (Reply(502), Outcome.RETRY),
    "bad request": (Reply(400, b'{"error":{"message":"too wide"}}'), Outcome.MALFORMED),
}


@pytest.mark.parametrize(("reply", "outcome"), LISTS.values(), ids=LISTS.keys())
async def test_a_list_that_is_none_is_a_problem_and_the_cursor_stays(reply: Reply, outcome: Outcome) -> None:
    store = Store({})
    store.list_reply = reply
    async with party(store) as host:
        page = await (open_session := session(host.url)).orders("", ())
        await open_session.close()
    assert (page.problem, page.cursor) == (outcome, "")
    assert page.message


@pytest.mark.parametrize("cursor", ["rubbish", "{}", '{"since":"2026-03-01"}', "[]", "null"])
async def test_a_cursor_that_is_none_begins_at_the_start(cursor: str) -> None:
    store = Store(invoiced(1, NOW - timedelta(days=3)))
    async with party(store) as host:
        numbers, _ = await swept(host.url, cursor)
    assert numbers == ["v00000-01"]


@pytest.mark.parametrize(("connector", "path"), ANSWERS)
async def test_each_answer_has_its_outcome(connector: str, path: Path) -> None:
    answer = json.loads(path.read_bytes())
    reply = Reply(answer["status"], answer["body"].encode(), answer["headers"])
    async with party(lambda asked: Reply(404) if asked.method == "GET" else reply) as host:
        sent: Sent = await (open_session := session(host.url, connector)).send(PUT, "telling-1")
        await open_session.close()
    assert {name: getattr(sent, name) for name in answer["expected"]} == answer["expected"]
    assert sent.http_status == answer["status"]
    assert host.asked[0].headers["idempotency-key"] == "telling-1"
    assert host.asked[0].body == PUT.body


@pytest.mark.parametrize("connector", ["vtex", "vtex_marketplace"])
async def test_a_connection_that_breaks_after_sending_leaves_a_doubt_and_no_listener_none(connector: str) -> None:
    async with party(lambda _: None) as host:
        broke: Sent = await (open_session := session(host.url, connector)).send(PUT, "1")
        await open_session.close()
    assert (broke.outcome, broke.in_doubt) == (Outcome.RETRY, True)
    nobody: Sent = await (open_session := session("http://127.0.0.1:9", connector)).send(PUT, "1")
    await open_session.close()
    assert (nobody.outcome, nobody.in_doubt) == (Outcome.RETRY, False)


@pytest.mark.parametrize("status", [400, 404, 500])
async def test_no_to_an_odd_invoice_number_is_for_ever_and_says_why(status: int) -> None:
    odd = Request("PUT", "/api/oms/pvt/orders/1/invoice/A%201/tracking", (), b"{}")
    async with party(lambda _: Reply(status, b'{"message":"An error has occurred"}')) as host:
        sent: Sent = await (open_session := session(host.url)).send(odd, "1")
        await open_session.close()
    assert sent.outcome is Outcome.REFUSED
    assert "invoice number" in sent.message


async def _shown(request: Request, package: dict[str, object]) -> bool:
    order = {"packageAttachment": {"packages": [{"invoiceNumber": "000123456", **package}]}}
    async with party(lambda _: Reply(body=json.dumps(order).encode())) as host:
        done: bool = await (open_session := session(host.url)).already_done(request, "1")
        await open_session.close()
    assert host.asked[0].method == "GET"
    return done


def _request(kind: EffectKind, case: str) -> Request:
    render = discover()["vtex"].render
    assert render is not None
    return render(dict(hard_cases(kind))[case], {})


async def test_a_tracking_number_is_done_when_the_invoice_shows_it() -> None:
    request = _request(EffectKind.TRACKING_NUMBER, "plain")
    assert await _shown(request, {"trackingNumber": "AA123456785BR"})
    assert not await _shown(request, {"trackingNumber": None})
    assert not await _shown(request, {"trackingNumber": "AA123456785BR", "invoiceNumber": "other"})


async def test_an_update_is_done_when_the_order_shows_all_of_it() -> None:
    request = _request(EffectKind.ORDER_UPDATE, "delivered")
    asked = json.loads(request.body)
    rows = [{k: e[k] for k in ("city", "state", "description")} | {"createDate": "x"} for e in asked["events"]]
    status = {"finished": True, "deliveredDate": "2026-03-04T11:30:00.0000000+00:00", "data": rows}
    assert await _shown(request, {"courierStatus": status})
    assert await _shown(request, {"courierStatus": status | {"deliveredDate": None}})
    assert not await _shown(request, {"courierStatus": status | {"finished": False}})
    assert not await _shown(request, {"courierStatus": status | {"deliveredDate": "2026-03-07T11:30:00+00:00"}})
    assert not await _shown(request, {"courierStatus": status | {"data": rows[:-1]}})
    assert not await _shown(request, {"courierStatus": None})


async def test_what_cannot_be_read_back_is_not_done() -> None:
    for reply in (Reply(500), Reply(body=b"<html>"), Reply(body=b"[]"), None):
        async with party(lambda _, reply=reply: reply) as host:  # type: ignore[misc]
            open_session = session(host.url)
            assert not await open_session.already_done(_request(EffectKind.ORDER_UPDATE, "plain"), "1")
            await open_session.close()
    open_session = session("http://127.0.0.1:9", "vtex_marketplace")
    assert not await open_session.already_done(PUT, "1")
    await open_session.close()


def _order_with(**package: object) -> Reply:
    mine = {"invoiceNumber": "A-1", **package}
    return Reply(body=json.dumps({"orderId": "1", "packageAttachment": {"packages": [mine]}}).encode())


RECEIPT = Reply(body=b'{"date":"2026-03-10T18:04:31Z","orderId":"1","receipt":"r1"}')


@pytest.mark.parametrize(
    ("shown", "outcome"),
    [
        (_order_with(courierStatus={"finished": True, "data": []}), Outcome.FOUND),
        (_order_with(courierStatus={"finished": False, "data": []}), Outcome.NOT_WRITTEN),
        (_order_with(courierStatus=None), Outcome.NOT_WRITTEN),
        (Reply(503), Outcome.FOUND),
        (Reply(body=b"<html>"), Outcome.FOUND),
    ],
    ids=["shown", "not finished", "nothing", "cannot be read", "a page"],
)
async def test_a_yes_is_believed_when_the_order_shows_it(shown: Reply, outcome: Outcome) -> None:
    put = Request(PUT.method, PUT.path, PUT.headers, b'{"isDelivered":true,"deliveredDate":null,"events":[]}')
    async with party(lambda asked: shown if asked.method == "GET" else RECEIPT) as host:
        sent: Sent = await (open_session := session(host.url)).send(put, "1")
        await open_session.close()
    assert (sent.outcome, sent.in_doubt) == (outcome, False)
    assert [a.method for a in host.asked] == ["PUT", "GET"]
    assert outcome is Outcome.FOUND or "does not show it" in sent.message


async def test_orders_by_number_are_sorted_into_there_missing_and_unread() -> None:
    store = Store(invoiced(2, NOW))
    store.ill["ill"] = Reply(500)
    async with party(store) as host:
        read = await (open_session := session(host.url)).named(["v00000-01", "gone", "ill", "v00001-01", "gone"])
        await open_session.close()
    assert [o.number for o in read.orders] == ["v00000-01", "v00001-01"]
    assert (read.missing, read.unread, read.problem) == (("gone",), ("ill",), None)
    assert "ill" in read.message
    assert len(host.asked) == 4


@pytest.mark.parametrize(
    ("reply", "problem"),
    [(Reply(429), Outcome.RETRY), (Reply(403), Outcome.AUTH_FAILED), (None, Outcome.RETRY)],
    ids=["429", "403", "hangs up"],
)
async def test_orders_by_number_are_none_when_the_party_is_in_trouble(reply: Reply | None, problem: Outcome) -> None:
    store = Store(invoiced(2, NOW))
    store.ill["ill"] = reply
    async with party(store) as host:
        read = await (open_session := session(host.url)).named(["v00000-01", "ill"])
        await open_session.close()
    assert (read.problem, read.orders, read.missing, read.unread) == (problem, (), (), ())


async def test_after_a_429_nothing_more_is_asked_until_the_pause_is_over() -> None:
    at = [NOW]
    replies = [Reply(429, headers={"Retry-After": "90"}), Reply(404)]
    settings = {"app_key": "key", "app_token": "token"}
    async with party(lambda _: replies[min(len(host.asked) - 1, 1)]) as host:
        open_session = discover()["vtex"].open(account("vtex", base_url=host.url, **settings), lambda: at[0])
        for later, asked in ((0, 1), (89, 1), (90, 2)):
            at[0] = NOW + timedelta(seconds=later)
            read = await open_session.named(["x"])
            assert len(host.asked) == asked
            assert (read.problem is None) is (asked == 2)
        await open_session.close()


@pytest.mark.parametrize("body", [b"", b"{}", b'[{"orderId":"1"}]', b"[7]", b"<html>"])
async def test_a_feed_that_cannot_be_read_is_no_empty_feed(body: bytes) -> None:
    async with party(lambda _: Reply(body=body)) as host:
        page = await (open_session := session(host.url)).feed()
        await open_session.close()
    assert page.problem is Outcome.MALFORMED
    assert (page.about, page.handles) == ((), ())


async def test_feed_items_without_an_order_are_committed_and_name_nothing() -> None:
    items = [{"handle": "h1", "orderId": None, "state": None}, {"handle": "h2", "orderId": "v1-01", "state": None}]
    async with party(lambda _: Reply(body=json.dumps(items).encode())) as host:
        page = await (open_session := session(host.url)).feed()
        await open_session.close()
    assert (page.about, page.handles) == (("v1-01",), ("h1", "h2"))
    assert host.asked[0].query == {"maxlot": "10"}


@pytest.mark.parametrize(
    ("shown", "sent_again"),
    [
        ({"trackingNumber": "same", "trackingUrl": "https://x.example"}, False),
        ({"trackingNumber": "same", "trackingUrl": None}, True),
        ({"trackingNumber": "another", "trackingUrl": "https://x.example"}, True),
        ({}, True),
    ],
)
async def test_a_number_that_the_order_shows_is_not_sent_again(shown: dict[str, str | None], sent_again: bool) -> None:
    """An ERP that writes to VTEX and to us: VTEX must not mail its customer twice (facts/vtex, section 5)."""
    request = _request(EffectKind.TRACKING_NUMBER, "plain")
    number = json.loads(request.body)["trackingNumber"]
    there = shown | {"trackingNumber": number} if shown.get("trackingNumber") == "same" else shown
    package = {"invoiceNumber": "000123456", **there}
    order = {"packageAttachment": {"packages": [package]}}
    receipt = {"date": "2026-03-07T11:30:00+00:00", "orderId": "1", "receipt": "r-1"}

    def answer(asked: Asked) -> Reply:
        if asked.method == "PATCH":
            package["trackingNumber"] = number
        return Reply(body=json.dumps(order if asked.method == "GET" else receipt).encode())

    async with party(answer) as host:
        sent: Sent = await (open_session := session(host.url)).send(request, "1")
        await open_session.close()
    assert sent.outcome is Outcome.FOUND
    assert [a.method for a in host.asked] == (["GET", "PATCH", "GET"] if sent_again else ["GET"])
    assert sent.receipt == ("r-1" if sent_again else "already there")


WHEN = "2019-04-23T14:00:00.0000000+00:00"


@pytest.mark.parametrize(
    ("reply", "receipt"),
    [
        (Reply(200, json.dumps({"date": WHEN, "orderId": "1234567", "receipt": None}).encode()), WHEN),
        (Reply(200, json.dumps({"date": WHEN, "orderId": "1234567", "receipt": "r-1"}).encode()), "r-1"),
        (Reply(200, json.dumps({"date": WHEN, "orderId": "1234567"}).encode()), WHEN),
        (Reply(200, json.dumps({"date": WHEN, "orderId": "", "receipt": "r-1"}).encode()), None),
        (Reply(200, json.dumps({"date": None, "orderId": "1234567", "receipt": "r-1"}).encode()), None),
        (Reply(200, json.dumps({"date": WHEN, "orderId": "1234567", "receipt": 7}).encode()), None),
        (Reply(200, b"{}"), None),
        (Reply(200, b"[]"), None),
        (Reply(204), None),
        (Reply(200, b"<html>"), None),
    ],
)
async def test_a_separate_delivery_call_is_accepted_when_the_answer_says_so(reply: Reply, receipt: str | None) -> None:
    """facts/vtex section 4d: {date, orderId, receipt}, whose receipt may be null; nothing else in a 2xx is a yes."""
    apart = Request("POST", "/pub/orders/1/delivered", (), b"{}")
    async with party(lambda _: reply) as host:
        sent: Sent = await (open_session := session(host.url, "vtex_marketplace")).send(apart, "1")
        await open_session.close()
    assert sent.outcome is (Outcome.FOUND if receipt else Outcome.MALFORMED)
    assert sent.receipt == (receipt or "")


@pytest.mark.parametrize(
    ("setting", "headers"),
    [
        ({}, {"x-vtex-api-appkey", "x-vtex-api-apptoken"}),
        ({"key_headers": "api"}, {"x-api-appkey", "x-api-apptoken"}),
    ],
)
async def test_the_key_goes_in_the_headers_that_the_hub_reads(setting: dict[str, str], headers: set[str]) -> None:
    answer = Reply(200, json.dumps({"date": WHEN, "orderId": "1", "receipt": "r"}).encode())
    async with party(lambda _: answer) as host:
        settings = {"base_url": host.url, "app_key": "k", "app_token": "t"} | setting
        ref = AccountRef(1, 1, "vtex_marketplace", "m", settings)
        open_session = discover()["vtex_marketplace"].open(ref, lambda: NOW)
        await open_session.send(Request("POST", "/pub/orders/1/invoice", (), b"{}"), "1")
        await open_session.close()
    [asked] = host.asked
    assert {name for name, value in asked.headers.items() if value in {"k", "t"}} == headers


async def test_what_cannot_be_read_now_is_asked_again_before_it_is_sent_again() -> None:
    for reply, done in ((Reply(500), None), (Reply(429), None), (None, None), (Reply(404), False), (Reply(403), False)):
        async with party(lambda _, reply=reply: reply) as host:  # type: ignore[misc]
            open_session = session(host.url)
            assert await open_session.already_done(_request(EffectKind.ORDER_UPDATE, "plain"), "1") is done
            await open_session.close()
