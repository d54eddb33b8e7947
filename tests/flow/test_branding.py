"""A store's brand is kept whole, changed in part, and one host leads to one store."""

import pytest

from paradeiro.db import brands, stores
from paradeiro.db.pool import transaction
from paradeiro.domain.brand import Brand
from paradeiro.flow.branding import brand_of, set_brand
from paradeiro.flow.errors import ConflictError, InvalidError
from paradeiro.flow.means import Means
from tests.domain.test_brand import PNG
from tests.flow.conftest import Shop


async def _other_store(means: Means) -> int:
    async with transaction(means.pool) as connection:
        return await stores.add_store(connection, "Outra", now=means.now())


async def test_a_store_that_never_said_looks_as_all_do(shop: Shop) -> None:
    assert await brand_of(shop.means, shop.store_id) == Brand()


async def test_what_is_not_named_stays(shop: Shop) -> None:
    await set_brand(shop.means, shop.store_id, {"accent": " #7A1F3D", "host": "Rastreio.Loja.com.br"}, logo=PNG)
    await set_brand(shop.means, shop.store_id, {"footer": "CNPJ 1"})
    brand = await brand_of(shop.means, shop.store_id)
    assert (brand.accent, brand.footer, brand.host) == ("#7a1f3d", "CNPJ 1", "rastreio.loja.com.br")
    assert brand.logo is not None
    assert brand.logo.content == PNG
    assert (await set_brand(shop.means, shop.store_id, {"footer": ""}, no_logo=True)).logo is None
    assert await brand_of(shop.means, await _other_store(shop.means)) == Brand()


async def test_what_cannot_be_read_changes_nothing(shop: Shop) -> None:
    with pytest.raises(InvalidError, match="choose a darker one"):
        await set_brand(shop.means, shop.store_id, {"accent": "#ffee00", "footer": "x"})
    with pytest.raises(InvalidError, match="PNG or a JPEG"):
        await set_brand(shop.means, shop.store_id, {}, logo=b"<svg/>")
    assert await brand_of(shop.means, shop.store_id) == Brand()


async def test_a_host_leads_to_one_store(shop: Shop) -> None:
    await set_brand(shop.means, shop.store_id, {"host": "rastreio.loja.com.br"})
    other = await _other_store(shop.means)
    with pytest.raises(ConflictError, match="a name of its own"):
        await set_brand(shop.means, other, {"host": "rastreio.loja.com.br"})
    async with shop.means.pool.connection() as connection:
        assert await brands.store_at(connection, "rastreio.loja.com.br") == shop.store_id
        assert await brands.store_at(connection, "nowhere.example") is None
        assert await brands.hosts(connection) == {shop.store_id: "rastreio.loja.com.br"}
