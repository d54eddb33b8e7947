"""In: the flow tests' shop; out: the same shop for the tests of API, pages and hooks."""

from tests.flow.conftest import shop

__all__ = ["shop"]
