"""In: real bounces (the folder `bounces`); out: what each says of its recipient, by name."""

import json
from pathlib import Path

import pytest

from paradeiro.connectors.email.report import read_report
from paradeiro.domain.customers.mail_refusals import SenderFault, Verdict, verdict_of
from paradeiro.domain.words import BounceKind, NoticeKind
from paradeiro.flow.customers import bounces
from tests.flow.conftest import Shop, shop
from tests.flow.test_main_line import MOVED, OUT, POSTED

__all__ = ["shop"]
HERE = Path(__file__).parent / "bounces"
KEY = "018f3c1e-7b2a-4c3d-9e4f-5a6b7c8d9e0f"
RIGHT = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
HARD, SOFT = Verdict(reader=BounceKind.HARD), Verdict(reader=BounceKind.SOFT)


@pytest.mark.parametrize("name", RIGHT)
def test_verdict_on_the_reader(name: str) -> None:
    report = read_report((HERE / name).read_bytes())
    kinds = {bounce.kind.value for bounce in report.bounces} or {"none"}
    assert kinds <= set(RIGHT[name])
    if report.bounces:
        assert {bounce.mail for bounce in report.bounces} == {KEY}
        assert not report.blamed


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("blocklisted-5.1.1", SenderFault.BLOCKED),
        ("blocklisted-5.1.3", SenderFault.BLOCKED),
        ("blocked-client-5.7.1", SenderFault.BLOCKED),
        ("unauthenticated-5.7.26", SenderFault.AUTHENTICATION),
        ("no-ptr-5.7.25", SenderFault.REVERSE_DNS),
        ("too-big-5.3.4", SenderFault.SIZE),
        ("rate-5.2.1", SenderFault.RATE),
    ],
)
def test_what_is_wrong_with_us(name: str, fault: SenderFault) -> None:
    report = read_report((HERE / f"{name}.eml").read_bytes())
    assert [(blamed.mail, blamed.fault) for blamed in report.blamed] == [(KEY, fault)]


@pytest.mark.parametrize(
    ("status", "said", "verdict"),
    [
        # Words before codes.
        ("5.1.1", "550 5.1.1 mail from 192.0.2.1 refused, see http://www.spamhaus.org", SenderFault.BLOCKED),
        ("5.1.1", "552 user is over quota", BounceKind.SOFT),
        ("5.7.1", "550 5.7.1 Unable to relay for you", SenderFault.RELAY),
        ("5.0.0", "550 DMARC policy of the domain rejects this", SenderFault.AUTHENTICATION),
        ("5.0.0", "554 Message rejected as spam", SenderFault.CONTENT),
        ("5.5.0", "550 Requested action not taken: mailbox unavailable", BounceKind.HARD),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied.", BounceKind.HARD),
        ("5.0.0", "550 o usuario nao existe: caixa inexistente", BounceKind.HARD),
        ("5.0.0", "552 caixa postal do destinatario cheia", BounceKind.SOFT),
        ("5.0.0", "550 Rejected", SenderFault.POLICY),
        # Where it was refused.
        ("", "SMTP error from remote mail server after initial connection: 554 no", SenderFault.BLOCKED),
        ("", "host mx said: 550 no (in reply to end of DATA command)", SenderFault.CONTENT),
        # Codes alone.
        ("5.1.1", "", BounceKind.HARD),
        ("5.7.26", "", SenderFault.AUTHENTICATION),
        ("5.3.4", "", SenderFault.SIZE),
        ("5.0.0", "", BounceKind.SOFT),
        ("", "", BounceKind.SOFT),
    ],
)
def test_the_words_decide_before_the_code(status: str, said: str, verdict: BounceKind | SenderFault) -> None:
    found = verdict_of(status, said)
    assert (found.ours or found.reader) == verdict


@pytest.mark.parametrize(
    ("kind", "sub_kind", "code", "hard"),
    [
        ("Permanent", "General", "", True),
        ("Permanent", "General", "5.7.26", False),
        ("Transient", "General", "", False),
    ],
)
def test_amazons_own_words(kind: str, sub_kind: str, code: str, *, hard: bool) -> None:
    said = {
        "notificationType": "Bounce",
        "mail": {"commonHeaders": {"messageId": f"<{KEY}@shop.example>"}},
        "bounce": {"bounceType": kind, "bounceSubType": sub_kind, "bouncedRecipients": [{"status": code}]},
    }
    report = read_report(json.dumps(said).encode())
    assert ([b.kind for b in report.bounces] == [BounceKind.HARD]) is hard
    assert bool(report.blamed) is (code == "5.7.26")


async def test_a_broken_dkim_record_ends_nobodys_mails(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    raw = (HERE / "unauthenticated-5.7.26.eml").read_text(encoding="utf-8")
    account = await bounces.mail_account(shop.context, shop.store_id)
    for number, events in enumerate([(POSTED,), (POSTED, MOVED), (POSTED, MOVED, OUT)]):
        shop.outside.say("AA1", *events)
        await shop.ask(shipment, days=1)
        key = shop.outside.accepted("mail")[number]["key"]
        await bounces.take_report(shop.context, account, raw.replace(KEY, key).encode())
    assert len(shop.outside.told("mail")) == 3, "the reader got all of them"
    assert await bounces.suppressions(shop.context, shop.store_id) == []
    (notice,) = await shop.notices()
    assert (notice.kind, notice.facts["variant"]) == (NoticeKind.SENDER_REFUSED, "authentication")
    assert "no fault of the readers" in notice.message


async def test_who_knows_no_key_of_ours_reveals_nothing(shop: Shop) -> None:
    account = await bounces.mail_account(shop.context, shop.store_id)
    await bounces.take_report(shop.context, account, (HERE / "unauthenticated-5.7.26.eml").read_bytes())
    assert await shop.notices() == []


def _plain(text: str, *, said_by: str = "MAILER-DAEMON@mx.example.org", kind: str = "text/plain") -> bytes:
    head = f"From: {said_by}\nTo: bounces+{KEY}@shop.example\nSubject: Returned mail\nContent-Type: {kind}\n\n"
    return (head + text).encode()


@pytest.mark.parametrize(
    ("raw", "verdict"),
    [
        # Sendmail's first line speaks of the original message and quotes nothing of it.
        (
            _plain(
                "The original message was received at Thu, 1 Jan 2026 10:00:00\n\n"
                "(reason: 550 Unauthenticated senders not allowed)\n"
            ),
            "authentication",
        ),
        # Its boundary is not the one that it announces.
        (
            _plain(
                "--x\nContent-Type: text/plain\n\n<ana@example.com>: 550-5.1.1 The account does not exist.\n"
                "--x\nContent-Type: message/rfc822\n\nSubject: spam\n",
                kind='multipart/report; boundary="other"',
            ),
            "hard",
        ),
        # A report part that says nothing of a recipient: what is written for people counts.
        (
            _plain(
                "--b\nContent-Type: text/plain\n\nNot delivered:\nana@example.com\nL'adresse n'existe pas.\n"
                "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n--b--\n",
                kind='multipart/report; report-type=delivery-status; boundary="b"',
            ),
            "hard",
        ),
        # Given up after days under a code for now.
        (
            _plain(
                "Message from  yahoo.com.\nUnable to deliver message to the following address(es).\n\n"
                "<ana@example.com>:\n"
                "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n"
                "I'm not going to try again; this message has been in the queue too long.\n\n"
                "--- Original message follows.\n",
                said_by="MAILER-DAEMON@yahoo.com",
            ),
            "soft",
        ),
    ],
    ids=["sendmail", "boundary", "no-recipient", "given-up"],
)
def test_forms_that_were_not_read(raw: bytes, verdict: str) -> None:
    report = read_report(raw)
    assert [b.kind for b in report.bounces] + [b.fault for b in report.blamed] == [verdict]


def test_a_mail_of_amazons_whose_line_was_broken() -> None:
    said = {
        "notificationType": "Complaint",
        "complaint": {"complainedRecipients": [{"emailAddress": "ana@example.com"}]},
        "mail": {"commonHeaders": {"messageId": f"<{KEY}@shop.example>"}},
    }
    body = json.dumps(said, separators=(",", ":")).replace("complainedRecipients", "complained\n Recipients")
    report = read_report(_plain(body + "\n\n--\nIf you wish to stop receiving notifications\n"))
    assert [bounce.kind for bounce in report.bounces] == [BounceKind.COMPLAINT]


@pytest.mark.parametrize(
    ("sub_kind", "fault"),
    [("MessageTooLarge", "size"), ("ContentRejected", "content"), ("AttachmentRejected", "content")],
)
def test_what_amazon_says_of_the_mail_strikes_no_reader(sub_kind: str, fault: str) -> None:
    report = read_report(json.dumps(_amazon("Transient", sub_kind)).encode())
    assert ([b.fault for b in report.blamed], report.bounces) == ([fault], ())


def test_who_unsubscribed_at_amazon_gets_no_more() -> None:
    report = read_report(json.dumps(_amazon("Permanent", "UnsubscribedRecipient")).encode())
    assert [b.kind for b in report.bounces] == [BounceKind.COMPLAINT]


def _amazon(kind: str, sub_kind: str) -> dict[str, object]:
    bounce = {"bounceType": kind, "bounceSubType": sub_kind, "bouncedRecipients": [{"emailAddress": "ana@example.com"}]}
    mail = {"commonHeaders": {"messageId": f"<{KEY}@shop.example>"}}
    return {"notificationType": "Bounce", "mail": mail, "bounce": bounce}


@pytest.mark.parametrize(
    ("classified", "reason", "verdict"),
    [
        ("Reputation", "550 5.0.0 no", "blocked"),
        ("Content", "550 5.0.0 no", "content"),
        ("Frequency or Volume Too High", "550 5.0.0 no", "rate"),
        ("Reputation", "552 5.2.2 mailbox is full", "soft"),  # the server's words first
        ("Unclassified", "550 5.0.0 no", "soft"),
    ],
)
def test_sendgrids_classes_where_the_server_says_nothing(classified: str, reason: str, verdict: str) -> None:
    event = {"event": "bounce", "paradeiro": KEY, "reason": reason, "bounce_classification": classified}
    report = read_report(json.dumps([event]).encode())
    assert [b.kind for b in report.bounces] + [b.fault for b in report.blamed] == [verdict]
