"""In: which mails a customer wants about an order; out: kept. What waits is asked again when its turn comes."""

from paradeiro.db import orders
from paradeiro.db.pool import transaction
from paradeiro.domain.words import MailChoice
from paradeiro.flow.means import Means


async def choose_mails(means: Means, store_id: int, order_id: int, choice: MailChoice) -> None:
    """From now on this customer gets these mails about this order."""
    async with transaction(means.pool) as connection:
        await orders.choose_mails(connection, store_id, order_id, choice)
