"""In: mail over real SMTP; out: mailboxes, refusals, and connections that break after the mail was taken."""

from email.message import EmailMessage

import aiosmtplib
import pytest

from paradeiro.world.faults import Fault
from paradeiro.world.parties import World


async def send(world: World, to: str = "ana@example.com", message_id: str = "<1@loja>") -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = "entregas@loja.example.com", to, message_id
    message["Subject"] = "Saiu para entrega — João"
    message.set_content("Saiu para entrega hoje em Campinas.")
    message.add_alternative("<p>Saiu para entrega <b>hoje</b></p>", subtype="html")
    await aiosmtplib.send(message, hostname="127.0.0.1", port=world.smtp_port, timeout=5)


async def test_a_mail_lands_in_its_mailbox(world: World) -> None:
    await send(world)
    (mail,) = world.mail.to("ana@example.com")
    assert mail.at == world.clock()
    assert mail.message["subject"] == "Saiu para entrega — João"
    assert mail.part("plain").strip() == "Saiu para entrega hoje em Campinas."
    assert "<b>hoje</b>" in mail.part("html")
    assert world.mail.to("bia@example.com") == []


async def test_the_same_message_twice_is_noted(world: World) -> None:
    for message_id in ("<1@loja>", "<1@loja>", "<2@loja>"):
        await send(world, message_id=message_id)
    assert len(world.mail.mails) == 3
    assert world.mail.duplicates() == {"<1@loja>": 2}


@pytest.mark.parametrize("status", [451, 554])
async def test_a_mail_is_refused_once(world: World, status: int) -> None:
    world.faults.order(Fault("mail", "status", count=1, status=status))
    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        await send(world)
    assert refused.value.code == status
    assert world.mail.mails == []
    await send(world)
    assert len(world.mail.mails) == 1


@pytest.mark.parametrize(("kind", "kept"), [("accept_then_drop", 1), ("reset", 0)])
async def test_the_connection_breaks_before_the_answer(world: World, kind: str, kept: int) -> None:
    world.faults.order(Fault("mail", kind, count=1))
    with pytest.raises((aiosmtplib.SMTPServerDisconnected, ConnectionError)):
        await send(world)
    assert len(world.mail.mails) == kept
