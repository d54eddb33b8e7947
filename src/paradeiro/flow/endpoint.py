"""In: what a person wants of an endpoint; out: it is added, tried, enabled, removed, told again."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from paradeiro.db import jobs, notices, stores, webhooks
from paradeiro.db.audit import By
from paradeiro.db.jobs import Job
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.stores import Account
from paradeiro.domain.words import DeedKind, NoticeKind, PartyKind
from paradeiro.flow import deeds
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.means import Means, log
from paradeiro.sdk.contract import Endpoint, Sent

# So long the former secret of an endpoint signs too.
OVERLAP = timedelta(hours=24)
# Each is told everything, and each may be slow: so many serve every store that we heard of several times over.
MOST_ENDPOINTS = 20
_LONGEST_URL = 2000
_TOO_MANY = (
    f"A store has at most {MOST_ENDPOINTS} endpoints, and this one has them all: remove one that is not needed any "
    "more (`paradeiro webhook remove`, or DELETE /api/v1/webhooks/{id}), or let one of yours pass the messages on."
)
_SECRET_FIELDS = ("secret", "former_secret")


@dataclass(frozen=True, slots=True)
class Added:
    """A new endpoint and its secret, which is shown this once."""

    account_id: int
    secret: str


async def add(
    means: Means, store_id: int, *, name: str, url: str, connector: str = "webhook", by: By | None = None
) -> Added:
    """Keep a new endpoint. Raises `StatementError`s: an address that may not be spoken with, a name that is taken, too
    many endpoints.
    """
    name, url = name.strip(), url.strip()
    if not name or len(url) > _LONGEST_URL:
        raise InvalidError("bad_endpoint", "An endpoint needs a name and an address of at most 2000 letters.")
    secret = _secret(means)
    await _look(means, store_id, connector, name, {"url": url, "secret": secret})
    async with transaction(means.pool) as connection:
        mine = await stores.accounts(connection, means.secret_key, store_ids=[store_id])
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
            key=means.secret_key,
            now=means.now(),
        )
        await deeds.note(means, connection, store_id, by, DeedKind.ADD_WEBHOOK, name)
    return Added(account_id, secret)


async def _look(means: Means, store_id: int, connector: str, name: str, settings: dict[str, str]) -> None:
    """Raise `InvalidError` unless the address may be spoken with."""
    account = Account(
        0, store_id, connector, PartyKind.WEBHOOK, name, None, settings, "ok", "", None, 0, None, "", None
    )
    session = means.sessions.fresh(account)
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


async def of_store(means: Means, store_id: int) -> list[webhooks.EndpointLine]:
    """A store's endpoints and what waits for each."""
    async with means.pool.connection() as connection:
        return await webhooks.lines(connection, store_id)


async def find(means: Means, store_id: int, account_id: int) -> Account:
    """An endpoint of a store. Raises `MissingError`."""
    async with means.pool.connection() as connection:
        found = await stores.accounts(connection, means.secret_key, ids=[account_id], store_ids=[store_id])
    if not found or found[0].kind is not PartyKind.WEBHOOK:
        raise MissingError("no_such_endpoint", f"This store has no endpoint {account_id}.")
    return found[0]


async def try_out(means: Means, account: Account) -> Sent:
    """Post a test message now, also to an endpoint that is disabled; it is tried once and kept nowhere."""
    session = await means.sessions.of(account)
    if not isinstance(session, Endpoint):
        raise InvalidError("no_endpoint", f"{account.connector} is no webhook.")
    return await session.try_out(str(uuid5(NAMESPACE_URL, means.new_token())))


async def rotate(means: Means, account: Account, by: By | None = None) -> tuple[str, datetime]:
    """Give an endpoint a new secret; the one until now signs too until the instant given back. An older one ends."""
    secret, until = _secret(means), means.now() + OVERLAP
    changed = {"secret": secret, "former_secret": account.settings["secret"], "former_until": until.isoformat()}
    await _put(means, account, account.settings | changed, by, "rotate")
    return secret, until


async def end_former(means: Means, account: Account, by: By | None = None) -> None:
    """Let the former secret sign no longer."""
    settings = {k: v for k, v in account.settings.items() if not k.startswith("former_")}
    await _put(means, account, settings, by, "end former secret")


async def enable(means: Means, account: Account, by: By | None = None) -> int:
    """Tell an endpoint again, what waited first, in order. How many messages wait."""
    async with transaction(means.pool) as connection:
        waiting = await webhooks.enable(connection, account.id, now=means.now())
        await _resolve(connection, account, now=means.now())
        await jobs.enqueue(connection, [Job(jobs.HOOKS, str(account.id))])
        await _note(means, connection, account, by, "enable")
    return waiting


async def disable(means: Means, account: Account, by: By | None = None) -> None:
    """Tell an endpoint nothing until it is enabled; its messages wait."""
    async with transaction(means.pool) as connection:
        await webhooks.disable(connection, account.id, why="disabled by hand", now=means.now())
        await _note(means, connection, account, by, "disable")


async def remove(means: Means, account: Account, by: By | None = None) -> int:
    """Forget an endpoint and what waits for it. How many messages waited."""
    async with transaction(means.pool) as connection:
        waited = await webhooks.remove(connection, account.id, key=means.secret_key, now=means.now())
        await _resolve(connection, account, now=means.now())
        await deeds.note(means, connection, account.store_id, by, DeedKind.REMOVE_WEBHOOK, account.name)
    return waited


async def replay(
    means: Means,
    account: Account,
    *,
    since: datetime | None = None,
    message: str | None = None,
    by: By | None = None,
) -> int:
    """Tell again, under the same ids, what was accepted since an instant, or one message. How many go."""
    if (since is None) is (message is None):
        raise InvalidError("what_again", "Say since when, or which message, and not both.")
    async with transaction(means.pool) as connection:
        count = await webhooks.replay(connection, account.id, now=means.now(), since=since, message=message)
        await jobs.enqueue(connection, [Job(jobs.HOOKS, str(account.id))])
        await _note(means, connection, account, by, f"replay {message or since}")
    if message is not None and not count:
        raise MissingError("no_such_message", f"{account.name} was told no message {message}, or it waits already.")
    return count


async def give_up(connection: Connection, account: Account, last: Sent, *, now: datetime) -> None:
    """Disable an account whose messages were tried as often as they may be, and ask a person, once."""
    if not await webhooks.disable(connection, account.id, why=last.message, now=now):
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


async def _note(means: Means, connection: Connection, account: Account, by: By | None, what: str) -> None:
    said = f"{account.name}: {what}"
    await deeds.note(means, connection, account.store_id, by, DeedKind.CHANGE_WEBHOOK, said)


async def _put(means: Means, account: Account, settings: dict[str, str], by: By | None, what: str) -> None:
    async with transaction(means.pool) as connection:
        await webhooks.put_settings(
            connection,
            account.id,
            settings={k: v for k, v in settings.items() if k not in _SECRET_FIELDS},
            secrets={k: v for k, v in settings.items() if k in _SECRET_FIELDS},
            key=means.secret_key,
        )
        await _note(means, connection, account, by, what)


def _key(means: Means) -> bytes:
    """Unguessable bytes: two tokens of 128 bits each."""
    return "".join(means.new_token() for _ in range(2)).encode()


def _secret(means: Means) -> str:
    return "whsec_" + base64.b64encode(_key(means)).decode()
