"""In: the flow tests' shop; out: the same shop for the doors, and browsers and clients in front of it."""

from tests.flow.conftest import shop

__all__ = ["shop"]
