"""In: the bytes of a reply; out: the same bytes compressed, with the number of the dictionary that was used."""

import zlib
from functools import cache
from importlib.resources import files

PLAIN = 0
# The dictionary for new replies. A dictionary is never changed or removed: stored replies need it to be read. A better
# one is a new file with the next number (scripts/reply_dictionary.py, decision 0009).
NEWEST = 1
_LEVEL = 6


@cache
def _dictionary(compression: int) -> bytes:
    return (files("paradeiro.db") / f"replies_{compression}.dictionary").read_bytes()


def compress(body: bytes, compression: int = NEWEST) -> tuple[int, bytes]:
    """(dictionary used, compressed bytes); `PLAIN` and the same bytes if they would not get smaller."""
    packer = zlib.compressobj(_LEVEL, zdict=_dictionary(compression))
    small = packer.compress(body) + packer.flush()
    return (compression, small) if len(small) < len(body) else (PLAIN, body)


def decompress(compression: int, packed: bytes) -> bytes:
    """The bytes as they were received. Raises `zlib.error` if they are damaged (Adler-32 checksum)."""
    if compression == PLAIN:
        return packed
    unpacker = zlib.decompressobj(zdict=_dictionary(compression))
    body = unpacker.decompress(packed) + unpacker.flush()
    if not unpacker.eof:
        raise zlib.error("a packed reply is cut off")
    return body
