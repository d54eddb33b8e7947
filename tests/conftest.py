"""In: nothing; out: how every test is run. Databases are the business of tests/db and tests/flow."""

import signal
from collections.abc import Iterator
from types import FrameType

import pytest
import structlog
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci",
    deadline=None,  # the machine is shared: a slow example is no failure
    derandomize=True,
    max_examples=80,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci")

pytest_plugins = ["tests.databases"]


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Ctrl-C as Python has it."""
    signal.default_int_handler(number, frame)


def pytest_configure() -> None:
    """With Python's own handler of Ctrl-C, asyncio puts its own in its place for each fixture and test, and `signal`
    then writes out the fixture's task with its result, a whole world, for an error that it drops (`_int_to_enum`):
    ten times 20 ms in each test. With any other handler asyncio leaves it alone.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


# Whole days, killed processes and browsers: what begins last with these would keep one core waiting for the other.
_LONGEST = ("tests/cli/measuring/", "tests/flow/test_killed", "tests/cli/running/", "tests/browser/", "tests/stories/")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, in random order as all others."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST))


@pytest.fixture(autouse=True)
def logs_of_this_test_only() -> Iterator[None]:
    """A command that runs inside a test sets up the logs of its process: the next test has its own again."""
    yield
    structlog.reset_defaults()
