"""In: a store, a package's token; out: the address of its customer's page, under the store's own name if it has one."""

from paradeiro.db import brands
from paradeiro.db.pool import Connection
from paradeiro.flow.means import Means


async def customers_address(means: Means, connection: Connection, store_id: int) -> str:
    """What every link to a customer's page of this store begins with; the token comes next."""
    host = await brands.host_of(connection, store_id)
    return f"{f'https://{host}' if host else means.public_url}/t/"
