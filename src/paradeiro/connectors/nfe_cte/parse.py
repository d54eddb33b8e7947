"""In: the bytes of an event of the tax authority, the account's settings; out: an answer per invoice it names. Pure."""

from collections.abc import Mapping

from paradeiro.connectors.nfe_cte.document import CTE, DocumentError, Family, OtherDocumentError
from paradeiro.connectors.nfe_cte.event import FiscalEvent, OtherEnvironmentError, read_fiscal_event
from paradeiro.domain.orders.identifiers import Identifier, carrier_number, of_invoice_key
from paradeiro.domain.records import ParsedAnswer
from paradeiro.domain.words import Outcome, Status

# As many as the schema allows.
_MOST_INVOICES = 2000


def parse_with(body: bytes, settings: Mapping[str, str]) -> list[ParsedAnswer]:
    """One answer per invoice. What was not verified states nothing. Never raises, whatever the bytes are."""
    try:
        found = read_fiscal_event(body, settings)
    except (OtherDocumentError, OtherEnvironmentError) as error:
        return [ParsedAnswer("", Outcome.NOT_FOUND, message=str(error))]
    except DocumentError as error:
        return [ParsedAnswer("", Outcome.MALFORMED, message=str(error))]
    if not found.invoices:
        return [_answer(found, _names_of_document(found))]
    return [_of_invoice(found, key) for key in dict.fromkeys(found.invoices[:_MOST_INVOICES])]


def _of_invoice(found: FiscalEvent, key: str) -> ParsedAnswer:
    names = of_invoice_key(key)
    if not names:
        return ParsedAnswer("", Outcome.MALFORMED, message=f"the event names an invoice by a wrong key ({key[:44]!r})")
    return _answer(found, (*names, *_event_number(found.family, found.protocol)))


def _names_of_document(found: FiscalEvent) -> tuple[Identifier, ...]:
    """A cancellation names no invoice, but the event that it withdraws; an event without invoices only its CT-e."""
    if found.about_protocol:
        return _event_number(found.family, found.about_protocol)
    number = carrier_number(found.key)
    return (number,) if number else ()


def _event_number(family: Family, protocol: str) -> tuple[Identifier, ...]:
    """The number of a registered event, by which its cancellation names it. It is shared by the invoices of one event
    and by no others: what is said of one of them is said of all.
    """
    number = carrier_number(f"{'cte' if family is CTE else 'nfe'}-event-{protocol}")
    return (number,) if number else ()


def _answer(found: FiscalEvent, names: tuple[Identifier, ...]) -> ParsedAnswer:
    unknown = (found.event.code,) if found.event.status is Status.UNKNOWN else ()
    return ParsedAnswer("", Outcome.FOUND, (found.event,), unknown_codes=unknown, identifiers=names)
