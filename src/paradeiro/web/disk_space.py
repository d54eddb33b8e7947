"""In: how many bytes are free on the database's disk; out: whether something new may be taken in."""

from collections.abc import Callable

# Below the first, `up` warns; below the second nothing new is taken in: PostgreSQL stops when its disk is full.
ENOUGH_BYTES = 200 * 1024 * 1024
LEAST_BYTES = 64 * 1024 * 1024
FULL = "The disk of the database is nearly full: nothing was taken in. Free some space there and send it again."
_READS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
# Signing in writes next to nothing, and an operator must be able to see what is wrong.
_ALWAYS_TAKEN = ("/sign-in", "/sign-out")


def nearly_full(free_bytes: Callable[[], int] | None) -> bool:
    """Whether there is too little space to take something in. None: the database's disk is not on this machine."""
    return free_bytes is not None and free_bytes() < LEAST_BYTES


def refuses_writes(free_bytes: Callable[[], int] | None, method: str, path: str) -> bool:
    """Whether a request writes, and there is no space for it."""
    if method in _READS or path.startswith(_ALWAYS_TAKEN):
        return False
    return nearly_full(free_bytes)
