"""In: accounts, keys and packages typed by a person; out: the same kept, and a sentence that says so."""

import secrets
from collections.abc import Callable, Sequence

from paradeiro.app import house
from paradeiro.cli.author import cli_author
from paradeiro.cli.database import database_url, migrate_command
from paradeiro.db import stand_ins, stores
from paradeiro.db.audit import By
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.records import Customer, Invoice, Order
from paradeiro.domain.words import DeedKind, PartyKind
from paradeiro.flow import deeds
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.intake import Registration, StatedOrder, carrier_named, state_order
from paradeiro.flow.means import Means
from paradeiro.sdk.contract import Connector
from paradeiro.settings import Settings

_SCOPES = ("read", "write")
_KEY_BYTES = 32
# The store in which the simulated world is followed while there is no real account.
WORLD_STORE = "Loja do Mundo"


async def account_command(
    settings: Settings,
    connector: str,
    *,
    store: str,
    name: str,
    channel: str,
    given: Sequence[str],
    ask: Callable[[str], str],
) -> str:
    """Add an account; fields come as `field=value`, missing secrets are asked for."""
    with database_url(settings) as url:
        await migrate_command(url)
        # Without a look at the key: after it was lost, this is how accounts get their credentials again.
        async with house(settings, url, with_key=False) as means:
            if store == WORLD_STORE:
                raise ConflictError("trial", f"{WORLD_STORE} is the trial's. Add a store: paradeiro store add NAME.")
            async with means.pool.connection() as connection:
                await store_id_of(connection, store)
            found = _connector(means, connector)
            values = _fields(found, given, ask)
            called, by = name or found.title, cli_author()
            await add_account(means, store, found, name=called, channel=channel or None, values=values, by=by)
    return f"{name or found.title} is kept for {store} and is asked from now on."


async def add_account(
    means: Means,
    store: str,
    connector: Connector,
    *,
    name: str,
    channel: str | None,
    values: dict[str, str],
    by: By | None = None,
) -> int:
    """Keep an account of a store (made if it is new); secret fields are encrypted."""
    secret = {field.name for field in connector.account_fields if field.secret}
    now = means.now()
    async with transaction(means.pool) as connection:
        store_id = await stores.add_store(connection, store, now=now)
        await deeds.note(means, connection, store_id, by, DeedKind.SET_ACCOUNT, f"{connector.name}: {name}")
        return await stores.put_account(
            connection,
            store_id,
            connector=connector.name,
            kind=PartyKind(min(connector.kinds)),
            name=name,
            settings={k: v for k, v in values.items() if k not in secret},
            secrets={k: v for k, v in values.items() if k in secret},
            key=means.secret_key,
            now=now,
            channel=channel,
        )


async def stand_in_command(
    settings: Settings, carrier: str, *, store: str, account: str, rank: int, remove: bool
) -> str:
    """Let an account of a store be asked about a carrier's packages while the carrier's own account cannot answer."""
    with database_url(settings) as url:
        await migrate_command(url)
        async with house(settings, url) as means:
            return await let_stand_in(means, store, carrier, account=account, rank=rank, remove=remove)


async def let_stand_in(
    means: Means, store: str, carrier: str, *, account: str, rank: int = 1, remove: bool = False
) -> str:
    """The same inside a running house. Raises `StatementError`s; what was done, in a sentence."""
    home = carrier_named(means, carrier)
    async with transaction(means.pool) as connection:
        store_id = await store_id_of(connection, store)
        mine = await stores.accounts(connection, means.secret_key, store_ids=[store_id])
        found = next((a for a in mine if a.name == account and a.kind is PartyKind.CARRIER), None)
        if found is None:
            names = ", ".join(sorted(a.name for a in mine if a.kind is PartyKind.CARRIER)) or "none yet"
            raise MissingError("no_such_account", f"{store} has no carrier account '{account}'. There are: {names}.")
        if remove:
            gone = await stand_ins.remove(connection, store_id, carrier=home.name, account_id=found.id)
            return f"{account} {'stands in' if gone else 'did not stand in'} for {home.title}{' no longer' * gone}."
        if found.connector != home.name and home.name not in means.connectors[found.connector].stands_in_for:
            raise InvalidError("cannot_stand_in", f"{account} cannot be asked about packages of {home.title}.")
        await stand_ins.put(connection, store_id, carrier=home.name, account_id=found.id, rank=rank)
    return f"{account} is asked about packages of {home.title} while the account there cannot answer."


async def store_id_of(connection: Connection, name: str) -> int:
    """The id of the store of that name; raises `MissingError` that names those there are."""
    known = {each.name: each.id for each in (await stores.stores(connection)).values()}
    if name not in known:
        names = ", ".join(sorted(known)) or "none yet"
        advice = "To add it: paradeiro store add NAME."
        raise MissingError("no_such_store", f"There is no store '{name}'. There are: {names}. {advice}")
    return known[name]


def _connector(means: Means, name: str) -> Connector:
    if name not in means.connectors:
        known = ", ".join(sorted(means.connectors))
        raise InvalidError("unknown_connector", f"There is no connector '{name}'. There are: {known}.")
    return means.connectors[name]


def _fields(connector: Connector, given: Sequence[str], ask: Callable[[str], str]) -> dict[str, str]:
    values = {}
    known = {field.name for field in connector.account_fields}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or name not in known:
            raise InvalidError("bad_field", f"'{name}' is no field of {connector.name}: {', '.join(sorted(known))}.")
        values[name] = value
    for field in connector.account_fields:
        if field.name not in values and field.secret and (answer := ask(field.name)):
            values[field.name] = answer
        if field.required and not values.get(field.name):
            raise InvalidError("missing_field", f"{connector.name} needs --set {field.name}=… ({field.help}).")
    return values


async def key_command(settings: Settings, *, store: str, name: str, scopes: Sequence[str]) -> str:
    """Make an API key and give it back, the only time."""
    if unknown := set(scopes) - set(_SCOPES):
        raise InvalidError("bad_scope", f"Unknown scope {', '.join(sorted(unknown))}: there are read and write.")
    with database_url(settings) as url:
        await migrate_command(url)
        async with house(settings, url) as means:
            async with means.pool.connection() as connection:
                await store_id_of(connection, store)
            return (await make_key(means, store, name=name, scopes=scopes, by=cli_author()))[1]


async def make_key(
    means: Means, store: str, *, name: str, scopes: Sequence[str] = _SCOPES, by: By | None = None
) -> tuple[int, str]:
    """A new API key of a store (made if it is new): its id and its text."""
    text = f"pk_{secrets.token_urlsafe(_KEY_BYTES)}"
    async with transaction(means.pool) as connection:
        store_id = await stores.add_store(connection, store, now=means.now())
        key_id = await stores.add_api_key(connection, store_id, name=name, key=text, scopes=scopes, now=means.now())
        await deeds.note(means, connection, store_id, by, DeedKind.MAKE_KEY, f"{name}: {', '.join(scopes)}")
    return key_id, text


async def register_command(
    settings: Settings, *, store: str, carrier: str, code: str, order: str, invoice: str, email: str, lenient: bool
) -> str:
    """Register a package of a store that exists."""
    with database_url(settings) as url:
        await migrate_command(url)
        async with house(settings, url) as means:
            async with means.pool.connection() as connection:
                store_id = await store_id_of(connection, store)
            stated = Registration(
                Order(order, Customer(email=email or None)), carrier, code, Invoice(invoice, courier=carrier), lenient
            )
            taken = await state_order(means, store_id, StatedOrder(stated.order, (stated,)), cli_author())
    return " ".join(
        f"Shipment {done.shipment_id} is {'followed now' if done.created else 'followed already'}."
        for done in taken.packages
    )
