"""In: a store; out: the URL prefix of its tracking pages, on the store's own host if it has one."""

from paradeiro.db.customers import brands
from paradeiro.db.pool import Connection
from paradeiro.flow.context import Context


async def tracking_link(context: Context, connection: Connection, store_id: int) -> str:
    """The URL prefix of the store's tracking pages; a package's token follows it."""
    host = await brands.host_of(connection, store_id)
    return f"{f'https://{host}' if host else context.public_url}/t/"
