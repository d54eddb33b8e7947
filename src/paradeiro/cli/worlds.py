"""In: a simulated world that runs; out: a store with accounts at its parties, and its packages registered by hand."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from paradeiro.cli.accounts import WORLD_STORE, add_account, let_stand_in
from paradeiro.db import stores
from paradeiro.flow.hook import open_door
from paradeiro.flow.means import Means

_LOOK_SECONDS = 2.0


async def add_accounts(means: Means, accounts: Mapping[str, dict[str, str]], channels: Mapping[str, str]) -> None:
    """An account per connector; a marketplace's tells orders of its channel."""
    for name, values in accounts.items():
        await add_account(
            means,
            WORLD_STORE,
            means.connectors[name],
            name=means.connectors[name].title,
            channel=channels.get(name),
            values=values,
        )


async def subscribe(means: Means, connector: str, address: str) -> None:
    """Have the world's party push to us. It reaches us on loopback, which no real one would."""
    async with means.pool.connection() as connection:
        known = await stores.accounts(connection, means.secret_key)
    account = next(a for a in known if a.connector == connector)
    await open_door(means, account, public_url=address, contact="ti@loja.example.com")


async def add_stand_in(means: Means, values: dict[str, str]) -> None:
    """An account at the world's aggregator, which may be asked while the post office cannot answer."""
    aggregator = means.connectors["seventeen_track"]
    await add_account(means, WORLD_STORE, aggregator, name=aggregator.title, channel=None, values=values)
    await let_stand_in(means, WORLD_STORE, "correios", account=aggregator.title)


async def keep_registering(admin: str, address: str, key: str, stop: asyncio.Event) -> None:
    """Do what the shop's people do: register through the API the packages whose number only they know."""
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
                # Either side may be starting again; what is not registered yet is tried at the next look.
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
