"""In: how a store wants to look; out: kept, if its words can be read and its host is nobody else's."""

from dataclasses import replace
from typing import Any

from paradeiro.db import brands
from paradeiro.db.audit import By
from paradeiro.db.pool import transaction
from paradeiro.domain.brand import Brand, logo_of, problem
from paradeiro.domain.words import DeedKind
from paradeiro.flow import deeds
from paradeiro.flow.errors import ConflictError, InvalidError
from paradeiro.flow.means import Means


async def brand_of(means: Means, store_id: int) -> Brand:
    """How the store looks."""
    async with means.pool.connection() as connection:
        return await brands.brand_of(connection, store_id)


async def set_brand(
    means: Means,
    store_id: int,
    texts: dict[str, str],
    *,
    logo: bytes | None = None,
    no_logo: bool = False,
    by: By | None = None,
) -> Brand:
    """Change what `texts` names (fields of `Brand`), and the logo if one is given. Raises `InvalidError` with what is
    wrong, `ConflictError` if another store has the host.
    """
    changes: dict[str, Any] = {name: text.strip() for name, text in texts.items()}
    for name in {"accent", "host"} & set(changes):
        changes[name] = changes[name].lower()
    if logo is not None:
        read = logo_of(logo)
        if isinstance(read, str):
            raise InvalidError("logo", read)
        changes["logo"] = read
    elif no_logo:
        changes["logo"] = None
    async with transaction(means.pool) as connection:
        brand = replace(await brands.brand_of(connection, store_id), **changes)
        wrong = problem(brand)
        if wrong is not None:
            raise InvalidError("brand", wrong)
        if brand.host and await brands.host_taken(connection, store_id, brand.host):
            raise ConflictError("host", f"Another store is reached under {brand.host}: each needs a name of its own.")
        await brands.put_brand(connection, store_id, brand)
        await deeds.note(means, connection, store_id, by, DeedKind.SET_BRAND, ", ".join(sorted(changes)))
    return brand
