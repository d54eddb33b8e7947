"""In: a running simulator; out: a store with accounts at its parties, and its packages registered."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from paradeiro.cli.accounts.accounts import SIMULATED_STORE, add_account, set_fallback
from paradeiro.db.accounts import stores
from paradeiro.flow.accounts.hooks import open_hook
from paradeiro.flow.context import Context

_LOOK_SECONDS = 2.0


async def add_accounts(context: Context, accounts: Mapping[str, dict[str, str]], channels: Mapping[str, str]) -> None:
    """Add an account per connector, with its settings. `channels`: order channel by marketplace connector."""
    for name, values in accounts.items():
        await add_account(
            context,
            SIMULATED_STORE,
            context.connectors[name],
            name=context.connectors[name].title,
            channel=channels.get(name),
            values=values,
        )


async def subscribe(context: Context, connector: str, address: str) -> None:
    """Register the account at a simulated party for pushes, on a loopback address."""
    async with context.pool.connection() as connection:
        known = await stores.accounts(connection, context.secret_key)
    account = next(a for a in known if a.connector == connector)
    await open_hook(context, account, public_url=address, contact="ti@loja.example.com")


async def add_fallback(context: Context, values: dict[str, str]) -> None:
    """Add an account at the simulated aggregator as fallback account of the post office."""
    aggregator = context.connectors["seventeen_track"]
    await add_account(context, SIMULATED_STORE, aggregator, name=aggregator.title, channel=None, values=values)
    await set_fallback(context, SIMULATED_STORE, "correios", account=aggregator.title)


async def register_repeatedly(admin: str, address: str, key: str, stop: asyncio.Event) -> None:
    """Register through the API, until `stop`, the packages whose code only the shop's staff knows."""
    done: set[str] = set()
    async with httpx.AsyncClient(timeout=10, trust_env=False, headers={"X-API-Key": key}) as client:
        while not stop.is_set():
            try:
                for each in (await client.get(f"{admin}/registrations")).json():
                    if each["tracking_code"] not in done:
                        answer = await client.post(f"{address}/api/v1/shipments", json=registration(each))
                        answer.raise_for_status()
                        done.add(each["tracking_code"])
            except (httpx.HTTPError, ValueError):
                # Either side may be restarting; what is not registered yet is tried in the next round.
                await asyncio.sleep(_LOOK_SECONDS)
            try:
                await asyncio.wait_for(stop.wait(), _LOOK_SECONDS)
            except TimeoutError:
                continue


def registration(each: Mapping[str, Any]) -> dict[str, Any]:
    """A package as the API takes it. Customer and marketplace come with the order from the order system."""
    return {
        "carrier": "correios",
        "tracking_code": each["tracking_code"],
        "order": {"number": each["order_id"]},
        "invoice": {"number": each["invoice_number"], "value": 4990},
    }
