"""In: what kind of world, how fast; out: that world, running until SIGTERM, and a file that says where it is."""

import argparse
import asyncio
import json
import os
import signal
from datetime import datetime
from pathlib import Path

from paradeiro.world.clock import WorldClock
from paradeiro.world.scenario import Scenario
from paradeiro.world.server import serve


async def _run(options: argparse.Namespace) -> None:
    start = datetime.fromisoformat(options.start)
    scenario = Scenario(options.packages, options.days, options.seed, start)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve(scenario.truth(), WorldClock(start, options.speed), admin_port=options.admin_port) as world:
        world.post.contract.bulk = not options.without_async
        _write(Path(options.file), world.described())
        await stop.wait()


def _write(path: Path, described: dict[str, object]) -> None:
    """Whole or not at all, and for our own eyes: it holds credentials."""
    temporary = path.with_suffix(".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(described, file)
    temporary.rename(path)


def main() -> None:
    """Run a world."""
    parser = argparse.ArgumentParser(prog="python -m paradeiro.world", description="A simulated outside.")
    parser.add_argument("--packages", type=int, default=60)
    parser.add_argument("--days", type=int, default=12)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--speed", type=float, default=360.0, help="simulated seconds per second; 0 stands still")
    parser.add_argument("--start", required=True, help="the world's first instant, ISO 8601 with an offset")
    parser.add_argument("--without-async", action="store_true", help="the post office's contract lacks the API 534")
    parser.add_argument("--admin-port", type=int, default=0)
    parser.add_argument("--file", required=True, help="where to write addresses, credentials and the clock (JSON)")
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
