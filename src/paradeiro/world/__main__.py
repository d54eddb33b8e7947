"""In: what kind of world, how fast; out: that world, running until SIGTERM, and a file that says where it is."""

import argparse
import asyncio
import json
import os
import pickle
import signal
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from paradeiro.world.clock import WorldClock
from paradeiro.world.parties import World, make_world
from paradeiro.world.scenario import Scenario
from paradeiro.world.server import serving

_SAVE_SECONDS = 5.0


async def _run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if options.lifeline is not None:
        # Nobody writes to it: it becomes readable when whoever started us is gone.
        loop.add_reader(options.lifeline, stop.set)
    state = Path(options.state) if options.state else None
    async with serving(_remembered(state, options.speed) or _new(options), admin_port=options.admin_port) as world:
        _write(Path(options.file), json.dumps(world.described()).encode())
        while not stop.is_set():
            _save(world, state)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _SAVE_SECONDS)
    _save(world, state)


def _new(options: argparse.Namespace) -> World:
    start = datetime.fromisoformat(options.start)
    now = datetime.fromisoformat(options.now) if options.now else start
    scenario = Scenario(options.packages, options.days, options.seed, start)
    world = make_world(scenario.truth(), WorldClock(now, options.speed))
    world.post.contract.bulk = not options.without_async
    return world


def _remembered(state: Path | None, speed: float) -> World | None:
    """The world of last time, whose time stood still meanwhile; None if there is none that this version can read."""
    if state is None or not state.exists():
        return None
    try:
        world = pickle.loads(state.read_bytes())  # noqa: S301 - written by ourselves, in a file that only we may write
    except (pickle.UnpicklingError, AttributeError, ImportError, EOFError, TypeError, IndexError, KeyError):
        return None  # of another version: the trial begins anew
    if not isinstance(world, World):
        return None
    world.clock.speed = speed
    world.clock.set(world.clock.at)
    return world


def _save(world: World, state: Path | None) -> None:
    """All that it knows, with its time standing at this moment."""
    if state is None:
        return
    clock = world.clock
    running = clock.at, clock.began
    clock.at = clock()
    kept = pickle.dumps(world)
    clock.at, clock.began = running
    with suppress(OSError):  # a full disk: the state of before stays
        _write(state, kept)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and for our own eyes: it holds credentials."""
    temporary = path.with_suffix(".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    temporary.rename(path)


def main() -> None:
    """Run a world."""
    parser = argparse.ArgumentParser(prog="python -m paradeiro.world", description="A simulated outside.")
    parser.add_argument("--packages", type=int, default=60)
    parser.add_argument("--days", type=int, default=12)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--speed", type=float, default=360.0, help="simulated seconds per second; 0 stands still")
    parser.add_argument("--start", required=True, help="the world's first instant, ISO 8601 with an offset")
    parser.add_argument("--now", help="where its time stands when it begins, if that is later")
    parser.add_argument("--state", help="a file that keeps what it knows: it goes on from there the next time")
    parser.add_argument("--lifeline", type=int, help="a file descriptor; it stops when that is closed elsewhere")
    parser.add_argument("--without-async", action="store_true", help="the post office's contract lacks the API 534")
    parser.add_argument("--admin-port", type=int, default=0)
    parser.add_argument("--file", required=True, help="where to write addresses, credentials and the clock (JSON)")
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
