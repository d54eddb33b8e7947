"""In: short answers of mail servers; out: whose fault each is."""

import pytest

from paradeiro.domain.customers.bounces import enhanced_status
from paradeiro.domain.customers.mail_refusals import verdict_of


@pytest.mark.parametrize(
    ("right", "status", "said"),
    [
        (
            "authentication",
            "",
            "550 5.7.515 Access denied, sending domain SHOP.EXAMPLE does not meet the required authentication level.",
        ),
        (
            "authentication",
            "",
            "550 5.7.1 This message does not have authentication information or fails to pass authentication checks",
        ),
        ("authentication", "", "550 Unauthenticated senders not allowed"),
        (
            "relay",
            "",
            "550-5.7.1 Invalid credentials for relay. The IP address you've registered doesn't match",
        ),
        ("relay", "", "550 5.1.0 <loja@shop.example>: Sender address rejected: User unknown in virtual mailbox table"),
        ("relay", "", "553 5.1.8 <loja@shop.example>... Domain of sender address loja@shop.example does not exist"),
        ("relay", "", "550 Header From domain invalid"),
        ("relay", "", "501 5.0.0 my name was rejected. Remote host said: Invalid domain name"),
        ("relay", "", "550 Remetente não autorizado"),
        ("relay", "", "550 remitente no permitido"),
        ("blocked", "", "550 SC-001 Unfortunately, messages from 192.0.2.1 weren't sent."),
        ("blocked", "", "550 Endereço IP bloqueado"),
        ("blocked", "", "554 IP en lista negra"),
        ("blocked", "", "5.1.0 - Unknown address error 550-'5.7.1 <loja@shop.example>... Access denied'"),
        ("content", "", "550 5.7.1 Sua mensagem foi rejeitada por suspeita de spam"),
        ("content", "", "550 mensaje rechazado por ser considerado spam"),
        ("content", "", "554 5.7.1 not RFC822 compliant"),
        ("rate", "", "550 limite de envio excedido"),
        ("rate", "", "550-5.4.5 Daily user sending quota exceeded"),
        ("rate", "", "550 5.7.705 Access denied, tenant has exceeded threshold. Too many messages"),
        ("rate", "", "550 Ip frequency limited"),
        ("rate", "", "421 rejected by rate control"),
        ("relay", "5.2.252", "554 5.2.252 SendAsDenied; loja@shop.example not allowed to send as x@shop.example"),
        ("policy", "", "550 Administrative prohibition"),
        ("policy", "", "554 Denied (Mode: normal)"),
        ("soft", "", "552 quota excedida para o usuario"),
        ("soft", "", "550 Mailbox lotada"),
        (
            "soft",
            "4.1.1",
            "450 4.1.1 <ana@example.com>: unverified address: Address verification in progress",
        ),
        ("soft", "4.2.0", "450 4.2.0 mailbox temporarily unavailable"),
        ("soft", "4.2.1", "450 4.2.1 account not available"),
        (
            "soft",
            "4.4.3",
            "Host or domain name not found. Name service error for name=example.com type=MX: Host not found, try again",
        ),
        ("soft", "4.4.1", "connect to mx.example.com[192.0.2.9]:25: Connection refused"),
        ("soft", "4.4.1", "Host not reachable"),
        ("soft", "4.4.7", "Host unknown (Name server: mx.example.com: host name lookup failure)"),
        ("soft", "5.4.316", "550 5.4.316 Message expired, connection refused(Socket error code 10061)"),
        ("soft", "5.4.6", "554 5.4.6 Too many hops"),
        ("soft", "5.7.4", "TLS is required, but was not offered by host mx.example.com"),
        ("soft", "", "the connection has been closed by the remote host"),
        (
            "hard",
            "4.1.1",
            "450 4.1.1 <ana@example.com>: Recipient address rejected: User unknown in virtual alias table",
        ),
        (
            "hard",
            "5.4.4",
            "Host or domain name not found. Name service error for name=gmial.com type=A: Host not found",
        ),
        ("hard", "", "DNS lookup failure: host gmial.com not found"),
        (
            "hard",
            "",
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ana@example.com not found by SMTP address lookup",
        ),
        (
            "hard",
            "",
            "554 30 Sorry, your message to ana@yahoo.com cannot be delivered. This mailbox is disabled (554.30).",
        ),
        ("hard", "", "525 5.7.13 Disabled recipient address"),
        ("hard", "", "554 5.7.1 The user has been deleted"),
        ("hard", "", "550 #5.1.0 Address rejected."),
        ("hard", "", "550 Usuário não encontrado"),
        ("hard", "", "550 usuario no encontrado"),
        ("hard", "", "550 Conta desativada"),
        ("hard", "", "550 5.1.6 recipient no longer on server: ana@icloud.com"),
    ],
)
def test_whose_fault(right: str, status: str, said: str) -> None:
    verdict = verdict_of(status or enhanced_status(said), said)
    assert (verdict.ours or verdict.reader) == right


def test_a_failure_of_the_moment_never_ends_mails() -> None:
    """Words that alone say that nobody is there, under codes and beside words of the moment."""
    for words in ("host unknown", "mailbox unavailable", "no such host", "account not available", "domain not found"):
        for status, beside in (("4.4.7", ""), ("4.2.1", ""), ("5.4.4", ", try again later"), ("", ": timed out")):
            verdict = verdict_of(status, words + beside)
            assert (verdict.reader, verdict.ours) == ("soft", None), (status, words)
