"""In: a folder; out: whether `up` survives kills and second starts, and whether wrong settings are reported."""

import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx

from paradeiro.cli.drills.hard_day.day import Case, CaseResult, Place
from paradeiro.cli.drills.hard_day.processes import Running, children_of, postmaster_of, running

_READY = 90.0
_BACK = 60.0
_ORDER = "DRILL-1"
_CODE = "AA123456785BR"


@asynccontextmanager
async def _up(folder: Path, *words: str) -> AsyncIterator[tuple[Running, str]]:
    """`paradeiro up` in a folder, ready; and its address."""
    with running(folder, "up", *words, **_environment(folder)) as up:
        ready = await up.says("Ctrl-C stops it", _READY)
        yield up, up.found(r"http://127\.0\.0\.1:\d+") if ready else ""


def _environment(folder: Path) -> dict[str, str]:
    return {"PARADEIRO_DATA_DIR": str(folder / "data"), "PARADEIRO_PORT": "0", "PARADEIRO_SIMULATOR_PACKAGES": "10"}


async def second_up(place: Place) -> CaseResult:
    """`up` is started twice in one folder, and once more after the first was stopped."""
    found = CaseResult(tried=3)
    async with _up(place.folder) as (first, address):
        key = first.found(r"pk_[\w-]+")
        found.expect(await _register(address, key) == 201, "an order could not be made")
        with running(place.folder, "up", **_environment(place.folder)) as second:
            status = await second.ends(_READY)
            found.expect(status == 1, f"the second ended with {status}")
            found.expect("runs already" in second.text, f"the second said: {second.text[-300:]}")
        found.stopped = await _order_is(address, key) != 200
        found.expect(not found.stopped, "the first was disturbed by the second")
    async with _up(place.folder) as (_, address):
        status = await _order_is(address, key)
        found.lost = status != 200
        found.expect(status == 200, f"after a stop and a start the order answers {status}")
    return found


async def killed_database(place: Place) -> CaseResult:
    """The embedded PostgreSQL is killed under `up`."""
    found = CaseResult(tried=1)
    async with _up(place.folder) as (up, address):
        key = up.found(r"pk_[\w-]+")
        await _register(address, key)
        pid = postmaster_of(place.folder / "data")
        found.expect(pid is not None, "no postmaster.pid in the data folder")
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + _BACK
        back = False
        while time.monotonic() < end and not back:
            back = await up.until(lambda: postmaster_of(place.folder / "data") not in {pid, None}, 5)
            back = back and await _order_is(address, key) == 200
        found.lost = found.stopped = int(not back)
        found.expect("Traceback" not in up.text, "a traceback on the screen")
    return found


async def killed_up(place: Place) -> CaseResult:
    """`up` itself is killed: nothing of it stays, or the next `up` takes it over."""
    found = CaseResult(tried=1)
    data = place.folder / "data"
    async with _up(place.folder) as (up, address):
        key = up.found(r"pk_[\w-]+")
        await _register(address, key)
        up.signal(signal.SIGKILL)
        await up.ends(5)
    async with _up(place.folder) as (again, address):
        status = await _order_is(address, key)
        found.lost = int(status != 200)
        found.expect(bool(address), f"the next up did not start: {again.text[-300:]}")
        serving = [pid for pid, what in children_of(data).items() if " serve" in what]
        found.expect(len(serving) == 1, f"{len(serving)} web processes run")
    left = {pid: what for pid, what in children_of(data).items() if "paradeiro" in what}
    found.stopped = len(left)
    found.expect(not left, f"left behind: {sorted(left.values())}")
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return found


async def _register(address: str, key: str) -> int:
    stated = {"carrier": "correios", "tracking_code": _CODE, "order": {"number": _ORDER}}
    async with httpx.AsyncClient(trust_env=False, timeout=10, headers={"X-API-Key": key}) as client:
        return (await client.post(f"{address}/api/v1/shipments", json=stated)).status_code


async def _order_is(address: str, key: str) -> int:
    """The HTTP status of GET of the registered order; 0 without an answer."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=10, headers={"X-API-Key": key}) as client:
            return (await client.get(f"{address}/api/v1/orders/{_ORDER}")).status_code
    except httpx.HTTPError:
        return 0


# An account whose credentials are encrypted with the right key.
_SEALED = ("seventeen_track", "--store", "Loja", "--set", "token=of-a-drill")
_BAD_SETTINGS = {
    "a key that is none": {"PARADEIRO_SECRET_KEY": "sk-VERYSECRET"},
    "another key": {"PARADEIRO_SECRET_KEY": "b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVyb3Q="},
    "no database there": {"PARADEIRO_DATABASE_URL": "postgresql://u:VERYSECRET@127.0.0.1:1/x"},
    "an address that is none": {"PARADEIRO_DATABASE_URL": "postgresql://u:VERYSECRET@[::1/x"},
    "a word that is no setting": {"PARADEIRO_PORT": "VERYSECRET"},
}


async def bad_settings(place: Place) -> CaseResult:
    """Wrong settings are reported in a sentence without secrets, with exit status 1 or 2."""
    found = CaseResult(tried=2 * len(_BAD_SETTINGS))
    with running(place.folder, "store", "add", "Loja", **_own(place)) as made:
        await made.ends(_BACK)
    with running(place.folder, "account", *_SEALED, **_own(place)) as kept:
        found.expect(await kept.ends(_BACK) == 0, f"no account could be made: {kept.text[-300:]}")
    for words, values in _BAD_SETTINGS.items():
        for command in ("serve", "work"):
            with running(place.folder, command, **_own(place) | values) as one:
                status = await one.ends(30)
                found.expect(status in {1, 2}, f"{command} with {words}: it ended with {status}")
                found.expect("Traceback" not in one.text, f"{command} with {words}: a traceback")
                found.expect(bool(one.text.strip()), f"{command} with {words}: it said nothing")
                # A port is no secret: what was typed is shown.
                found.leaked += "VERYSECRET" in one.text and "PARADEIRO_PORT" not in values
    return found


def _own(place: Place) -> dict[str, str]:
    return {
        "PARADEIRO_DATABASE_URL": place.url,
        "PARADEIRO_DATA_DIR": str(place.folder / "data"),
        "PARADEIRO_PORT": "0",
    }


CASES = (
    Case("second-up", 4, "up twice in one folder, and after a stop", second_up, short=False),
    Case("killed-database", 4, "kill -9 of the embedded PostgreSQL under up", killed_database, short=False),
    Case("killed-up", 4, "kill -9 of up itself", killed_up, short=False),
    Case("bad-settings", 4, "wrong keys, addresses, words", bad_settings, short=False),
)
