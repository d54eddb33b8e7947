"""In: a connector that sends messages; out: a sentence for each rule that its requests break."""

import json
from collections.abc import Iterator
from email import policy
from email.parser import BytesParser

from paradeiro.domain.outbox.plan import mail_refusal
from paradeiro.domain.records import Message
from paradeiro.domain.words import EffectKind, PartyKind
from paradeiro.sdk.conformance.inbound import other_machine
from paradeiro.sdk.conformance.subject import CANARY, PromiseBrokenError, Subject, account_of
from paradeiro.sdk.contract import Request
from paradeiro.sdk.hard_cases import INJECTED, hard_cases

# Mail without an address is never planned: the address is checked at planning and again before rendering.
_TO_CUSTOMERS = frozenset({EffectKind.CUSTOMER_MAIL, EffectKind.CUSTOMER_CORRECTION})


def _cases(subject: Subject) -> Iterator[tuple[EffectKind, str, Message]]:
    for kind in sorted(subject.connector.effects):
        for name, outgoing in hard_cases(kind):
            if kind not in _TO_CUSTOMERS or mail_refusal(outgoing.order.customer) is None:
                yield kind, name, outgoing


def _render(subject: Subject, outgoing: Message) -> Request:
    assert subject.connector.render is not None
    try:
        request = subject.connector.render(outgoing, account_of(subject.connector).settings)
    except Exception as error:
        raise PromiseBrokenError(f"render raised {type(error).__name__}: {str(error)[:120]}") from error
    if not isinstance(request, Request):
        raise PromiseBrokenError(f"render gave {request!r:.40} instead of a Request")
    return request


def check_hard_cases(subject: Subject) -> Iterator[str]:
    """Each effect kind of the connector renders in each hard case to a request that can be sent."""
    is_mail = PartyKind.MAIL in subject.connector.kinds
    for kind, name, outgoing in _cases(subject):
        try:
            request = _render(subject, outgoing)
        except PromiseBrokenError as error:
            yield f"{kind}, {name}: {error}"
            continue
        problems = _mail_problems(request, outgoing) if is_mail else _http_problems(request)
        yield from (f"{kind}, {name}: {why}" for why in (*_header_problems(request), *problems))


def _header_problems(request: Request) -> Iterator[str]:
    for name, value in request.headers:
        if any(c in name + value for c in "\r\n\0"):
            yield f"header {name} has a line break in it"
        if CANARY in value:
            yield f"header {name} shows a secret; the client adds credentials, render does not"
    if CANARY.encode() in request.body:
        yield "the body shows a secret"


def _http_problems(request: Request) -> Iterator[str]:
    path = request.path
    if not path.startswith("/") or not path.isascii() or not path.isprintable() or set(path) & set(' #"<>\\{}'):
        yield f"the path {path!r} is not escaped, or does not begin with /"
    if "/../" in path:
        yield f"the path {path!r} leaves its folder"
    if request.method not in {"POST", "PUT", "PATCH", "DELETE"}:
        yield f"the method {request.method!r} tells nothing"
    if request.body.lstrip()[:1] in (b"{", b"["):
        try:
            json.loads(request.body)
        except ValueError as error:
            yield f"the body is not JSON: {error}"


def _mail_problems(request: Request, outgoing: Message) -> Iterator[str]:
    message = BytesParser(policy=policy.default).parsebytes(request.body)
    yield from (
        f"the message has no {name}" for name in ("From", "To", "Subject", "Date", "Message-ID") if not message[name]
    )
    if message[INJECTED] is not None or INJECTED in dict(request.headers):
        yield "a line break in a name became a header of its own"
    if outgoing.effect_key not in str(message["Message-ID"]):
        yield "the Message-ID does not hold the effect's key, so a second sending cannot be seen"
    if message.defects:
        yield f"the message is broken: {message.defects[0]!r}"
    if not {"To", "From"} <= {name for name, _ in request.headers}:
        yield "the envelope (headers To and From) is missing"


def check_determinism(subject: Subject) -> Iterator[str]:
    """The same message gives the same bytes, also under another time zone and locale."""
    for kind, name, outgoing in _cases(subject):
        try:
            first, again = _render(subject, outgoing), _render(subject, outgoing)
            with other_machine("Pacific/Kiritimati", "tr_TR.UTF-8"):
                there = _render(subject, outgoing)
        except PromiseBrokenError:
            continue  # a message that does not render is reported by the rule above
        if not first == again == there:
            yield f"{kind}, {name}: the same message gives another request"
            return
