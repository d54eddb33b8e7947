"""In: nothing; out: how every test is run. Databases are the business of tests/db and tests/flow."""

from collections.abc import Iterator

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


@pytest.fixture(autouse=True)
def logs_of_this_test_only() -> Iterator[None]:
    """A command that runs inside a test sets up the logs of its process: the next test has its own again."""
    yield
    structlog.reset_defaults()
