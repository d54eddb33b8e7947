"""In: what an administrator asks for; out: persons added, given a role, ended, reset, each in the audit log."""

import re
from dataclasses import dataclass
from datetime import datetime

from paradeiro.db.operations.audit import Actor
from paradeiro.db.people import links as link_rows
from paradeiro.db.people import operators, passkeys, sessions
from paradeiro.db.people.operators import Operator, OperatorLine
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.words import AuditAction, LinkPurpose, Role
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.operations import audit_log
from paradeiro.flow.people.new_links import make_link
from paradeiro.flow.people.sign_in import clean_email

_LONGEST_NAME = 100
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who was added or reset, and the link for them; None for a person who can sign in already."""

    operator_id: int
    email: str
    name: str
    link: str | None


def check_name(name: str) -> str:
    """The name as it is kept. Raises `InvalidError`."""
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidError("bad_name", f"Give the person's name, in 1 to {_LONGEST_NAME} letters.")
    return name


def check_email(email: str) -> str:
    """The address as it is kept. Raises `InvalidError`."""
    email = clean_email(email)
    if not _ADDRESS.fullmatch(email) or not email.isprintable():
        raise InvalidError("bad_address", "This is no e-mail address: name@example.com.")
    return email


async def list_operators(context: Context, store_id: int | None, *, now: datetime) -> list[OperatorLine]:
    """The persons of a store, or of all stores. `now`: the real time."""
    async with context.pool.connection() as connection:
        return await operators.operator_lines(connection, store_id, now=now)


async def add_operator(
    context: Context, store_id: int, *, email: str, name: str, role: Role, by: Actor, now: datetime
) -> Invitation:
    """Add a person to a store, with a link by which they choose a password. Who works for another store already gets
    the role here and keeps name and password. Raises `InvalidError`, `ConflictError`.
    """
    email, name = check_email(email), check_name(name)
    async with transaction(context.pool) as connection:
        operator_id = await operators.add_operator(connection, email, name, now=context.now())
        if store_id in await operators.roles_of(connection, operator_id):
            raise ConflictError("is_there", f"{email} is there already. Change the role, or reset them.")
        await operators.set_role(connection, store_id, operator_id, role, now=context.now())
        await audit_log.write_entry(context, connection, store_id, by, AuditAction.ADD_OPERATOR, f"{email}: {role}")
        person = await operators.operator_by_id(connection, operator_id)
        assert person is not None
        link = None
        if person.password is None:
            link = await make_link(context, connection, operator_id, LinkPurpose.INVITATION, now=now)
    return Invitation(operator_id, email, person.name, link)


async def set_role(context: Context, store_id: int, operator_id: int, role: Role, by: Actor) -> None:
    """Change a person's role in a store. Raises `MissingError`; `ConflictError` for the last administrator."""
    async with transaction(context.pool) as connection:
        person = await _of_store(connection, store_id, operator_id)
        if role is not Role.ADMINISTRATOR:
            await _keep_an_administrator(connection, store_id, operator_id)
        await operators.set_role(connection, store_id, operator_id, role, now=context.now())
        said = f"{person.email}: {role}"
        await audit_log.write_entry(context, connection, store_id, by, AuditAction.SET_ROLE, said)


async def end_operator(context: Context, store_id: int, operator_id: int, by: Actor, *, forced: bool = False) -> None:
    """Take a person out of a store: their sessions there end at once, and with the last store all they sign in with.
    Raises `MissingError`; `ConflictError` for the last administrator, unless `forced` (at the machine).
    """
    async with transaction(context.pool) as connection:
        person = await _of_store(connection, store_id, operator_id)
        if not forced:
            await _keep_an_administrator(connection, store_id, operator_id)
        await operators.take_role(connection, store_id, operator_id, now=context.now())
        await sessions.leave_store(connection, operator_id, store_id)
        if not await operators.roles_of(connection, operator_id):
            await sessions.end_sessions(connection, operator_id)
            await link_rows.drop_links(connection, operator_id)
            await passkeys.drop_passkeys(connection, operator_id)
        await audit_log.write_entry(context, connection, store_id, by, AuditAction.END_OPERATOR, person.email)


async def reset_operator(
    context: Context, store_id: int, operator_id: int, by: Actor, *, second_factor: bool, now: datetime
) -> Invitation:
    """A link by which a person chooses another password; until then nothing changes. `second_factor`: codes and
    passkeys are taken away at once, and they are signed out. Raises `MissingError`.
    """
    async with transaction(context.pool) as connection:
        person = await _of_store(connection, store_id, operator_id)
        if second_factor:
            await operators.set_totp(connection, operator_id, None)
            await passkeys.drop_passkeys(connection, operator_id)
            await sessions.end_sessions(connection, operator_id)
        link = await make_link(context, connection, operator_id, LinkPurpose.RESET, now=now)
        said = f"{person.email}, second factor too" if second_factor else person.email
        await audit_log.write_entry(context, connection, store_id, by, AuditAction.RESET_OPERATOR, said)
    return Invitation(operator_id, person.email, person.name, link)


async def _of_store(connection: Connection, store_id: int, operator_id: int) -> Operator:
    person = await operators.operator_by_id(connection, operator_id, lock=True)
    if person is None or store_id not in await operators.roles_of(connection, operator_id):
        raise MissingError("no_such_operator", "There is no such person in this store.")
    return person


async def _keep_an_administrator(connection: Connection, store_id: int, operator_id: int) -> None:
    """Raises `ConflictError` if this is the only administrator of the store."""
    if await operators.administrators(connection, store_id) == [operator_id]:
        message = "This is the store's last administrator. Make another one first."
        raise ConflictError("last_administrator", message)
