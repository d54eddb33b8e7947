"""In: a request; out: from where it came; a ticket that says whose password was right a moment ago. Nothing stored."""

from datetime import datetime, timedelta

from fastapi import Request

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
