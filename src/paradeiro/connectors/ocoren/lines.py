"""In: a file as bytes; out: its lines, one at a time and each of bounded length, however the file ends them. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

_CHUNK = 64 * 1024
# Records have 120 or 250 columns; one program writes 320.
LONGEST_LINE = 1000
_BOM = b"\xef\xbb\xbf"
# DOS programs end a text file with Ctrl-Z.
_DOS_END = b"\x1a"


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end. `number`: from 1. `ended`: False for a last line that nothing ends. `cut`: it is longer
    than a record can be, and `text` is only its beginning.
    """

    number: int
    text: bytes = field(repr=False)
    ended: bool = True
    cut: bool = False


def read_lines(stream: BinaryIO) -> Iterator[Line]:
    """The lines that are not blank. Holds one chunk and one line at most."""
    number, rest, cut = 0, b"", False
    while chunk := stream.read(_CHUNK):
        held = b"\r" if chunk.endswith(b"\r") else b""  # its line feed may begin the next chunk
        rest += chunk.removesuffix(held)
        if number == 0:
            rest = rest.removeprefix(_BOM)
        *whole, rest = rest.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for text in whole:
            number += 1
            if text.strip() or cut:
                yield Line(number, text[:LONGEST_LINE], cut=cut or len(text) > LONGEST_LINE)
            cut = False
        if len(rest) > LONGEST_LINE:
            rest, cut = rest[:LONGEST_LINE], True
        rest += held
    last = rest.rstrip(b"\r")
    if last.strip(b" \t" + _DOS_END):
        yield Line(number + 1, last.rstrip(_DOS_END), ended=last != rest, cut=cut)
