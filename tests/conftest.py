"""In: nothing; out: how every test is run. Databases are the business of tests/db and tests/flow."""

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
