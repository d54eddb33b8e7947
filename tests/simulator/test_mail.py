"""In: mail over real SMTP; out: mailboxes, refusals, and connections that break after the mail was accepted."""

from email.message import EmailMessage

import aiosmtplib
import pytest

from paradeiro.simulator.faults import Fault
from paradeiro.simulator.parties import Simulator


async def send(simulator: Simulator, to: str = "ana@example.com", message_id: str = "<1@loja>") -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = "entregas@loja.example.com", to, message_id
    message["Subject"] = "Saiu para entrega — João"
    message.set_content("Saiu para entrega hoje em Campinas.")
    message.add_alternative("<p>Saiu para entrega <b>hoje</b></p>", subtype="html")
    await aiosmtplib.send(message, hostname="127.0.0.1", port=simulator.smtp_port, timeout=5)


async def test_a_mail_lands_in_its_mailbox(simulator: Simulator) -> None:
    await send(simulator)
    (mail,) = simulator.mail.to("ana@example.com")
    assert mail.at == simulator.clock()
    assert mail.message["subject"] == "Saiu para entrega — João"
    assert mail.part("plain").strip() == "Saiu para entrega hoje em Campinas."
    assert "<b>hoje</b>" in mail.part("html")
    assert simulator.mail.to("bia@example.com") == []


async def test_the_same_message_twice_is_noted(simulator: Simulator) -> None:
    for message_id in ("<1@loja>", "<1@loja>", "<2@loja>"):
        await send(simulator, message_id=message_id)
    assert len(simulator.mail.mails) == 3
    assert simulator.mail.duplicates() == {"<1@loja>": 2}


@pytest.mark.parametrize("status", [451, 554])
async def test_a_mail_is_refused_once(simulator: Simulator, status: int) -> None:
    simulator.faults.order(Fault("mail", "status", count=1, status=status))
    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        await send(simulator)
    assert refused.value.code == status
    assert simulator.mail.mails == []
    await send(simulator)
    assert len(simulator.mail.mails) == 1


@pytest.mark.parametrize(("kind", "kept"), [("accept_then_drop", 1), ("reset", 0)])
async def test_the_connection_breaks_before_the_answer(simulator: Simulator, kind: str, kept: int) -> None:
    simulator.faults.order(Fault("mail", kind, count=1))
    with pytest.raises((aiosmtplib.SMTPServerDisconnected, ConnectionError)):
        await send(simulator)
    assert len(simulator.mail.mails) == kept
