"""A store's branding is stored, changed in part, and one host belongs to one store."""

import pytest

from paradeiro.db.accounts import stores
from paradeiro.db.customers import brands
from paradeiro.db.pool import transaction
from paradeiro.domain.customers.brand import Brand
from paradeiro.flow.context import Context
from paradeiro.flow.customers.branding import brand_of, set_brand
from paradeiro.flow.errors import ConflictError, InvalidError
from tests.domain.customers.test_brand import PNG
from tests.flow.conftest import Shop


async def _other_store(context: Context) -> int:
    async with transaction(context.pool) as connection:
        return await stores.add_store(connection, "Outra", now=context.now())


async def test_a_store_that_never_said_looks_as_all_do(shop: Shop) -> None:
    assert await brand_of(shop.context, shop.store_id) == Brand()


async def test_what_is_not_named_stays(shop: Shop) -> None:
    await set_brand(shop.context, shop.store_id, {"accent": " #7A1F3D", "host": "Rastreio.Loja.com.br"}, logo=PNG)
    await set_brand(shop.context, shop.store_id, {"footer": "CNPJ 1"})
    brand = await brand_of(shop.context, shop.store_id)
    assert (brand.accent, brand.footer, brand.host) == ("#7a1f3d", "CNPJ 1", "rastreio.loja.com.br")
    assert brand.logo is not None
    assert brand.logo.content == PNG
    assert (await set_brand(shop.context, shop.store_id, {"footer": ""}, no_logo=True)).logo is None
    assert await brand_of(shop.context, await _other_store(shop.context)) == Brand()


async def test_what_cannot_be_read_changes_nothing(shop: Shop) -> None:
    with pytest.raises(InvalidError, match="choose a darker one"):
        await set_brand(shop.context, shop.store_id, {"accent": "#ffee00", "footer": "x"})
    with pytest.raises(InvalidError, match="PNG or a JPEG"):
        await set_brand(shop.context, shop.store_id, {}, logo=b"<svg/>")
    assert await brand_of(shop.context, shop.store_id) == Brand()


async def test_a_host_leads_to_one_store(shop: Shop) -> None:
    await set_brand(shop.context, shop.store_id, {"host": "rastreio.loja.com.br"})
    other = await _other_store(shop.context)
    with pytest.raises(ConflictError, match="a name of its own"):
        await set_brand(shop.context, other, {"host": "rastreio.loja.com.br"})
    async with shop.context.pool.connection() as connection:
        assert await brands.store_at(connection, "rastreio.loja.com.br") == shop.store_id
        assert await brands.store_at(connection, "nowhere.example") is None
        assert await brands.hosts(connection) == {shop.store_id: "rastreio.loja.com.br"}
