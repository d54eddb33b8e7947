"""`paradeiro package`: a label is replaced by hand, and the replacement taken back."""

import pytest
from typer.testing import CliRunner

from paradeiro.cli.orders import package_commands
from paradeiro.flow.context import Context
from tests.flow.conftest import Shop, shop

__all__ = ["shop"]


async def test_a_label_is_replaced_and_restored_by_typing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await shop.register("AA1")
    said: list[str] = []
    wanted: list[object] = []
    monkeypatch.setattr(package_commands, "run_for_store", lambda _, do: wanted.append(do) or "")
    monkeypatch.setattr(package_commands, "say", said.append)

    async def typed(*words: str) -> str:
        result = CliRunner().invoke(package_commands.app, [*words, "--store", "Loja", "--order", "1001"])
        assert result.exit_code == 0, result.output
        return str(await _run(wanted.pop(), shop.context, shop.store_id))

    assert await typed("replace", "AA1", "AA2") == "AA2 took the place of AA1, which is not followed any more."
    assert (await shop.shipment_row(1)).shipment.replaced_by == 2
    assert await typed("restore", "AA1") == "AA1 is followed again."
    assert (await shop.shipment_row(1)).shipment.replaced_by is None


async def _run(do: object, context: Context, store_id: int) -> object:
    assert callable(do)
    return await do(context, store_id)
