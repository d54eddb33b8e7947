"""In: events of the tax authority, genuine and not; out: what is believed of them, and how they are fetched."""

import asyncio
import base64
import csv
import gzip
import io
import re
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.connectors.nfe_cte import CONNECTOR
from paradeiro.connectors.nfe_cte.client import NfeCteSession
from paradeiro.connectors.nfe_cte.codes import TYPES
from paradeiro.connectors.nfe_cte.document import LARGEST_DOCUMENT
from paradeiro.connectors.nfe_cte.files import split_file
from paradeiro.connectors.nfe_cte.parse import parse_with
from paradeiro.connectors.nfe_cte.push import read_push
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import NoticeKind, Outcome, Reason, Status, Way, Withdraws
from paradeiro.sdk.contract import HOOK_SECRET, AccountRef, Push
from paradeiro.sdk.ways_in import FeedAnswer
from tests.connectors.nfe_cte_fixtures import FOLDER, fixtures
from tests.connectors.nfe_cte_signing import (
    CARRIER,
    CTE_KEY,
    CTE_SPACE,
    NFE_SPACE,
    SHOP,
    Company,
    authority,
    company,
    delivered_details,
    document,
    event_xml,
    failed_details,
    nfe_delivered_details,
    nfe_key,
    registered,
    sign,
    with_digit,
)
from tests.connectors.parties import Asked, Party, Reply, party

K1, K2 = nfe_key(1001), nfe_key(1002)
LATER = datetime(2026, 6, 1, tzinfo=UTC)
PROTOCOL = "335260000000002"


def proof(*keys: str, **more: str) -> bytes:
    return document("110180", delivered_details(*(keys or (K1,))), **more)


def read(body: bytes, **settings: str) -> list[ParsedAnswer]:
    return parse_with(body, settings)


def only(body: bytes, **settings: str) -> ParsedAnswer:
    (answer,) = read(body, **settings)
    return answer


def event_of(body: bytes) -> TrackingEvent:
    (event,) = only(body).events
    return event


def cancelled(kind: str, tag: str, *, at: str = "2026-03-12T09:00:00-03:00") -> bytes:
    """A cancellation of the event with PROTOCOL."""
    return document(kind, f"<x><descEvento>Cancelamento</descEvento><{tag}>{PROTOCOL}</{tag}></x>", at=at)


# ── what events say ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_official_type_is_accounted_for() -> None:
    text = resources.files("paradeiro.connectors.nfe_cte").joinpath("codes.csv").read_text(encoding="utf-8")
    rows = {row["code"]: row for row in csv.DictReader(text.splitlines())}
    assert sorted(rows) == sorted(TYPES)
    for code, row in rows.items():
        meaning = TYPES[code]
        status = {"withdraws": None}.get(row["status"], row["status"])
        assert (meaning.status, meaning.words) == (status, row["words"])
        assert (meaning.withdraws is Withdraws.NAMED) == (row["status"] == "withdraws")
    assert {code for code, meaning in TYPES.items() if meaning.status is Status.DELIVERED} == {"110130", "110180"}


@pytest.mark.parametrize(
    ("reason", "status", "why"),
    [
        ("1", Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
        ("2", Status.ATTEMPT_FAILED, Reason.REFUSED),
        ("3", Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM),
        ("4", Status.ATTEMPT_FAILED, Reason.OTHER),
        ("5", Status.UNKNOWN, None),
        ("", Status.UNKNOWN, None),
    ],
)
def test_why_a_delivery_failed(reason: str, status: Status, why: Reason | None) -> None:
    answer = only(document("110190", failed_details(reason, K1, words="ENTREGUE AO VIZINHO")))
    (event,) = answer.events
    assert (event.status, event.reason) == (status, why)
    assert bool(answer.unknown_codes) == (status is Status.UNKNOWN)
    assert "VIZINHO" not in repr(answer)


def test_each_invoice_has_an_answer_of_its_own() -> None:
    keys = [nfe_key(number) for number in range(1, 2001)]
    answers = read(proof(*keys, keys[0]))
    assert [answer.identifiers[0].value for answer in answers] == keys
    assert {answer.events[0].status for answer in answers} == {Status.DELIVERED}
    assert answers[6].identifiers[1].text == f"{SHOP}/1/7"


def test_neither_the_receiver_nor_the_position_is_kept() -> None:
    for body in (proof(K1, K2), document("110130", nfe_delivered_details())):
        shown = repr(read(body))
        assert "delivered" in shown
        for personal in ("PESSOA", "EXEMPLO", "000000000<", "-8.04", "-34.87", "dTlgA70"):
            assert personal not in shown


def test_the_instant_is_that_of_the_delivery() -> None:
    late = document("110180", delivered_details(K1, at="2026-03-11T23:50:00-04:00"), at="2026-03-16T08:00:00-03:00")
    event = event_of(late)
    assert event.occurred_at == datetime(2026, 3, 12, 3, 50, tzinfo=UTC)
    assert not event.zone_assumed


def test_a_proof_older_than_the_order_does_not_count() -> None:
    timeline = fold(only(proof()).events, now=LATER, made_at=datetime(2027, 3, 1, tzinfo=UTC))
    assert timeline.snapshot.status is not Status.DELIVERED
    assert [doubt.kind for doubt in timeline.doubts] == [NoticeKind.IMPLAUSIBLE_EVENT]


def test_a_cancellation_names_the_event_that_it_withdraws() -> None:
    stated, gone = only(proof()), only(cancelled("110181", "nProtCE"))
    assert set(gone.identifiers) == {stated.identifiers[-1]}, "the protocol, and no invoice"
    timeline = fold((*stated.events, *gone.events), now=LATER)
    assert timeline.snapshot.status is not Status.DELIVERED
    assert len(timeline.withdrawn) == 1
    stated, gone = only(document("110130", nfe_delivered_details())), only(cancelled("110131", "nProtEvento"))
    assert gone.identifiers[0] == stated.identifiers[0], "an event of an NF-e names its key"
    assert not fold((*stated.events, *gone.events), now=LATER).snapshot.delivered


@pytest.mark.parametrize(("kind", "tag"), [("110191", "nProtIE"), ("110193", "nProtEvento")])
def test_a_cancelled_failure_moves_nothing_and_withdraws_no_delivery(kind: str, tag: str) -> None:
    gone = only(cancelled(kind, tag))
    other = replace(only(proof()).events[0], reference="another protocol")
    assert (gone.events[0].status, gone.events[0].withdraws) == (None, Withdraws.NAMED)
    assert fold((other, *gone.events), now=LATER).snapshot.delivered


def test_a_proof_entered_again_counts_although_it_is_older_than_the_cancellation() -> None:
    first, gone = only(proof()), only(cancelled("110181", "nProtCE"))
    again = delivered_details(K1, at="2026-03-11T12:00:00-03:00")
    second = only(document("110180", again, turn="2", protocol="335260000000009"))
    timeline = fold((*first.events, *gone.events, *second.events), now=LATER)
    assert timeline.snapshot.delivered_at == second.events[0].occurred_at
    assert timeline.withdrawn == {first.events[0].identity}


# ── what is believed ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_byte_of_what_was_signed_can_be_changed() -> None:
    body = proof(K1, K2)
    told = read(body)
    start, end = body.index(b"<infEvento"), body.index(b"</infEvento>")
    for at in range(start, end, 7):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert [a.outcome for a in read(changed)] == [Outcome.MALFORMED], body[at - 20 : at + 5]
    assert [a.outcome for a in told] == [Outcome.FOUND] * 2


@given(st.data())
def test_nothing_that_bytes_contain_raises_or_states_something_else(data: st.DataObject) -> None:
    body = proof()
    at, length = data.draw(st.integers(0, len(body))), data.draw(st.integers(0, 200))
    changed = body[:at] + data.draw(st.binary(max_size=30)) + body[at + length :]
    answers = read(changed)
    assert answers
    for answer in answers:
        assert answer.outcome is not Outcome.FOUND or answer.events[0].occurred_at == event_of(body).occurred_at


def test_what_is_put_beside_the_signed_event_is_not_read() -> None:
    """Signature wrapping: another, unsigned `infEvento` before, after, and around the signed one."""
    body = proof()
    inner = re.search(rb"<infEvento Id.*?</infEvento>", body)
    assert inner is not None
    other = inner[0].replace(K1.encode(), K2.encode())
    for fake in (other, other.replace(b'Id="ID1', b'Id="ID2'), other.replace(b" Id=", b" id=")):
        for changed in (
            body.replace(inner[0], fake + inner[0], 1),
            body.replace(inner[0], inner[0] + fake, 1),
            body.replace(inner[0], fake[:-12] + inner[0] + b"</infEvento>", 1),
            body.replace(b"</KeyInfo>", b"</KeyInfo><Object>" + fake + b"</Object>", 1),
        ):
            assert K2 not in repr(read(changed))


def signed_by(signer: Company, **more: str) -> bytes:
    return registered(sign(event_xml("110180", delivered_details(K1), **more), signer), **more)


SIGNERS: dict[str, tuple[Callable[[], Company], str]] = {
    "its own": (lambda: company(CARRIER), ""),
    "of a branch": (lambda: company("11222333000262"), ""),
    "named in the common name": (lambda: Company(CARRIER, authority(), named=False), ""),
    "self-signed": (lambda: Company(CARRIER), ""),
    "expired": (lambda: Company(CARRIER, authority(), years=(2020, 2023)), "not valid then"),
    "not yet valid": (lambda: Company(CARRIER, authority(), years=(2027, 2028)), "not valid then"),
    "of another company": (lambda: company(SHOP), "another company's certificate"),
    "of nobody": (lambda: Company(CARRIER, authority(), named=False, name="EMPRESA"), "another company's certificate"),
}


@pytest.mark.parametrize(("signer", "problem"), SIGNERS.values(), ids=SIGNERS)
def test_whose_certificate_may_sign(signer: Callable[[], Company], problem: str) -> None:
    answer = only(signed_by(signer()))
    assert answer.outcome is (Outcome.MALFORMED if problem else Outcome.FOUND)
    assert problem in answer.message


def test_who_issued_a_certificate_is_verified_against_the_accounts_bundle() -> None:
    genuine = signed_by(company(CARRIER))
    assert only(genuine, ca_bundle=authority().pem).outcome is Outcome.FOUND
    assert only(genuine, ca_bundle="none").outcome is Outcome.FOUND
    for forged in (Company(CARRIER), Company(CARRIER, Company("", is_ca=True, name="AC Exemplo"))):
        answer = only(signed_by(forged), ca_bundle=authority().pem)
        assert (answer.outcome, answer.message) == (
            Outcome.MALFORMED,
            "the certificate was not issued under the account's ca_bundle",
        )
    by_a_company = Company(CARRIER, company(SHOP))
    assert only(signed_by(by_a_company), ca_bundle=authority().pem + company(SHOP).pem).outcome is Outcome.MALFORMED
    assert "cannot be read" in only(genuine, ca_bundle="1234567890").message


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (lambda: proof(author=SHOP), "did not issue"),
        (lambda: document("110130", nfe_delivered_details(), author=CARRIER), "did not issue"),
        (lambda: proof(state="573"), "has not registered"),
        (lambda: proof(protocol=""), "no protocol"),
        (lambda: proof(nSeqEvento="2"), "of another event"),
        (lambda: proof(chCTe=with_digit(CTE_KEY[:-2] + "9")), "of another event"),
        (
            lambda: sign(event_xml("110180", delivered_details(K1)), company(CARRIER)).encode(),
            "without its registration",
        ),
        (lambda: re.sub(rb"<Signature .*</Signature>", b"", proof()), "not signed"),
        (lambda: re.sub(rb"(<Signature .*</Signature>)", rb"\1\1", proof()), "several signatures"),
        (lambda: re.sub(rb"(<Reference.*</Reference>)", rb"\1\1", proof()), "official form"),
        (lambda: re.sub(rb"(<Transform .*?/>)", rb"\1\1", proof()), "official form"),
        (lambda: re.sub(rb"<X509Certificate>.{9}", b"<X509Certificate>", proof()), "no certificate"),
        (lambda: proof(at="2026-03-11T14:20:00"), "no offset"),
        (lambda: document("110180", delivered_details(K1, at="ontem")), "no time"),
        (lambda: document("110180", delivered_details(K1, at="2026-03-12T14:05:00-03:00")), "lies after"),
        (lambda: proof().replace(b"<CNPJ>", b"<CPF>").replace(b"</CNPJ>", b"</CPF>"), "does not fit"),
        (lambda: b"<evento/>", "without its registration"),
        (lambda: b"<procEventoCTe/>", "no event"),
        (lambda: proof().decode().encode("utf-16"), "UTF-8"),
        (lambda: b" " * (LARGEST_DOCUMENT + 1), "larger"),
    ],
)
def test_what_was_not_verified_states_nothing(body: Callable[[], bytes], problem: str) -> None:
    answer = only(body())
    assert answer.outcome is Outcome.MALFORMED
    assert problem in answer.message


def test_xml_is_read_without_entities_and_files(tmp_path: object) -> None:
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    for declared in (
        f'<!DOCTYPE x [<!ENTITY l0 "x">{lol}]>',
        f'<!DOCTYPE x SYSTEM "file://{tmp_path}/x.dtd">',
        "<!doctype x>",
    ):
        body = proof().replace(b"?>\n", b"?>\n" + declared.encode() + b"\n", 1)
        assert only(body.replace(b"PESSOA EXEMPLO", b"&l11;")).message == "it has a DTD or is no text"


def test_events_of_tests_state_nothing_unless_the_account_reads_tests() -> None:
    test, real = proof(environment="2"), proof()
    assert [only(test).outcome, only(real).outcome] == [Outcome.NOT_FOUND, Outcome.FOUND]
    both = [only(body, environment="test").outcome for body in (test, real)]
    assert both == [Outcome.FOUND, Outcome.NOT_FOUND]


@pytest.mark.parametrize("name", ["nfeProc", "cteProc", "resEvento", "resNFe"])
def test_other_documents_of_an_archive_are_no_problem(name: str) -> None:
    space = CTE_SPACE if name.startswith("cte") else NFE_SPACE
    assert only(f'<{name} xmlns="{space}"/>'.encode()).outcome is Outcome.NOT_FOUND


# ── pushes and files ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({"x-api-key": "secret"}, Outcome.FOUND),
        ({"authorization": "Bearer secret"}, Outcome.FOUND),
        ({"authorization": "bearer secret"}, Outcome.FOUND),
        ({"authorization": "secret"}, Outcome.AUTH_FAILED),
        ({"x-api-key": "Secret"}, Outcome.AUTH_FAILED),
        ({"x-api-key": "other", "authorization": "Bearer secret"}, Outcome.AUTH_FAILED),
        ({}, Outcome.AUTH_FAILED),
    ],
)
def test_a_push_needs_the_addresss_key(headers: dict[str, str], outcome: Outcome) -> None:
    found = read_push(Push(headers, proof()), {HOOK_SECRET: "secret"})
    assert (found.outcome, found.states_facts) == (outcome, outcome is Outcome.FOUND)


def test_a_push_that_comes_again_is_the_same() -> None:
    pushes = [Push({"x-api-key": "s"}, body) for body in (proof(), proof(), proof(protocol="335260000000008"))]
    first, again, other = (read_push(push, {HOOK_SECRET: "s"}).identity for push in pushes)
    assert first == again != other


def test_a_push_without_a_document_or_without_a_right_key_is_told() -> None:
    def outcome(body: bytes) -> Outcome:
        return read_push(Push({"x-api-key": "s"}, body), {HOOK_SECRET: "s"}).outcome

    assert outcome(b"") is outcome(b" \n") is Outcome.NOT_FOUND
    assert outcome(proof(environment="2")) is Outcome.NOT_FOUND
    assert outcome(proof(K1[:-1] + str((int(K1[-1]) + 1) % 10))) is Outcome.MALFORMED
    assert outcome(b"<a/>") is Outcome.MALFORMED


def test_a_file_is_one_part_and_never_held_beyond_its_bound() -> None:
    body = proof()
    (part,) = split_file(io.BytesIO(body), {})
    assert (part.body, part.problem) == (body, "")
    (part,) = split_file(io.BytesIO(b""), {})
    assert part.problem == "the file is empty"

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return b"<" * min(size, 300_000)

    tracemalloc.start()
    try:
        (part,) = split_file(Endless(), {})  # type: ignore[arg-type] # a stream that has only `read`
        assert tracemalloc.get_traced_memory()[1] < 4 * LARGEST_DOCUMENT
    finally:
        tracemalloc.stop()
    assert "larger" in part.problem
    assert len(part.body) < 3_000


# ── the distribution service ─────────────────────────────────────────────────────────────────────────────────────────


def packed(body: bytes, schema: str, nsu: int) -> str:
    text = base64.b64encode(gzip.compress(body)).decode()
    return f'<docZip NSU="{nsu:015}" schema="{schema}">{text}</docZip>'


def answer(state: str, last: int, highest: int, *documents: str, service: str = "cte") -> Reply:
    """An answer of the service, in its envelope."""
    space, name = (CTE_SPACE, "cteDistDFeInteresse") if service == "cte" else (NFE_SPACE, "nfeDistDFeInteresse")
    lot = f"<loteDistDFeInt>{''.join(documents)}</loteDistDFeInt>" if documents else ""
    body = (
        '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope">'
        f'<soap:Body><{name}Response xmlns="{space}/wsdl/x"><{name}Result><retDistDFeInt versao="1.00" xmlns="{space}">'
        f"<tpAmb>1</tpAmb><verAplic>1.7.6</verAplic><cStat>{state}</cStat><xMotivo>motivo</xMotivo>"
        f"<dhResp>2026-03-11T15:00:00</dhResp><ultNSU>{last:015}</ultNSU><maxNSU>{highest:015}</maxNSU>{lot}"
        f"</retDistDFeInt></{name}Result></{name}Response></soap:Body></soap:Envelope>"
    )
    return Reply(body=body.encode(), headers={"Content-Type": "application/soap+xml; charset=utf-8"})


def account(**settings: str) -> AccountRef:
    usual = {"tax_number": SHOP, "state": "35", "certificate": "none", "service": "cte"}
    return AccountRef(1, 1, "nfe_cte", "SEFAZ", usual | settings)


async def feed(reply: Reply | None, cursor: str = "", **settings: str) -> tuple[FeedAnswer, list[Asked]]:
    async with party(lambda _: reply) as host:
        session: NfeCteSession = CONNECTOR.open(account(base_url=host.url, **settings), lambda: LATER)
        try:
            return await session.read_feed(cursor), host.asked
        finally:
            await session.close()


async def test_the_question_names_the_company_and_the_cursor() -> None:
    _, asked = await feed(answer("137", 100, 100), "100")
    assert asked[0].path == "/CTeDistribuicaoDFe/CTeDistribuicaoDFe.asmx"
    assert asked[0].headers["content-type"] == (
        'application/soap+xml; charset=utf-8; action="http://www.portalfiscal.inf.br/cte/wsdl/CTeDistribuicaoDFe/'
        'cteDistDFeInteresse"'
    )
    text = asked[0].body.decode()
    for part in (
        '<distDFeInt xmlns="http://www.portalfiscal.inf.br/cte" versao="1.00"><tpAmb>1</tpAmb><cUFAutor>35</cUFAutor>',
        f"<CNPJ>{SHOP}</CNPJ><distNSU><ultNSU>000000000000100</ultNSU></distNSU>",
        '<cteDistDFeInteresse xmlns="http://www.portalfiscal.inf.br/cte/wsdl/CTeDistribuicaoDFe"><cteDadosMsg>',
    ):
        assert part in text
    _, asked = await feed(answer("137", 7, 7, service="nfe"), service="nfe", environment="test", first_nsu="7")
    text = asked[0].body.decode()
    assert asked[0].path == "/NFeDistribuicaoDFe/NFeDistribuicaoDFe.asmx"
    assert 'versao="1.01"><tpAmb>2</tpAmb>' in text
    assert "<ultNSU>000000000000007</ultNSU>" in text
    assert "nfeDistDFeInteresse xmlns" in text


async def test_only_the_events_that_we_read_are_kept() -> None:
    other = document("110140", "<descEvento>EPEC</descEvento>")
    documents = (
        packed(proof(K1, K2), "procEventoCTe_v4.00.xsd", 101),
        packed(b"<cteProc/>", "procCTe_v4.00.xsd", 102),
        packed(other, "procEventoCTe_v4.00.xsd", 103),
        packed(proof(), "resEvento_v1.01.xsd", 104),
        '<docZip NSU="000000000000105" schema="procEventoCTe_v4.00.xsd">H4sIbroken</docZip>',
        packed(b"<procEventoCTe>" + b" " * (LARGEST_DOCUMENT + 9), "procEventoCTe_v4.00.xsd", 106),
    )
    page, _ = await feed(answer("138", 150, 900, *documents), "100")
    assert (page.outcome, page.cursor, page.more) == (Outcome.FOUND, "000000000000150", True)
    outcomes = [[a.outcome for a in read(body)] for body in page.bodies]
    assert outcomes == [[Outcome.FOUND, Outcome.FOUND], [Outcome.MALFORMED], [Outcome.MALFORMED]], (
        "nothing is lost unseen"
    )
    page, _ = await feed(answer("138", 900, 900, documents[0]), "850")
    assert page.more is False


async def test_an_answer_of_endless_documents_is_none() -> None:
    bomb = packed(b" " * LARGEST_DOCUMENT, "procEventoCTe_v4.00.xsd", 1)
    page, _ = await feed(answer("138", 900, 900, *[bomb] * 201), "100")
    assert (page.outcome, page.cursor, page.bodies) == (Outcome.MALFORMED, "000000000000100", ())


PAGES: dict[str, tuple[Reply | None, Outcome, str, float | None]] = {
    "nothing new": (answer("137", 100, 100), Outcome.NOT_FOUND, "100", 3600.0),
    "nothing of ours": (answer("137", 150, 150), Outcome.FOUND, "150", 3600.0),
    "misuse": (answer("656", 100, 0), Outcome.RETRY, "100", 3600.0),
    "misuse, further back": (answer("656", 90, 0), Outcome.RETRY, "100", 3600.0),
    "found, further back": (answer("138", 90, 900), Outcome.MALFORMED, "100", None),
    "out of service": (answer("108", 0, 0), Outcome.RETRY, "100", None),
    "certificate expired": (answer("281", 0, 0), Outcome.AUTH_FAILED, "100", None),
    "another company's certificate": (answer("593", 0, 0), Outcome.AUTH_FAILED, "100", None),
    "a state nobody knows": (answer("999", 0, 0), Outcome.MALFORMED, "100", None),
    "the other service": (answer("138", 150, 150, service="nfe"), Outcome.MALFORMED, "100", None),
    "HTML": (Reply(body=b"<!DOCTYPE html><html/>"), Outcome.MALFORMED, "100", None),
    "an empty object": (Reply(body=b"{}"), Outcome.MALFORMED, "100", None),
    "a fault": (Reply(500, body=b"<Fault/>"), Outcome.RETRY, "100", None),
    "no client certificate": (Reply(403), Outcome.AUTH_FAILED, "100", None),
    "gone": (Reply(404), Outcome.MALFORMED, "100", None),
    "too often": (Reply(429, headers={"Retry-After": "9"}), Outcome.RETRY, "100", 9.0),
    "hung up": (None, Outcome.RETRY, "100", None),
}


@pytest.mark.parametrize(("reply", "outcome", "cursor", "wait"), PAGES.values(), ids=PAGES)
async def test_what_an_answer_means(reply: Reply | None, outcome: Outcome, cursor: str, wait: float | None) -> None:
    page, _ = await feed(reply, "000000000000100")
    assert (page.outcome, page.cursor, page.retry_after) == (outcome, cursor.rjust(15, "0"), wait)
    assert (page.bodies, page.more, page.gap) == ((), False, "")


async def test_after_misuse_it_goes_on_from_where_the_company_is_and_says_what_is_missing() -> None:
    page, _ = await feed(answer("656", 4200, 0))
    assert (page.outcome, page.cursor, page.more, page.retry_after) == (Outcome.FOUND, "000000000004200", False, 3600.0)
    assert "another system of the company" in page.gap


async def test_an_account_without_a_tax_number_reads_nothing() -> None:
    page, asked = await feed(None, "", tax_number="")
    assert (page.outcome, asked) == (Outcome.NOT_FOUND, [])
    assert {Way.PUSH, Way.FILE} <= CONNECTOR.ways


@pytest.mark.parametrize(
    "wrong",
    [
        {"tax_number": "123"},
        {"tax_number": "<CNPJ>"},
        {"state": "SP"},
        {"state": ""},
        {"certificate": "not base64!"},
        {"certificate": base64.b64encode(b"no pfx").decode()},
        {"certificate": base64.b64encode(company(SHOP).pfx("right")).decode(), "certificate_password": "wrong"},
        {"ca_bundle": "no pem"},
        {"certificate": "", "base_url": ""},
    ],
)
async def test_an_account_that_cannot_ask_says_why(wrong: dict[str, str]) -> None:
    settings = {"base_url": "http://127.0.0.1:9", **wrong}
    session: NfeCteSession = CONNECTOR.open(account(**settings), lambda: LATER)
    page = await session.read_feed("5")
    await session.close()
    assert (page.outcome, page.cursor) == (Outcome.AUTH_FAILED, "5")
    assert page.message
    assert "wrong" not in page.message


def test_the_cursor_of_a_day_is_where_the_account_begins() -> None:
    session: NfeCteSession = CONNECTOR.open(account(first_nsu="42"), lambda: LATER)
    assert session.feed_cursor(date(2026, 3, 10)) == "000000000000042"
    assert CONNECTOR.feed_every.total_seconds() > 3600


@asynccontextmanager
async def tls_party(reply: Reply) -> AsyncIterator[Party]:
    """A party that takes only clients with a certificate of our authority."""
    host = Party(lambda _: reply)
    server_side = Company("", authority(), named=False, name="localhost", dns="localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=authority().pem)
    server_side.serve(context)
    server = await asyncio.start_server(host.serve, "localhost", 0, ssl=context)
    host.url = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    try:
        yield host
    finally:
        server.close()


@pytest.mark.parametrize(
    ("settings", "outcome"),
    [
        ({"certificate": "right", "ca_bundle": authority().pem}, Outcome.NOT_FOUND),
        ({"certificate": "none", "ca_bundle": authority().pem}, Outcome.RETRY),
        ({"certificate": "right", "ca_bundle": "none"}, Outcome.RETRY),
    ],
    ids=["both", "without a certificate", "without the roots"],
)
async def test_both_sides_show_a_certificate(settings: dict[str, str], outcome: Outcome) -> None:
    if settings["certificate"] == "right":
        pfx = base64.encodebytes(company(SHOP).pfx("pass")).decode()
        settings = settings | {"certificate": pfx, "certificate_password": "pass"}
    async with tls_party(answer("137", 5, 5)) as host:
        session: NfeCteSession = CONNECTOR.open(account(base_url=host.url, **settings), lambda: LATER)
        try:
            page = await session.read_feed("5")
        finally:
            await session.close()
    assert page.outcome is outcome
    assert len(host.asked) == (outcome is Outcome.NOT_FOUND)


@pytest.mark.parametrize(
    ("courier", "known"), [("SEFAZ", True), ("Sefáz SP", True), ("NFE Transportes", False), ("CTE", False)]
)
def test_only_the_tax_authority_is_recognised(courier: str, *, known: bool) -> None:
    assert CONNECTOR.recognises_courier is not None
    assert CONNECTOR.recognises_courier(courier) is known


def test_every_fixture_can_be_made_anew() -> None:
    files = {str(p.relative_to(FOLDER)) for p in FOLDER.rglob("*.*") if not p.name.endswith(".expected.json")}
    assert set(fixtures()) == files
