"""In: nothing; out: figures of a machine that dies under load: two embedded servers, the primary killed.

Packages are registered through the API without a pause, their carrier is asked and customers are mailed, all through
one address with two hosts. The primary is killed (SIGKILL), the replica promoted. All that the API acknowledged must be
there afterwards, and no mail may have been sent twice.
"""

import asyncio
import json
import logging
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import psycopg
from psycopg_pool import PoolTimeout
from rich.console import Console

from paradeiro.app import set_up_logs
from paradeiro.cli.drills.hard_day.day import NEWS_HOURS, Day, Place, open_day
from paradeiro.cli.running.database import migrate_command
from paradeiro.db.server.embedded import Embedded
from paradeiro.db.server.replica import kill, make_replica, promote_replica, two_host_url
from paradeiro.settings import Settings

_DEATH_SECONDS = 1.0  # what a person's decision to promote stands for
_TRIES = 600


@dataclass(slots=True)
class FailoverFigures:
    """`acknowledged`: packages whose registration the API confirmed; `lost`: of those, not there afterwards; `mails`
    sent, `told_twice`: of those, with the Message-ID of another; `refused`: answers while no server took writes;
    `without_answer_seconds`: from the kill to the next confirmation, a second of it before the promotion.
    """

    acknowledged: int = 0
    before_the_kill: int = 0
    lost: int = 0
    mails: int = 0
    told_twice: int = 0
    refused: int = 0
    without_answer_seconds: float = 0.0

    @property
    def right(self) -> bool:
        """Whether it went as it must."""
        return self.lost == 0 and self.told_twice == 0 and self.before_the_kill < self.acknowledged and self.mails > 0


def failover_command(settings: Settings, console: Console, *, short: bool, as_json: bool) -> int:
    """Play and print. Exit status 0 if nothing was lost and nothing told twice."""
    set_up_logs(settings.model_copy(update={"log_level": "error"}))
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)  # that the primary is dead is what is played
    figures = play_failover(settings, packages=30 if short else 300)
    if as_json:
        console.print(json.dumps(asdict(figures)), markup=False, highlight=False, soft_wrap=True)
    else:
        for name, value in asdict(figures).items():
            console.print(f"{name.replace('_', ' '):<24}{value}", markup=False, highlight=False)
    return 0 if figures.right else 1


def play_failover(settings: Settings, *, packages: int) -> FailoverFigures:
    """The drill, with servers of its own in a temporary folder."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="paradeiro-failover-")))
        # The servers' user passes through it; their own folders are closed to others.
        folder.chmod(0o711)
        primary = stack.enter_context(Embedded(folder / "one"))
        url = primary.url("paradeiro")
        asyncio.run(migrate_command(url))
        replica = stack.enter_context(make_replica(url, folder / "two"))
        second = replica.address("paradeiro")
        place = Place(settings.model_copy(update={"data_dir": folder}), two_host_url(url, second), folder)
        return asyncio.run(_play(place, folder / "one", packages))


async def _play(place: Place, dying: Path, packages: int) -> FailoverFigures:
    figures = FailoverFigures()
    async with open_day(place, packages=2 * packages, connected=False) as day:
        codes = day.codes(packages)
        half, over = asyncio.Event(), asyncio.Event()
        following = asyncio.create_task(_follow(day, over))
        registering = asyncio.create_task(_register(day, codes, half, figures))
        await half.wait()
        kill(dying)
        await asyncio.sleep(_DEATH_SECONDS)
        await asyncio.to_thread(promote_replica, place.url)
        await registering
        over.set()
        await following
        await day.hours(NEWS_HOURS)
        for number in range(packages):
            answer = await day.client.get(f"/api/v1/orders/{_number(number)}")
            figures.lost += answer.status_code != 200
        figures.mails = len(day.simulator.mail.mails)
        figures.told_twice = sum(count - 1 for count in day.simulator.mail.duplicates().values())
    return figures


async def _register(day: Day, codes: list[str], half: asyncio.Event, figures: FailoverFigures) -> None:
    """Register one package after the other, each until it is confirmed, as a caller does."""
    killed_at = 0.0
    for number, code in enumerate(codes):
        for _ in range(_TRIES):
            if await _is_confirmed(day, number, code):
                break
            figures.refused += 1
            await asyncio.sleep(0.1)
        else:
            message = f"Package {number} was not confirmed after {_TRIES} tries."
            raise RuntimeError(message)
        figures.acknowledged += 1
        if killed_at and not figures.without_answer_seconds:
            figures.without_answer_seconds = round(time.monotonic() - killed_at, 2)
        if number == len(codes) // 2:
            figures.before_the_kill, killed_at = figures.acknowledged, time.monotonic()
            half.set()
            await asyncio.sleep(0)


async def _is_confirmed(day: Day, number: int, code: str) -> bool:
    try:
        return (await day.register(_number(number), code)).status_code in {200, 201}
    except httpx.HTTPError:
        return False


async def _follow(day: Day, over: asyncio.Event) -> None:
    """What workers do: ask carriers, record, send; what needs the database waits while there is none."""
    while not over.is_set():
        try:
            await day.hours(1)
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, TimeoutError):
            await asyncio.sleep(0.2)
        await asyncio.sleep(0.02)


def _number(number: int) -> str:
    return f"FAIL-{number}"
