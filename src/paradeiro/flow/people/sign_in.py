"""In: what a person gives to sign in; out: a session, or a refusal; each in the audit log."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from paradeiro.db.operations import audit
from paradeiro.db.operations.audit import Actor, AuditEntry
from paradeiro.db.people import operators, sessions
from paradeiro.db.people.operators import Operator
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.words import AuditAction, EntryPoint, SignInMethod
from paradeiro.flow.context import Context, log
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.operations.attempt_limit import network_of, take_attempt
from paradeiro.flow.people import passwords, totp

SESSION = timedelta(days=7)
# (burst, per hour). An office shares a network address; a person does not mistype ten times.
_PER_NETWORK = (20, 60.0)
_PER_PERSON = (10, 20.0)
_MOST_STORES = 50


@dataclass(frozen=True, slots=True)
class Visit:
    """From where somebody signs in: network address, browser as it calls itself, the real instant."""

    origin: str
    browser: str
    at: datetime


class RefusedError(InvalidError):
    """Nobody is signed in. The code says what the person reads: `bad_sign_in`, `too_many`, `wrong_code`, …"""


def clean_email(text: str) -> str:
    """An address as it is stored and compared: in small letters, without spaces around it."""
    return text.strip().lower()[:254]


async def check_credentials(context: Context, email: str, password: str, visit: Visit) -> Operator:
    """The person with this address and password. Raises `RefusedError`: too many tries, right or wrong, from there or
    for this person; no such person and a wrong password take the same time and get the same words.
    """
    email = clean_email(email)
    await take_attempts(context, email, visit)
    async with context.pool.connection() as connection:
        found = await operators.operator_by_email(connection, email)
    usable = found if found is not None and found.ended_at is None else None
    right = await passwords.is_password(password, usable.password if usable else None)
    if usable is None or not right:
        await note_refusal(context, usable, visit, "password")
        raise RefusedError("bad_sign_in", "The address or the password is wrong.")
    return usable


async def check_code(context: Context, operator_id: int, code: str, visit: Visit) -> Operator:
    """The person whose second factor made this code. Raises `RefusedError`."""
    async with context.pool.connection() as connection:
        found = await operators.operator_by_id(connection, operator_id)
    await take_attempts(context, found.email if found else "", visit)
    async with transaction(context.pool) as connection:
        right = found is not None and await totp.take_code(connection, found, code, context.secret_key, visit.at)
    if found is None or found.ended_at is not None or not right:
        await note_refusal(context, found, visit, "code")
        raise RefusedError("wrong_code", "The code is wrong, or was used before. Take the one that the app shows now.")
    return found


async def take_attempts(context: Context, email: str | None, visit: Visit) -> None:
    """Take one try from there, and one for the person with this address; None: they are not known yet. Both limits are
    always spent, or the answer would tell which was used up. Raises `RefusedError`.
    """
    async with transaction(context.pool) as connection:
        place = network_of(visit.origin)
        from_there = await take_attempt(context, connection, "sign-in", place, _PER_NETWORK, now=visit.at)
        of_person = email is None or await take_attempt(
            context, connection, "sign-in as", email, _PER_PERSON, now=visit.at
        )
    if not (from_there and of_person):
        log.warning("too many tries to sign in", origin=visit.origin)
        raise RefusedError("too_many", "Too many tries. Wait a few minutes and try again.")


async def note_refusal(context: Context, operator: Operator | None, visit: Visit, what: str) -> None:
    """Note a refusal. An unknown person has no store whose audit log could say it: only the log does."""
    log.info("a sign-in was refused", origin=visit.origin, operator=operator.id if operator else None, why=what)
    if operator is None:
        return
    async with transaction(context.pool) as connection:
        for store_id in list(await operators.roles_of(connection, operator.id))[:_MOST_STORES]:
            await _note(context, connection, store_id, operator, visit, AuditAction.REFUSE_SIGN_IN, what)


async def begin_session(
    context: Context, operator_id: int, method: SignInMethod, visit: Visit, *, cookie: str, former_cookie: str = ""
) -> bool:
    """Sign a person in, in the store that was on their screen last; False if they have none (any more)."""
    async with transaction(context.pool) as connection:
        operator = await operators.operator_by_id(connection, operator_id)
        stores = list(await operators.roles_of(connection, operator_id))
        if operator is None or not stores:
            return False
        # The newest: the first one is often the trial's.
        store_id = operator.last_store_id if operator.last_store_id in stores else stores[-1]
        await sessions.end_session(connection, former_cookie)
        await sessions.begin_session(
            connection,
            cookie,
            operator_id=operator_id,
            store_id=store_id,
            method=method,
            origin=visit.origin,
            browser=visit.browser,
            now=visit.at,
            ends_at=visit.at + SESSION,
        )
        await operators.note_sign_in(connection, operator_id, store_id, now=visit.at)
        await _note(context, connection, store_id, operator, visit, AuditAction.SIGN_IN, method)
    return True


async def end_session(context: Context, cookie: str, visit: Visit) -> None:
    """Sign out: the cookie is no longer valid, whoever has it."""
    async with transaction(context.pool) as connection:
        found = await sessions.signed_in(connection, cookie, now=visit.at)
        await sessions.end_session(connection, cookie)
        operator = await operators.operator_by_id(connection, found.operator_id) if found else None
        if found is not None and operator is not None:
            await _note(context, connection, found.store_id, operator, visit, AuditAction.SIGN_OUT, "")


async def _note(
    context: Context,
    connection: Connection,
    store_id: int,
    operator: Operator,
    visit: Visit,
    action: AuditAction,
    said: str,
) -> None:
    by = Actor(operator.name, EntryPoint.PAGE, visit.origin, operator_id=operator.id)
    await audit.add_entries(connection, store_id, by, [AuditEntry(action, "", None, said)], now=context.now())
