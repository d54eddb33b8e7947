"""In: a connector that tells effects; out: a sentence for each promise that its requests break."""

import json
from collections.abc import Iterator
from email import policy
from email.parser import BytesParser

from paradeiro.domain.plan import mail_refusal
from paradeiro.domain.records import Telling
from paradeiro.domain.words import EffectKind, PartyKind
from paradeiro.sdk.contract import Request
from paradeiro.sdk.hard_cases import INJECTED, hard_cases
from paradeiro.sdk.rules.inbound import elsewhere
from paradeiro.sdk.rules.subject import CANARY, PromiseBrokenError, Subject, account_of

# Mail to nobody is never planned: whether there is an address is asked before, and again before it is rendered.
_TO_CUSTOMERS = frozenset({EffectKind.CUSTOMER_MAIL, EffectKind.CUSTOMER_CORRECTION})


def _cases(subject: Subject) -> Iterator[tuple[EffectKind, str, Telling]]:
    for kind in sorted(subject.connector.effects):
        for name, telling in hard_cases(kind):
            if kind not in _TO_CUSTOMERS or mail_refusal(telling.order.customer) is None:
                yield kind, name, telling


def _render(subject: Subject, telling: Telling) -> Request:
    assert subject.connector.render is not None
    try:
        request = subject.connector.render(telling, account_of(subject.connector).settings)
    except Exception as error:
        raise PromiseBrokenError(f"render raised {type(error).__name__}: {str(error)[:120]}") from error
    if not isinstance(request, Request):
        raise PromiseBrokenError(f"render gave {request!r:.40} instead of a Request")
    return request


def hard_cases_render(subject: Subject) -> Iterator[str]:
    """Each kind that the connector tells renders in each hard case to a request that can be sent."""
    is_mail = PartyKind.MAIL in subject.connector.kinds
    for kind, name, telling in _cases(subject):
        try:
            request = _render(subject, telling)
        except PromiseBrokenError as error:
            yield f"{kind}, {name}: {error}"
            continue
        problems = _mail_problems(request, telling) if is_mail else _http_problems(request)
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


def _mail_problems(request: Request, telling: Telling) -> Iterator[str]:
    message = BytesParser(policy=policy.default).parsebytes(request.body)
    yield from (
        f"the message has no {name}" for name in ("From", "To", "Subject", "Date", "Message-ID") if not message[name]
    )
    if message[INJECTED] is not None or INJECTED in dict(request.headers):
        yield "a line break in a name became a header of its own"
    if telling.effect_key not in str(message["Message-ID"]):
        yield "the Message-ID does not hold the effect's key, so a second sending cannot be seen"
    if message.defects:
        yield f"the message is broken: {message.defects[0]!r}"
    if not {"To", "From"} <= {name for name, _ in request.headers}:
        yield "the envelope (headers To and From) is missing"


def deterministic(subject: Subject) -> Iterator[str]:
    """The same telling gives the same bytes, here and on a machine with another zone and locale."""
    for kind, name, telling in _cases(subject):
        try:
            first, again = _render(subject, telling), _render(subject, telling)
            with elsewhere("Pacific/Kiritimati", "tr_TR.UTF-8"):
                there = _render(subject, telling)
        except PromiseBrokenError:
            continue  # what cannot be rendered at all is found by the rule above
        if not first == again == there:
            yield f"{kind}, {name}: the same telling gives another request"
            return
