"""In: a store's branding; out: stored, if its colours are readable and its host is not taken."""

from dataclasses import replace
from typing import Any

from paradeiro.db.customers import brands
from paradeiro.db.operations.audit import Actor
from paradeiro.db.pool import transaction
from paradeiro.domain.customers.brand import Brand, brand_problem, logo_of
from paradeiro.domain.words import AuditAction
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ConflictError, InvalidError
from paradeiro.flow.operations import audit_log


async def brand_of(context: Context, store_id: int) -> Brand:
    """The store's branding."""
    async with context.pool.connection() as connection:
        return await brands.brand_of(connection, store_id)


async def set_brand(
    context: Context,
    store_id: int,
    texts: dict[str, str],
    *,
    logo: bytes | None = None,
    no_logo: bool = False,
    by: Actor | None = None,
) -> Brand:
    """Change the fields of `Brand` named in `texts`, and the logo if given. Raises `InvalidError`; `ConflictError` if
    another store has the host.
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
    async with transaction(context.pool) as connection:
        brand = replace(await brands.brand_of(connection, store_id), **changes)
        wrong = brand_problem(brand)
        if wrong is not None:
            raise InvalidError("brand", wrong)
        if brand.host and await brands.is_host_taken(connection, store_id, brand.host):
            raise ConflictError("host", f"Another store is reached under {brand.host}: each needs a name of its own.")
        await brands.put_brand(connection, store_id, brand)
        await audit_log.write_entry(
            context, connection, store_id, by, AuditAction.SET_BRAND, ", ".join(sorted(changes))
        )
    return brand
