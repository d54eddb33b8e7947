"""In: a fallback account typed by a person; out: it is stored, or a sentence that says why not."""

import pytest

from paradeiro.cli.accounts.accounts import add_account, set_fallback
from paradeiro.db.following import fallbacks
from paradeiro.flow.context import Context
from paradeiro.flow.errors import StatementError


@pytest.fixture
async def shop(context: Context) -> Context:
    for name in ("correios", "seventeen_track", "email"):
        connector = context.connectors[name]
        await add_account(context, "Loja", connector, name=connector.title, channel=None, values={})
    return context


async def _ranks(context: Context) -> list[tuple[str, str, int]]:
    async with context.pool.connection() as connection:
        return [(s.carrier, s.account_name, s.rank) for s in await fallbacks.fallbacks_of_store(connection, 1)]


async def test_an_account_stands_in_until_it_is_taken_away(shop: Context) -> None:
    said = await set_fallback(shop, "Loja", "Correios", account="17TRACK", rank=2)
    assert said == "17TRACK is asked about packages of Correios while the account there cannot answer."
    assert await _ranks(shop) == [("correios", "17TRACK", 2)]
    await set_fallback(shop, "Loja", "correios", account="17TRACK", rank=1)
    assert await _ranks(shop) == [("correios", "17TRACK", 1)]
    said = await set_fallback(shop, "Loja", "correios", account="17TRACK", remove=True)
    assert said == "17TRACK stands in for Correios no longer."
    assert await _ranks(shop) == []
    again = await set_fallback(shop, "Loja", "correios", account="17TRACK", remove=True)
    assert again == "17TRACK did not stand in for Correios."


@pytest.mark.parametrize(
    ("store", "carrier", "account", "words"),
    [
        ("Nenhuma", "correios", "17TRACK", "There is no store 'Nenhuma'"),
        ("Loja", "correios", "E-mail", "no carrier account 'E-mail'. There are: 17TRACK, Correios."),
        ("Loja", "vtex", "17TRACK", "'vtex' is no carrier"),
        ("Loja", "seventeen_track", "Correios", "Correios cannot be asked about packages of 17TRACK."),
    ],
)
async def test_what_cannot_be_is_said(shop: Context, store: str, carrier: str, account: str, words: str) -> None:
    with pytest.raises(StatementError) as refused:
        await set_fallback(shop, store, carrier, account=account)
    assert words in refused.value.message
    assert await _ranks(shop) == []
