"""In: the bytes of a reply; out: the same bytes, small, with the number of the packing that opens them again."""

import zlib
from functools import cache
from importlib.resources import files

PLAIN = 0
# Which dictionary new replies are packed with. A dictionary is never changed and never goes: a kept reply needs it to
# be read. A better one is a new file with the next number (scripts/reply_dictionary.py, decision 0009).
NEWEST = 1
_LEVEL = 6


@cache
def _dictionary(packing: int) -> bytes:
    return (files("paradeiro.db") / f"replies_{packing}.dictionary").read_bytes()


def pack(body: bytes, packing: int = NEWEST) -> tuple[int, bytes]:
    """The packing used and the packed bytes; what would not get smaller stays as it is."""
    packer = zlib.compressobj(_LEVEL, zdict=_dictionary(packing))
    small = packer.compress(body) + packer.flush()
    return (packing, small) if len(small) < len(body) else (PLAIN, body)


def unpack(packing: int, packed: bytes) -> bytes:
    """The bytes as they were received. Raises `zlib.error` if they are not what was packed (it checks a sum)."""
    if packing == PLAIN:
        return packed
    unpacker = zlib.decompressobj(zdict=_dictionary(packing))
    body = unpacker.decompress(packed) + unpacker.flush()
    if not unpacker.eof:
        raise zlib.error("a packed reply is cut off")
    return body
