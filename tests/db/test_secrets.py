"""Stored credentials: unreadable without the key, and never in a repr."""

import pytest

from paradeiro.db.secrets import WrongKeyError, new_key, seal, unseal
from tests.flow.conftest import Shop, shop

__all__ = ["shop"]


def test_what_is_sealed_can_only_be_read_with_its_key() -> None:
    key = new_key()
    sealed = seal({"app_token": "geheim"}, key)
    assert b"geheim" not in sealed
    assert unseal(sealed, key) == {"app_token": "geheim"}
    with pytest.raises(WrongKeyError, match="PARADEIRO_SECRET_KEY"):
        unseal(sealed, new_key())


async def test_an_account_shows_no_settings(shop: Shop) -> None:
    account = await shop.account("loja")
    assert "settings" not in repr(account)
