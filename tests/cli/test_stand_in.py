"""In: who may stand in for whom, typed by a person; out: it is kept, or a sentence that says why not."""

import pytest

from paradeiro.cli.accounts import add_account, let_stand_in
from paradeiro.db import stand_ins
from paradeiro.flow.errors import StatementError
from paradeiro.flow.means import Means


@pytest.fixture
async def shop(means: Means) -> Means:
    for name in ("correios", "seventeen_track", "email"):
        connector = means.connectors[name]
        await add_account(means, "Loja", connector, name=connector.title, channel=None, values={})
    return means


async def _ranks(means: Means) -> list[tuple[str, str, int]]:
    async with means.pool.connection() as connection:
        return [(s.carrier, s.account_name, s.rank) for s in await stand_ins.of_store(connection, 1)]


async def test_an_account_stands_in_until_it_is_taken_away(shop: Means) -> None:
    said = await let_stand_in(shop, "Loja", "Correios", account="17TRACK", rank=2)
    assert said == "17TRACK is asked about packages of Correios while the account there cannot answer."
    assert await _ranks(shop) == [("correios", "17TRACK", 2)]
    await let_stand_in(shop, "Loja", "correios", account="17TRACK", rank=1)
    assert await _ranks(shop) == [("correios", "17TRACK", 1)]
    said = await let_stand_in(shop, "Loja", "correios", account="17TRACK", remove=True)
    assert said == "17TRACK stands in for Correios no longer."
    assert await _ranks(shop) == []
    again = await let_stand_in(shop, "Loja", "correios", account="17TRACK", remove=True)
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
async def test_what_cannot_be_is_said(shop: Means, store: str, carrier: str, account: str, words: str) -> None:
    with pytest.raises(StatementError) as refused:
        await let_stand_in(shop, store, carrier, account=account)
    assert words in refused.value.message
    assert await _ranks(shop) == []
