"""In: who shall mail a store's customers; out: the store's policy, and nothing left to send that is the other's now."""

from dataclasses import replace

from paradeiro.db import effects, stores
from paradeiro.db.audit import By
from paradeiro.db.pool import transaction
from paradeiro.domain.words import DeedKind, EffectKind, Mailer
from paradeiro.flow import deeds
from paradeiro.flow.means import Means


async def set_mailer(means: Means, store_id: int, mailer: Mailer, by: By | None = None) -> None:
    """From now on this one mails. What Paradeiro planned to mail and did not begin is left to the order system then."""
    async with transaction(means.pool) as connection:
        policy = await stores.lock_policy(connection, store_id)
        await stores.set_policy(connection, store_id, replace(policy, mailer=mailer))
        await deeds.note(means, connection, store_id, by, DeedKind.SET_MAILER, mailer)
        if mailer is not Mailer.PARADEIRO:
            await effects.leave_out(connection, store_id, EffectKind.CUSTOMER_MAIL, now=means.now())


async def mailer_of(means: Means, store_id: int) -> Mailer:
    """Who mails this store's customers."""
    async with means.pool.connection() as connection:
        return (await stores.stores(connection, [store_id]))[store_id].policy.mailer
