"""In: nothing; out: correct connectors: the template, one that also sends, one that mails. Tests break them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote

from paradeiro.domain.records import Message, ParsedAnswer
from paradeiro.domain.words import EffectKind, Outcome, PartyKind
from paradeiro.sdk.contract import AccountRef, Clock, Connector, Request, Sent
from paradeiro.sdk.http import HttpFailure, http_problem, json_object, send_request
from paradeiro.sdk.template.example_carrier import CONNECTOR as GOOD
from paradeiro.sdk.template.example_carrier.client import ExampleCarrierSession, open_session

TEMPLATE = Path(__file__).parents[2] / "src" / "paradeiro" / "sdk" / "template" / "example_carrier"
EFFECTS = frozenset({EffectKind.ORDER_UPDATE, EffectKind.MARKETPLACE_UPDATE})


class TellingSession(ExampleCarrierSession):
    """The example's session, which can also tell."""

    async def send(self, request: Request, telling_id: str) -> Sent:
        answer = await send_request(
            self._client, request.method, request.path, headers={"Idempotency-Key": telling_id}, body=request.body
        )
        if isinstance(answer, HttpFailure):
            return Sent(Outcome.RETRY, message=answer.message, in_doubt=answer.in_doubt)
        if answer.is_html and answer.status < 500:
            return Sent(Outcome.MALFORMED, http_status=answer.status)
        return Sent(http_problem(answer) or Outcome.FOUND, http_status=answer.status)

    async def already_done(self, request: Request, telling_id: str) -> bool | None:
        shown = await send_request(self._client, "GET", request.path)
        if isinstance(shown, HttpFailure) or not shown.ok:
            return None
        return "events" in json_object(shown.body)


def open_telling(account: AccountRef, clock: Clock) -> TellingSession:
    return TellingSession(open_session(account, clock)._client)


def render(outgoing: Message, _: Mapping[str, str]) -> Request:
    """Every event, each number in the path escaped."""
    body = {
        "status": outgoing.timeline.snapshot.status,
        "events": [{"at": e.occurred_at.isoformat(), "text": e.description} for e in outgoing.timeline.events],
    }
    path = f"/orders/{quote(outgoing.order.number, safe='')}/{quote(outgoing.shipment.invoice.number, safe='')}"
    return Request("PUT", path, (("Content-Type", "application/json"),), json.dumps(body).encode())


def render_mail(outgoing: Message, _: Mapping[str, str]) -> Request:
    """A plain mail."""
    message = EmailMessage()
    message["From"] = outgoing.mail_from
    message["To"] = outgoing.order.customer.email
    message["Subject"] = f"{' '.join(outgoing.store_name.split())}: {outgoing.timeline.snapshot.status}"
    message["Date"] = outgoing.now or datetime(2026, 1, 1, tzinfo=UTC)
    message["Message-ID"] = f"<{outgoing.effect_key}@example.com>"
    message.set_content(f"Olá {outgoing.order.customer.name}\n{outgoing.tracking_link}")
    envelope = (("To", outgoing.order.customer.email or ""), ("From", "loja@example.com"))
    return Request("SEND", "", envelope, message.as_bytes())


TELLER = replace(GOOD, open=open_telling, render=render, effects=EFFECTS)


class Post:
    """A mail session that is never used."""

    async def close(self) -> None:
        pass


def open_post(account: AccountRef, clock: Clock) -> Post:
    return Post()


MAILER = replace(
    GOOD,
    open=open_post,
    kinds=frozenset({PartyKind.MAIL}),
    account_fields=(),
    parse=None,
    render=render_mail,
    effects=frozenset({EffectKind.CUSTOMER_MAIL, EffectKind.CUSTOMER_CORRECTION}),
)


def reading(change: Callable[[list[ParsedAnswer], bytes], list[ParsedAnswer]]) -> Connector:
    """The good connector with its reader's answers changed."""
    good: Any = GOOD.parse
    return replace(GOOD, parse=lambda data: change(good(data), data))
