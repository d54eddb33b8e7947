"""In: the bytes of an event with its registration, the account's settings; out: the verified event. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from paradeiro.connectors.nfe_cte.codes import meaning_of
from paradeiro.connectors.nfe_cte.document import CTE, DocumentError, Element, Family, family_of, read_xml, text_of
from paradeiro.connectors.nfe_cte.signature import check_author, check_chain, signed_element
from paradeiro.domain.bounds import in_bounds
from paradeiro.domain.orders.invoice_keys import valid_key
from paradeiro.domain.records import TrackingEvent

# The account's settings.
BUNDLE, ENVIRONMENT = "ca_bundle", "environment"
PRODUCTION, TEST = "production", "test"
# Registered: with an alert about the document's state, linked to it, not linked to it.
_REGISTERED = frozenset({"134", "135", "136"})
# Nothing is stated before it happened: a cancellation, made later still, then withdraws it.
_SKEW = timedelta(minutes=15)
# By which element a cancellation names the event that it is about.
_WITHDRAWN = ("nProtCE", "nProtIE", "nProtEvento")


class OtherEnvironmentError(DocumentError):
    """It is a test, or the account reads tests."""


@dataclass(frozen=True, slots=True)
class FiscalEvent:
    """A verified event. `key`: of the document that it is about; `invoices`: the keys named in it, as written;
    `protocol`: of its registration; `about_protocol`: of the event that it withdraws; `identity`: its own id.
    """

    family: Family
    event: TrackingEvent
    key: str
    invoices: tuple[str, ...]
    protocol: str
    about_protocol: str
    identity: str


def read_fiscal_event(body: bytes, settings: Mapping[str, str]) -> FiscalEvent:
    """The event. Raises `DocumentError` for whatever was not verified."""
    root = read_xml(body)
    family = family_of(root)
    path = f"{family.tag(family.event)}/{family.tag('infEvento')}"
    stated = _instant(text_of(root.find(path), family.tag("dhEvento")), "dhEvento")
    signed, certificate = signed_element(body, root, family, stated)
    at = _instant(text_of(signed, family.tag("dhEvento")), "dhEvento")
    key = valid_key(text_of(signed, family.tag(family.key)))
    if key is None or at != stated:
        message = "what was signed is another event, or names no document"
        raise DocumentError(message)
    check_author(certificate, text_of(signed, family.tag("CNPJ")).upper(), key)
    check_chain(certificate, settings.get(BUNDLE, ""), at)
    protocol = _protocol(root, family, signed)
    wanted = "2" if settings.get(ENVIRONMENT, "").strip().lower() == TEST else "1"
    if text_of(signed, family.tag("tpAmb")) != wanted:
        message = "the event is of the tax authority's other environment (test or production)"
        raise OtherEnvironmentError(message)
    details = signed.find(family.tag("detEvento"))
    named = (
        tuple((each.text or "").strip() for each in details.iter(family.tag("chNFe"))) if details is not None else ()
    )
    about = next((text for name in _WITHDRAWN if (text := _below(details, family, name))), "")
    return FiscalEvent(
        family=family,
        event=_event(signed, details, family, at, protocol, about),
        key=key,
        invoices=named if family is CTE else (key,),
        protocol=protocol,
        about_protocol=about,
        identity=f"{signed.get('Id', '')} {protocol}",
    )


def _event(
    signed: Element, details: Element | None, family: Family, at: datetime, protocol: str, about: str
) -> TrackingEvent:
    """What happened. Neither the receiver, nor the position, nor free text is read."""
    kind = text_of(signed, family.tag("tpEvento"))
    code, meaning, reason = meaning_of(kind[:20], _below(details, family, "tpMotivo")[:20])
    occurred_at = _instant(_below(details, family, meaning.time), meaning.time) if meaning.time else at
    if occurred_at > at + _SKEW:
        message = f"{meaning.time} lies after the event that states it"
        raise DocumentError(message)
    return TrackingEvent(
        occurred_at=occurred_at,
        code=code,
        status=meaning.status,
        reason=reason,
        description=meaning.words,
        detail=f"protocolo {protocol}",
        withdraws=meaning.withdraws,
        reference=about if meaning.withdraws else protocol,
    )


def _below(details: Element | None, family: Family, name: str) -> str:
    """The text of the first element of this name, at any depth."""
    return text_of(details, f".//{family.tag(name)}") if name else ""


def _protocol(root: Element, family: Family, signed: Element) -> str:
    """The protocol of the event's registration by the tax authority. It is not signed: who gave us the document vouches
    for it. Raises `DocumentError` where it was not registered.
    """
    found = root.find(f"{family.tag(family.registration)}/{family.tag('infEvento')}")
    state = text_of(found, family.tag("cStat"))
    if state not in _REGISTERED:
        message = f"the tax authority has not registered the event (cStat {state[:6] or 'missing'})"
        raise DocumentError(message)
    same = (family.key, "tpEvento", "nSeqEvento")
    if any(_plain(found, family, name) != _plain(signed, family, name) for name in same):
        message = "the registration is of another event"
        raise DocumentError(message)
    protocol = text_of(found, family.tag("nProt"))
    if not (protocol.isascii() and protocol.isalnum() and len(protocol) <= 20):
        message = "the registration has no protocol"
        raise DocumentError(message)
    return protocol


def _plain(element: Element | None, family: Family, name: str) -> str:
    return text_of(element, family.tag(name)).lstrip("0")


def _instant(text: str, name: str) -> datetime:
    """An instant with its offset. Raises `DocumentError`."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{name} is no time: {text[:30]!r}"
        raise DocumentError(message) from error
    if at.utcoffset() is None or not in_bounds(at):
        message = f"{name} has no offset, or cannot be when something happened: {text[:30]!r}"
        raise DocumentError(message)
    return at
