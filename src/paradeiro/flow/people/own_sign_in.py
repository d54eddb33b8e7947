"""In: a signed-in person; out: their own password, second factor, sessions and the store on their screen changed."""

import base64
import binascii
from datetime import timedelta

from paradeiro.db.operations import audit
from paradeiro.db.operations.audit import Actor, AuditEntry
from paradeiro.db.people import operators, sessions
from paradeiro.db.people.operators import Operator
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.secrets import WrongKeyError
from paradeiro.domain.words import AuditAction, EntryPoint
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError, MissingError
from paradeiro.flow.people import sign_in, totp
from paradeiro.flow.people.passwords import check_password, hash_password
from paradeiro.flow.people.sign_in import RefusedError, Visit

FRESH = timedelta(minutes=10)


async def change_password(
    context: Context, operator_id: int, current: str, password: str, visit: Visit, *, keep: str
) -> None:
    """Another password; all sessions but that of the cookie `keep` end. Raises `InvalidError`."""
    person = await prove(context, operator_id, current, visit)
    check_password(password, person.email, person.name)
    hashed = await hash_password(password)
    async with transaction(context.pool) as connection:
        await operators.set_password(connection, operator_id, hashed)
        await sessions.end_sessions(connection, operator_id, except_cookie=keep)
        await note(context, connection, person, visit, AuditAction.SET_PASSWORD, "")


def seal_offer(secret: str, key: str) -> str:
    """A secret that is not in use yet, encrypted, for the form that its first code comes back with."""
    return base64.urlsafe_b64encode(totp.seal_secret(secret, key)).decode()


def open_offer(sealed: str, key: str) -> str | None:
    """The secret in such a text; None if it is none of ours."""
    try:
        return totp.open_secret(base64.urlsafe_b64decode(sealed.encode("ascii", "replace")), key) if sealed else None
    except (WrongKeyError, binascii.Error):
        return None


async def begin_codes(context: Context, operator_id: int, sealed: str, code: str, visit: Visit) -> None:
    """Ask this person for codes of the offered secret from now on. Raises `InvalidError`."""
    secret = open_offer(sealed, context.secret_key)
    step = totp.step_of(secret, code, visit.at) if secret else None
    if secret is None or step is None:
        raise InvalidError("wrong_code", "The code is wrong. Take the one that the app shows now.")
    async with transaction(context.pool) as connection:
        person = await operators.operator_by_id(connection, operator_id, lock=True)
        if person is None or person.totp_secret is not None:
            raise InvalidError("codes_asked", "Codes are asked for already.")
        await operators.set_totp(connection, operator_id, totp.seal_secret(secret, context.secret_key))
        await operators.take_totp_step(connection, operator_id, step)
        await note(context, connection, person, visit, AuditAction.SET_SECOND_FACTOR, "on")


async def end_codes(context: Context, operator_id: int, current: str, visit: Visit) -> None:
    """Ask for no codes any more. Raises `InvalidError`."""
    person = await prove(context, operator_id, current, visit)
    async with transaction(context.pool) as connection:
        await operators.set_totp(connection, operator_id, None)
        await note(context, connection, person, visit, AuditAction.SET_SECOND_FACTOR, "off")


async def end_sessions(context: Context, operator_id: int, number: int | None, visit: Visit, *, keep: str) -> None:
    """End the person's session of that number, or all but that of the cookie `keep`."""
    async with transaction(context.pool) as connection:
        person = await operators.operator_by_id(connection, operator_id)
        assert person is not None
        ended = await sessions.end_sessions(connection, operator_id, number=number, except_cookie=keep)
        if ended:
            await note(context, connection, person, visit, AuditAction.END_SESSION, str(ended))


async def show_store(context: Context, operator_id: int, store_id: int, *, cookie: str) -> None:
    """Put a store on the screen. Raises `MissingError` for one in which the person has no role."""
    async with transaction(context.pool) as connection:
        if store_id not in await operators.roles_of(connection, operator_id):
            raise MissingError("no_such_store", "There is no such store, or you have no role in it.")
        await sessions.show_store(connection, cookie, store_id)
        await operators.note_store(connection, operator_id, store_id)


async def prove_or_fresh(context: Context, operator_id: int, password: str, visit: Visit, *, cookie: str) -> None:
    """Raises `InvalidError` unless this is the person's present password, or the session of the cookie has begun in the
    last ten minutes: not everybody has a password.
    """
    async with context.pool.connection() as connection:
        here = await sessions.signed_in(connection, cookie, now=visit.at)
    if here is None or here.operator_id != operator_id or visit.at - here.begun_at > FRESH:
        await prove(context, operator_id, password, visit)


async def prove(context: Context, operator_id: int, password: str, visit: Visit) -> Operator:
    """The person, once they have typed their present password: a browser left open is not enough."""
    async with context.pool.connection() as connection:
        person = await operators.operator_by_id(connection, operator_id)
    assert person is not None
    try:
        return await sign_in.check_credentials(context, person.email, password, visit)
    except RefusedError as error:
        if error.code != "bad_sign_in":
            raise
        raise InvalidError("wrong_password", "The present password is wrong.") from error


async def note(
    context: Context, connection: Connection, person: Operator, visit: Visit, action: AuditAction, said: str
) -> None:
    """Write an entry in every store of the person: it concerns them all."""
    by = Actor(person.name, EntryPoint.PAGE, visit.origin, operator_id=person.id)
    for store_id in await operators.roles_of(connection, person.id):
        await audit.add_entries(connection, store_id, by, [AuditEntry(action, "", None, said)], now=context.now())
