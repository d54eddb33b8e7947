"""In: accounts, keys and packages typed by a person; out: the same stored, and a sentence that confirms it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from paradeiro.app import open_app
from paradeiro.cli.actor import cli_actor
from paradeiro.cli.running.database import database_url, migrate_command
from paradeiro.db.accounts import stores
from paradeiro.db.carriers.adoption import adopt_shipments
from paradeiro.db.following import fallbacks
from paradeiro.db.operations import notices
from paradeiro.db.operations.audit import Actor
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.records import Customer, Invoice, Order
from paradeiro.domain.words import AuditAction, NoticeKind, PartyKind, Way
from paradeiro.flow.accounts import api_keys
from paradeiro.flow.carriers.carrier_choice import carrier_named
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.operations import audit_log
from paradeiro.flow.orders.intake import StatedOrder, state_order
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.sdk.contract import Connector
from paradeiro.sdk.transports.file_settings import URL, fields_of
from paradeiro.settings import Settings

_SCOPES = ("read", "write")
# The store that follows the simulator while there is no real account.
SIMULATED_STORE = "Loja do Mundo"


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
        # Without checking the secret key: after it was lost, accounts get their credentials again this way.
        async with open_app(settings, url, with_key=False) as context:
            if store == SIMULATED_STORE:
                raise ConflictError(
                    "trial", f"{SIMULATED_STORE} is the trial's. Add a store: paradeiro store add NAME."
                )
            async with context.pool.connection() as connection:
                await store_id_of(connection, store)
            found = _connector(context, connector)
            values = _field_values(found, given, ask)
            called, by = name or found.title, cli_actor()
            await add_account(context, store, found, name=called, channel=channel or None, values=values, by=by)
    return f"{name or found.title} is kept for {store} and is asked from now on."


async def add_account(
    context: Context,
    store: str,
    connector: Connector,
    *,
    name: str,
    channel: str | None,
    values: dict[str, str],
    by: Actor | None = None,
) -> int:
    """Store an account of a store (created if it is new); secret fields are encrypted. The account's id."""
    secret = {field.name for field in fields_of(connector) if field.secret}
    now = context.now()
    async with transaction(context.pool) as connection:
        store_id = await stores.add_store(connection, store, now=now)
        await audit_log.write_entry(
            context, connection, store_id, by, AuditAction.SET_ACCOUNT, f"{connector.name}: {name}"
        )
        account_id = await stores.put_account(
            connection,
            store_id,
            connector=connector.name,
            kind=PartyKind(min(connector.kinds)),
            name=name,
            settings={k: v for k, v in values.items() if k not in secret},
            secrets={k: v for k, v in values.items() if k in secret},
            key=context.secret_key,
            now=now,
            channel=channel,
        )
        if PartyKind.CARRIER in connector.kinds:
            asked = Way.ASKED in connector.ways
            await adopt_shipments(connection, store_id, account_id, connector.name, asked=asked, now=now)
            subject, kinds = f"carrier {connector.title}", [NoticeKind.NO_ACCOUNT]
            await notices.resolve_subject(connection, store_id, kinds, subject, now=now)
    return account_id


async def fallback_command(
    settings: Settings, carrier: str, *, store: str, account: str, rank: int, remove: bool
) -> str:
    """Let an account of a store be asked about a carrier's packages while the carrier's own account cannot answer."""
    with database_url(settings) as url:
        await migrate_command(url)
        async with open_app(settings, url) as context:
            return await set_fallback(context, store, carrier, account=account, rank=rank, remove=remove)


async def set_fallback(
    context: Context, store: str, carrier: str, *, account: str, rank: int = 1, remove: bool = False
) -> str:
    """The same with an open context: what was done, in a sentence. Raises `MissingError`, `InvalidError`."""
    named = carrier_named(context, carrier)
    async with transaction(context.pool) as connection:
        store_id = await store_id_of(connection, store)
        accounts = await stores.accounts(connection, context.secret_key, store_ids=[store_id])
        found = next((a for a in accounts if a.name == account and a.kind is PartyKind.CARRIER), None)
        if found is None:
            names = ", ".join(sorted(a.name for a in accounts if a.kind is PartyKind.CARRIER)) or "none yet"
            raise MissingError("no_such_account", f"{store} has no carrier account '{account}'. There are: {names}.")
        if remove:
            removed = await fallbacks.remove_fallback(connection, store_id, carrier=named.name, account_id=found.id)
            return (
                f"{account} {'stands in' if removed else 'did not stand in'} for {named.title}{' no longer' * removed}."
            )
        if found.connector != named.name and named.name not in context.connectors[found.connector].fallback_for:
            raise InvalidError("cannot_stand_in", f"{account} cannot be asked about packages of {named.title}.")
        await fallbacks.put_fallback(connection, store_id, carrier=named.name, account_id=found.id, rank=rank)
    return f"{account} is asked about packages of {named.title} while the account there cannot answer."


async def store_id_of(connection: Connection, name: str) -> int:
    """The id of the store of that name; raises `MissingError` that names those there are."""
    known = {each.name: each.id for each in (await stores.stores(connection)).values()}
    if name not in known:
        names = ", ".join(sorted(known)) or "none yet"
        advice = "To add it: paradeiro store add NAME."
        raise MissingError("no_such_store", f"There is no store '{name}'. There are: {names}. {advice}")
    return known[name]


def _connector(context: Context, name: str) -> Connector:
    if name not in context.connectors:
        known = ", ".join(sorted(context.connectors))
        raise InvalidError("unknown_connector", f"There is no connector '{name}'. There are: {known}.")
    return context.connectors[name]


def _field_values(connector: Connector, given: Sequence[str], ask: Callable[[str], str]) -> dict[str, str]:
    values = {}
    fields = {field.name: field for field in fields_of(connector)}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or name not in fields:
            raise InvalidError("bad_field", f"'{name}' is no field of {connector.name}: {', '.join(sorted(fields))}.")
        values[name] = value
    # Where its files are fetched is asked for only if they are.
    asked = fields if values.get(URL) else {field.name: field for field in connector.account_fields}
    for field in asked.values():
        if field.name not in values and field.secret and (answer := ask(field.name)):
            values[field.name] = answer
        if field.required and not values.get(field.name):
            raise InvalidError("missing_field", f"{connector.name} needs --set {field.name}=… ({field.help}).")
    return values


async def key_command(
    settings: Settings, *, store: str, name: str, scopes: Sequence[str], ends_at: datetime | None = None
) -> str:
    """Make an API key. Its text, which is not stored."""
    with database_url(settings) as url:
        await migrate_command(url)
        async with open_app(settings, url) as context:
            async with context.pool.connection() as connection:
                store_id = await store_id_of(connection, store)
            by = cli_actor()
            return (await api_keys.make_key(context, store_id, name=name, scopes=scopes, by=by, ends_at=ends_at)).text


async def make_key(
    context: Context, store: str, *, name: str, scopes: Sequence[str] = _SCOPES, by: Actor | None = None
) -> tuple[int, str]:
    """A new API key of a store (made if it is new): its id and its text."""
    async with transaction(context.pool) as connection:
        store_id = await stores.add_store(connection, store, now=context.now())
    made = await api_keys.make_key(context, store_id, name=name, scopes=scopes, by=by)
    return made.id, made.text


async def register_command(
    settings: Settings, *, store: str, carrier: str, code: str, order: str, invoice: str, email: str, lenient: bool
) -> str:
    """Register a package of a store that exists."""
    with database_url(settings) as url:
        await migrate_command(url)
        async with open_app(settings, url) as context:
            async with context.pool.connection() as connection:
                store_id = await store_id_of(connection, store)
            stated = Registration(
                Order(order, Customer(email=email or None)), carrier, code, Invoice(invoice, courier=carrier), lenient
            )
            taken = await state_order(context, store_id, StatedOrder(stated.order, (stated,)), cli_actor())
    return " ".join(
        f"Shipment {done.shipment_id} is {'followed now' if done.created else 'followed already'}."
        for done in taken.packages
    )
