"""In: an operator's action on a webhook endpoint; out: added, tested, rotated, enabled, removed or replayed."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from paradeiro.db import jobs
from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.jobs import Job
from paradeiro.db.operations import notices
from paradeiro.db.operations.audit import Actor
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.outbox import endpoints
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.words import AuditAction, NoticeKind, PartyKind
from paradeiro.flow.context import Context, log
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.operations import audit_log
from paradeiro.sdk.contract import Endpoint, Sent

# How long the former secret of an endpoint signs too.
OVERLAP = timedelta(hours=24)
# Each endpoint gets every message and may be slow; no known store needs nearly as many.
MOST_ENDPOINTS = 20
_LONGEST_URL = 2000
_TOO_MANY = (
    f"A store has at most {MOST_ENDPOINTS} endpoints, and this one has them all: remove one that is not needed any "
    "more (`paradeiro webhook remove`, or DELETE /api/v1/webhooks/{id}), or let one of yours pass the messages on."
)
_SECRET_FIELDS = ("secret", "former_secret")


@dataclass(frozen=True, slots=True)
class AddedEndpoint:
    """A new endpoint and its secret, which is shown this once."""

    account_id: int
    secret: str


async def add(
    context: Context, store_id: int, *, name: str, url: str, connector: str = "webhook", by: Actor | None = None
) -> AddedEndpoint:
    """Store a new endpoint. Raises `StatementError`s: a forbidden URL, a name that is taken, too many endpoints."""
    name, url = name.strip(), url.strip()
    if not name or len(url) > _LONGEST_URL:
        raise InvalidError("bad_endpoint", "An endpoint needs a name and an address of at most 2000 letters.")
    secret = _secret(context)
    await _check_address(context, store_id, connector, name, {"url": url, "secret": secret})
    async with transaction(context.pool) as connection:
        mine = await stores.accounts(connection, context.secret_key, store_ids=[store_id])
        if any(a.name == name and a.connector == connector for a in mine):
            raise ConflictError("name_taken", f"There is an endpoint '{name}' already: take another name.")
        if sum(a.kind is PartyKind.WEBHOOK for a in mine) >= MOST_ENDPOINTS:
            raise ConflictError("too_many_endpoints", _TOO_MANY)
        account_id = await stores.put_account(
            connection,
            store_id,
            connector=connector,
            kind=PartyKind.WEBHOOK,
            name=name,
            settings={"url": url},
            secrets={"secret": secret},
            key=context.secret_key,
            now=context.now(),
        )
        await audit_log.write_entry(context, connection, store_id, by, AuditAction.ADD_WEBHOOK, name)
    return AddedEndpoint(account_id, secret)


async def _check_address(context: Context, store_id: int, connector: str, name: str, settings: dict[str, str]) -> None:
    """Raise `InvalidError` if the URL must not be called."""
    account = Account(
        0, store_id, connector, PartyKind.WEBHOOK, name, None, settings, "ok", "", None, 0, None, "", None
    )
    session = context.sessions.open_separate(account)
    try:
        problem = await session.look()
    finally:
        await session.close()
    if problem:
        raise InvalidError(
            "bad_address",
            f"That address cannot be used: {problem}. Give https://… of a host that the outside reaches, or allow "
            "a host of your own network in PARADEIRO_WEBHOOK_HOSTS.",
        )


async def endpoints_of_store(context: Context, store_id: int) -> list[endpoints.EndpointLine]:
    """A store's endpoints with the number of pending messages."""
    async with context.pool.connection() as connection:
        return await endpoints.endpoint_lines(connection, store_id)


async def find(context: Context, store_id: int, account_id: int) -> Account:
    """An endpoint of a store. Raises `MissingError`."""
    async with context.pool.connection() as connection:
        found = await stores.accounts(connection, context.secret_key, ids=[account_id], store_ids=[store_id])
    if not found or found[0].kind is not PartyKind.WEBHOOK:
        raise MissingError("no_such_endpoint", f"This store has no endpoint {account_id}.")
    return found[0]


async def send_test_message(context: Context, account: Account) -> Sent:
    """Post a test message once, even to a disabled endpoint; it is not stored."""
    session = await context.sessions.of(account)
    if not isinstance(session, Endpoint):
        raise InvalidError("no_endpoint", f"{account.connector} is no webhook.")
    return await session.try_out(str(uuid5(NAMESPACE_URL, context.new_token())))


async def rotate_secret(context: Context, account: Account, by: Actor | None = None) -> tuple[str, datetime]:
    """Create a new secret. Returns it and until when the current one signs too; an older one ends now."""
    secret, until = _secret(context), context.now() + OVERLAP
    changed = {"secret": secret, "former_secret": account.settings["secret"], "former_until": until.isoformat()}
    await _put_settings(context, account, account.settings | changed, by, "rotate")
    return secret, until


async def end_former_secret(context: Context, account: Account, by: Actor | None = None) -> None:
    """Stop signing with the former secret."""
    settings = {k: v for k, v in account.settings.items() if not k.startswith("former_")}
    await _put_settings(context, account, settings, by, "end former secret")


async def enable(context: Context, account: Account, by: Actor | None = None) -> int:
    """Enable an endpoint; pending messages are sent in order. Returns how many."""
    async with transaction(context.pool) as connection:
        waiting = await endpoints.enable_endpoint(connection, account.id, now=context.now())
        await _resolve(connection, account, now=context.now())
        await jobs.enqueue(connection, [Job(jobs.HOOKS, str(account.id))])
        await _write_audit(context, connection, account, by, "enable")
    return waiting


async def disable(context: Context, account: Account, by: Actor | None = None) -> None:
    """Disable an endpoint; its messages wait."""
    async with transaction(context.pool) as connection:
        await endpoints.disable_endpoint(connection, account.id, why="disabled by hand", now=context.now())
        await _write_audit(context, connection, account, by, "disable")


async def remove(context: Context, account: Account, by: Actor | None = None) -> int:
    """Remove an endpoint and its pending messages. Returns how many."""
    async with transaction(context.pool) as connection:
        waited = await endpoints.remove_endpoint(connection, account.id, key=context.secret_key, now=context.now())
        await _resolve(connection, account, now=context.now())
        await audit_log.write_entry(context, connection, account.store_id, by, AuditAction.REMOVE_WEBHOOK, account.name)
    return waited


async def replay(
    context: Context,
    account: Account,
    *,
    since: datetime | None = None,
    message: str | None = None,
    by: Actor | None = None,
) -> int:
    """Send accepted messages again under the same ids: those since an instant, or one. Returns how many."""
    if (since is None) is (message is None):
        raise InvalidError("what_again", "Say since when, or which message, and not both.")
    async with transaction(context.pool) as connection:
        count = await endpoints.resend_messages(connection, account.id, now=context.now(), since=since, message=message)
        await jobs.enqueue(connection, [Job(jobs.HOOKS, str(account.id))])
        await _write_audit(context, connection, account, by, f"replay {message or since}")
    if message is not None and not count:
        raise MissingError("no_such_message", f"{account.name} was told no message {message}, or it waits already.")
    return count


async def disable_failing_account(connection: Connection, account: Account, last: Sent, *, now: datetime) -> None:
    """Disable an endpoint after a message used up its tries, and open a notice."""
    if not await endpoints.disable_endpoint(connection, account.id, why=last.message, now=now):
        return
    log.warning("endpoint disabled", account=account.name, connector=account.connector, why=last.message)
    host = urlsplit(account.settings.get("url", "")).hostname or ""
    facts = {"account": account.name, "host": host, "why": last.message, "tries": "10"}
    what = "took a message in none of 10 tries" if not last.gone else "said that nobody listens there any more"
    words = (
        f"The endpoint {account.name} ({host}) {what} ({last.message}) and is disabled. Nothing is lost: its messages "
        "wait. Mend it, then enable it on the screen Accounts or with `paradeiro webhook enable`: they go in order."
    )
    kind, subject = NoticeKind.ENDPOINT_DISABLED, f"account {account.id}"
    facts |= {"variant": "gone"} if last.gone else {}
    draft = NoticeDraft(account.store_id, kind, subject, words, account_id=account.id, facts=facts)
    await notices.open_notices(connection, [draft], now=now)


async def _resolve(connection: Connection, account: Account, *, now: datetime) -> None:
    kinds: Sequence[NoticeKind] = (NoticeKind.ENDPOINT_DISABLED,)
    await notices.resolve_subject(connection, account.store_id, kinds, f"account {account.id}", now=now)


async def _write_audit(context: Context, connection: Connection, account: Account, by: Actor | None, what: str) -> None:
    said = f"{account.name}: {what}"
    await audit_log.write_entry(context, connection, account.store_id, by, AuditAction.CHANGE_WEBHOOK, said)


async def _put_settings(
    context: Context, account: Account, settings: dict[str, str], by: Actor | None, what: str
) -> None:
    async with transaction(context.pool) as connection:
        await endpoints.put_settings(
            connection,
            account.id,
            settings={k: v for k, v in settings.items() if k not in _SECRET_FIELDS},
            secrets={k: v for k, v in settings.items() if k in _SECRET_FIELDS},
            key=context.secret_key,
        )
        await _write_audit(context, connection, account, by, what)


def _key(context: Context) -> bytes:
    """Unguessable bytes: two tokens of 128 bits each."""
    return "".join(context.new_token() for _ in range(2)).encode()


def _secret(context: Context) -> str:
    return "whsec_" + base64.b64encode(_key(context)).decode()
