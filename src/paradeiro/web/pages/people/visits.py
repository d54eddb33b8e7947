"""In: a request; out: from where it came; signed texts: whose password was right just now, challenges. Not stored."""

from datetime import UTC, datetime, timedelta

from fastapi import Request

from paradeiro.flow.people.challenges import Challenge
from paradeiro.flow.people.sign_in import Visit
from paradeiro.web.auth import equal_in_constant_time, origin_of, real_now, sign

_TICKET = timedelta(minutes=5)


def visit_of(request: Request) -> Visit:
    """Network address, browser and the real instant of a request."""
    return Visit(origin_of(request), request.headers.get("User-Agent", ""), real_now(request))


def sign_ticket(operator_id: int, secret: str, *, now: datetime) -> str:
    """A signed text that names a person for five minutes."""
    body = f"{operator_id}.{int((now + _TICKET).timestamp())}"
    return f"{body}.{sign('second factor', body, secret)}"


def open_ticket(ticket: str, secret: str, *, now: datetime) -> int | None:
    """The person that a ticket of ours names; None once it has ended."""
    body, _, mark = ticket.rpartition(".")
    if not body or not equal_in_constant_time(mark, sign("second factor", body, secret)):
        return None
    operator_id, _, ends = body.partition(".")
    return int(operator_id) if int(ends) > now.timestamp() else None


def sign_challenge(
    use: str, random: str, cookie: str, secret: str, *, now: datetime, lasts: timedelta = _TICKET
) -> str:
    """A challenge for one purpose (`use`) and for the browser with this cookie."""
    body = f"{random}.{int((now + lasts).timestamp())}"
    return f"{body}.{sign(use, f'{body}.{cookie}', secret)}"


def open_challenge(use: str, text: str, cookie: str, secret: str) -> Challenge | None:
    """The challenge, if we made it for that purpose and this browser."""
    body, _, mark = text.rpartition(".")
    if not body or not cookie or not equal_in_constant_time(mark, sign(use, f"{body}.{cookie}", secret)):
        return None
    return Challenge(text, datetime.fromtimestamp(int(body.rpartition(".")[2]), UTC))
