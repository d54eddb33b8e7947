"""In: how many bytes are free on the database's disk; out: whether something new may be taken in."""

from collections.abc import Callable

# Below the first people are warned; below the second nothing new is taken in: a database whose disk is full ends.
ENOUGH_BYTES = 200 * 1024 * 1024
LEAST_BYTES = 64 * 1024 * 1024
FULL = "The disk of the database is nearly full: nothing was taken in. Free some space there and send it again."
_READS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
# Signing in writes nothing that counts, and whoever is to make room must get in.
_ALWAYS = ("/sign-in", "/sign-out")


def nearly_full(free_bytes: Callable[[], int] | None) -> bool:
    """Whether there is too little room to take something in. None: the disk is not ours to watch."""
    return free_bytes is not None and free_bytes() < LEAST_BYTES


def refuses(free_bytes: Callable[[], int] | None, method: str, path: str) -> bool:
    """Whether a request would bring something in that there is no room for."""
    if method in _READS or path.startswith(_ALWAYS):
        return False
    return nearly_full(free_bytes)
