"""In: a person, or nobody yet; out: the path of a one-time link. Its text is stored nowhere, only its hash."""

from datetime import datetime, timedelta

from paradeiro.db.people import links
from paradeiro.db.pool import Connection
from paradeiro.domain.words import LinkPurpose
from paradeiro.flow.context import Context

# Whoever is invited may be on holiday; what a terminal printed is used at once.
_VALID = {
    LinkPurpose.INVITATION: timedelta(days=7),
    LinkPurpose.RESET: timedelta(days=1),
    LinkPurpose.FIRST: timedelta(hours=1),
    LinkPurpose.SIGN_IN: timedelta(hours=1),
}


async def make_link(
    context: Context, connection: Connection, operator_id: int | None, purpose: LinkPurpose, *, now: datetime
) -> str:
    """The path of a one-time link; its text is stored nowhere. `now`: the real time."""
    text = context.new_token()
    await links.add_link(connection, text, operator_id, purpose, now=now, ends_at=now + _VALID[purpose])
    return f"/sign-in/{text}"
