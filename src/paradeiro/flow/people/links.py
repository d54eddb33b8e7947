"""In: a one-time link; out: what a one-time link does: a password chosen, a person made."""

from datetime import datetime

from paradeiro.db.accounts import stores
from paradeiro.db.operations import audit
from paradeiro.db.operations.audit import Actor, AuditEntry
from paradeiro.db.people import links, operators, sessions
from paradeiro.db.people.links import Link
from paradeiro.db.people.operators import Operator
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.words import AuditAction, EntryPoint, LinkPurpose, Role
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ExpiredError
from paradeiro.flow.people.operators import check_email, check_name
from paradeiro.flow.people.own_sign_in import note
from paradeiro.flow.people.passwords import check_password, hash_password
from paradeiro.flow.people.sign_in import Visit


async def look_at(context: Context, text: str, *, now: datetime) -> tuple[Link, Operator | None]:
    """What a link does, and whose it is, without using it. Raises `ExpiredError`."""
    async with context.pool.connection() as connection:
        link = await links.link_of(connection, text, now=now)
        if link is None or (link.purpose is LinkPurpose.FIRST and await operators.anybody_can_sign_in(connection)):
            raise _expired()
        return link, await _whose(connection, link)


async def use_to_sign_in(context: Context, text: str, *, now: datetime) -> int:
    """The person whom a link of this machine signs in; it works once. Raises `ExpiredError`."""
    async with transaction(context.pool) as connection:
        link = await links.use_link(connection, text, now=now)
        if link is None or link.purpose is not LinkPurpose.SIGN_IN or link.operator_id is None:
            raise _expired()
        return link.operator_id


async def choose_password(
    context: Context, text: str, password: str, visit: Visit, *, name: str = "", email: str = ""
) -> Operator:
    """Use a link: its person has this password from now on, and their other sessions end. The first administrator's
    makes the person (`name`, `email`) with that role in every store. Raises `ExpiredError`, `InvalidError`.
    """
    link, operator = await look_at(context, text, now=visit.at)
    name, email = (operator.name, operator.email) if operator else (check_name(name), check_email(email))
    check_password(password, email, name)
    hashed = await hash_password(password)
    async with transaction(context.pool) as connection:
        if await links.use_link(connection, text, now=visit.at) is None:
            raise _expired()
        if link.operator_id is None:
            operator_id = await _add_first(context, connection, name, email, visit)
        else:
            operator_id = link.operator_id
        await operators.set_password(connection, operator_id, hashed)
        await sessions.end_sessions(connection, operator_id)
        found = await operators.operator_by_id(connection, operator_id)
        assert found is not None
        await note(context, connection, found, visit, AuditAction.SET_PASSWORD, "")
    return found


async def _add_first(context: Context, connection: Connection, name: str, email: str, visit: Visit) -> int:
    operator_id = await operators.add_operator(connection, email, name, now=context.now())
    by = Actor(name, EntryPoint.PAGE, visit.origin, operator_id=operator_id)
    for store_id in await stores.stores(connection):
        await operators.set_role(connection, store_id, operator_id, Role.ADMINISTRATOR, now=context.now())
        said = AuditEntry(AuditAction.ADD_OPERATOR, "", None, f"{email}: {Role.ADMINISTRATOR}")
        await audit.add_entries(connection, store_id, by, [said], now=context.now())
    return operator_id


async def _whose(connection: Connection, link: Link) -> Operator | None:
    """Raises `ExpiredError` if its person may not sign in any more."""
    if link.operator_id is None:
        return None
    found = await operators.operator_by_id(connection, link.operator_id)
    if found is None or found.ended_at is not None:
        raise _expired()
    return found


def _expired() -> ExpiredError:
    message = "This link was used or has ended. An administrator gives another, or `paradeiro operator reset`."
    return ExpiredError("bad_link", message)
