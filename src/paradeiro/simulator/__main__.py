"""In: scenario options and speed; out: that simulator, running until SIGTERM, and a file with its addresses."""

import argparse
import asyncio
import json
import os
import pickle
import signal
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.parties import Simulator, make_simulator
from paradeiro.simulator.scenario.scenario import Scenario
from paradeiro.simulator.server import serving

_SAVE_SECONDS = 5.0


async def _run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if options.lifeline is not None:
        # Nothing is written to it: it becomes readable when the parent process has ended.
        loop.add_reader(options.lifeline, stop.set)
    state = Path(options.state) if options.state else None
    async with serving(
        _load(state, options.speed) or _new_simulator(options), admin_port=options.admin_port
    ) as simulator:
        _write_private(Path(options.file), json.dumps(simulator.described()).encode())
        while not stop.is_set():
            _save(simulator, state)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _SAVE_SECONDS)
    _save(simulator, state)


def _new_simulator(options: argparse.Namespace) -> Simulator:
    start = datetime.fromisoformat(options.start)
    now = datetime.fromisoformat(options.now) if options.now else start
    scenario = Scenario(options.packages, options.days, options.seed, start)
    simulator = make_simulator(scenario.ground_truth(), SimulatorClock(now, options.speed))
    simulator.post.contract.bulk = not options.without_async
    return simulator


def _load(state: Path | None, speed: float) -> Simulator | None:
    """The saved simulator, whose clock stood still meanwhile; None if there is none that this version can read."""
    if state is None or not state.exists():
        return None
    try:
        simulator = pickle.loads(state.read_bytes())  # noqa: S301 - written by ourselves, in a file that only we may write
    except (pickle.UnpicklingError, AttributeError, ImportError, EOFError, TypeError, IndexError, KeyError):
        return None  # of another version: the trial starts from the beginning
    if not isinstance(simulator, Simulator):
        return None
    simulator.clock.speed = speed
    simulator.clock.set(simulator.clock.at)
    return simulator


def _save(simulator: Simulator, state: Path | None) -> None:
    """Save its whole state, with the clock standing at this moment."""
    if state is None:
        return
    clock = simulator.clock
    running = clock.at, clock.began
    clock.at = clock()
    kept = pickle.dumps(simulator)
    clock.at, clock.began = running
    with suppress(OSError):  # a full disk: the earlier state stays
        _write_private(state, kept)


def _write_private(path: Path, content: bytes) -> None:
    """Write the file atomically and readable by its owner only: it holds credentials."""
    temporary = path.with_suffix(".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    temporary.rename(path)


def main() -> None:
    """Run a simulator."""
    parser = argparse.ArgumentParser(prog="python -m paradeiro.simulator", description="A simulated outside.")
    parser.add_argument("--packages", type=int, default=60)
    parser.add_argument("--days", type=int, default=12)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--speed", type=float, default=360.0, help="simulated seconds per second; 0 stands still")
    parser.add_argument("--start", required=True, help="the simulator's first instant, ISO 8601 with an offset")
    parser.add_argument("--now", help="where its time stands when it begins, if that is later")
    parser.add_argument("--state", help="a file that keeps what it knows: it goes on from there the next time")
    parser.add_argument("--lifeline", type=int, help="a file descriptor; it stops when that is closed elsewhere")
    parser.add_argument("--without-async", action="store_true", help="the post office's contract lacks the API 534")
    parser.add_argument("--admin-port", type=int, default=0)
    parser.add_argument("--file", required=True, help="where to write addresses, credentials and the clock (JSON)")
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
