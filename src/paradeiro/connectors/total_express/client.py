"""In: AWBs or order numbers, or the feed's cursor; out: answers as raw bytes with an outcome. HTTP only.

The feed without a day counts a lot as read once it was sent, whatever becomes of it. So it is read by day: the cursor
is the day, which is read again until it is over, with what was read of it before.
"""

import base64
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from hashlib import sha256

import msgspec

from paradeiro.connectors.total_express.parcels import feed_problem, parcels_of
from paradeiro.connectors.total_express.parse import parse_with
from paradeiro.connectors.total_express.soap import Element, NotXmlError, lots_of, read_xml
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.orders.identifiers import Identifier, IdentifierKind, identifier_of
from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.brazilian_times import ZONE
from paradeiro.sdk.contract import AccountRef, Answer, Clock
from paradeiro.sdk.http import (
    HttpAnswer,
    HttpFailure,
    error_text,
    http_problem,
    json_object,
    new_client,
    retry_after,
    send_request,
)
from paradeiro.sdk.ways_in import FeedAnswer

PRODUCTION = "https://apis.totalexpress.com.br"
FEED = "https://edi.totalexpress.com.br"
_TRACKING = "/ics-tracking-encomenda-lv/v1/tracking"
_SERVICE = "/webservice24.php"
_ACTION = '"urn:ObterTracking#ObterTracking"'
_QUESTION = (
    '<?xml version="1.0" encoding="ISO-8859-1"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:urn="urn:ObterTracking" xmlns:web="http://edi.totalexpress.com.br/soap/webservice_v24.total">'
    '<soapenv:Body><urn:ObterTracking><ObterTrackingRequest xsi:type="web:ObterTrackingRequest">'
    '<DataConsulta xsi:type="xsd:date">{day}</DataConsulta>'
    "</ObterTrackingRequest></urn:ObterTracking></soapenv:Body></soapenv:Envelope>"
)
# A day is over when its last lot can be seen: our clocks differ, and lots take a moment.
_GRACE = timedelta(minutes=15)
_ASKED_TOO_SOON = 300.0
_NOT_FOUND = 404
# Their own codes end in lower case; the house writes all codes in upper case.
_AWB = re.compile(r"([A-Z]{2,6}[0-9]{5,12})TX", re.ASCII)


class TotalExpressSession:
    """One user's connections: to the feed, and to the interface for single questions."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        settings = account.settings
        self._settings = settings
        self._clock = clock
        pair = f"{settings.get('user') or ''}:{settings.get('password') or ''}"
        known = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        json = {"Accept": "application/json", "Content-Type": "application/json"}
        xml = {"Content-Type": "text/xml; charset=ISO-8859-1", "SOAPAction": _ACTION}
        self._client = new_client(settings.get("base_url") or PRODUCTION, known | json)
        self._feed = new_client(settings.get("feed_url") or FEED, known | xml)

    async def close(self) -> None:
        """Close the pools."""
        await self._client.aclose()
        await self._feed.aclose()

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order. What 404 means about a list of several is not known."""
        return [await self._ask(code) for code in tracking_codes]

    async def _ask(self, code: str) -> Answer:
        asked = identifier_of(code)
        sender = (self._settings.get("sender_id") or "").strip()
        match asked.kind:
            case IdentifierKind.TRACKING_CODE:
                # A list needs no sender's number, so a wrong one cannot spoil it.
                question: dict[str, object] = {"awbs": [restored_awb(asked.value)]}
            case IdentifierKind.ORDER if sender:
                question = {"remetenteId": sender, "pedido": asked.value}
            case IdentifierKind.ORDER:
                return _unasked(code, "by order it is asked with the sender's number (sender_id)")
            case _:
                return _unasked(code, "Total Express is asked by its AWB or by the order's number")
        told = await send_request(self._client, "POST", _TRACKING, body=msgspec.json.encode(question))
        if isinstance(told, HttpFailure):
            return Answer(code, Outcome.RETRY, message=told.message)
        outcome, message = _outcome(told, asked)
        return Answer(code, outcome, told.body, message, told.status, retry_after(told))

    async def read_feed(self, cursor: str) -> FeedAnswer:
        """The lots of the cursor's day (at first yesterday); the next day follows once it is over."""
        now = self._clock().astimezone(ZONE)
        written, _, known = cursor.partition(" ")
        day = min(_day(written) or now.date() - timedelta(days=1), now.date())
        body = _QUESTION.format(day=day.isoformat()).encode("ascii")
        told = await send_request(self._feed, "POST", _SERVICE, body=body)
        if isinstance(told, HttpFailure):
            return FeedAnswer(Outcome.RETRY, message=told.message)
        read = _read_page(told)
        if isinstance(read, FeedAnswer):
            return read
        lots = lots_of(told.body, read)
        state = sha256(b"".join(lots)).hexdigest()[:16]
        is_over = now >= datetime.combine(day + timedelta(days=1), time.min, ZONE) + _GRACE
        goes_on = (day + timedelta(days=1)).isoformat() if is_over else f"{day.isoformat()} {state}"
        if not lots or state == known:
            return FeedAnswer(Outcome.NOT_FOUND, cursor=goes_on, http_status=told.status)
        # Never `more`: the next question must wait for five minutes.
        return FeedAnswer(Outcome.FOUND, tuple(lots), goes_on, http_status=told.status)

    def feed_cursor(self, day: date) -> str:
        """The cursor that reads this day again, and all that followed."""
        return day.isoformat()


def restored_awb(code: str) -> str:
    """An AWB as Total Express writes it: case matters there."""
    found = _AWB.fullmatch(code)
    return f"{found[1]}tx" if found else code


def _unasked(code: str, why: str) -> Answer:
    return Answer(code, Outcome.REFUSED, message=why, unasked=True)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _read_page(told: HttpAnswer) -> Element | FeedAnswer:
    """The answer's root, or why it cannot be read."""
    problem = http_problem(told)
    if problem is not None:
        # 404 and the like concern the interface.
        outcome = Outcome.MALFORMED if problem is Outcome.REFUSED else problem
        return _no_page(told, outcome, f"{error_text(told)} {_fault(told.body)}".strip(), retry_after(told))
    try:
        root = read_xml(told.body)
    except NotXmlError as error:
        return _no_page(told, _of_page(told), f"the answer is not whole XML: {error}")
    said = feed_problem(root)
    if said is None:
        return root
    is_page = said.outcome is Outcome.MALFORMED and _of_page(told) is Outcome.RETRY
    wait = _ASKED_TOO_SOON if said.outcome is Outcome.RETRY else None
    return _no_page(told, Outcome.RETRY if is_page else said.outcome, str(said), wait)


def _no_page(told: HttpAnswer, outcome: Outcome, message: str, wait: float | None = None) -> FeedAnswer:
    bodies = (told.body,) if outcome is Outcome.MALFORMED else ()
    return FeedAnswer(outcome, bodies, message=message, http_status=told.status, retry_after=wait)


def _of_page(told: HttpAnswer) -> Outcome:
    """A web page is an outage; any other document is kept for a person."""
    says_so = told.body.lstrip()[:14].lower().startswith((b"<html", b"<!doctype html"))
    return Outcome.RETRY if says_so or "html" in told.headers.get("content-type", "") else Outcome.MALFORMED


def _fault(body: bytes) -> str:
    """What a failure's body says; empty if it says nothing of the feed."""
    try:
        return str(feed_problem(read_xml(body)) or "")
    except NotXmlError:
        return ""


def _outcome(told: HttpAnswer, asked: Identifier) -> tuple[Outcome, str]:
    """The outcome of a single question. A web page is an outage, whatever its status."""
    problem = http_problem(told)
    if told.is_html and problem in {None, Outcome.REFUSED}:
        return Outcome.RETRY, "a web page came instead of an answer"
    if told.status == _NOT_FOUND:
        # They say so in an object; anything else is a gateway's.
        return (Outcome.NOT_FOUND if json_object(told.body) else Outcome.MALFORMED), error_text(told)
    if problem is not None and problem is not Outcome.REFUSED:
        return problem, error_text(told)
    parsed = parse_with(told.body, {})[0]
    if problem is not None:
        outcome = parsed.outcome if parsed.outcome is Outcome.AUTH_FAILED else Outcome.MALFORMED
        return outcome, f"{error_text(told)} {parsed.message}".strip()
    if parsed.outcome is Outcome.FOUND and not _is_about(told.body, asked):
        return Outcome.MALFORMED, "the answer is about another parcel"
    return parsed.outcome, parsed.message


def _is_about(body: bytes, asked: Identifier) -> bool:
    """Whether each parcel in the answer has the number that was asked, or none."""
    by_order = asked.kind is IdentifierKind.ORDER
    named = {each.order if by_order else tidy_code(each.awb) for each in parcels_of(body)}
    return named <= {"", asked.value if by_order else tidy_code(asked.value)}
