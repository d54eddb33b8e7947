"""In: the carrier's file, of any size; out: its parts, each readable alone, in constant memory. Pure."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from paradeiro.sdk.template.file_carrier.lines import is_idle, line_of, text_of
from paradeiro.sdk.ways_in import FilePart

_MOST_LINES = 200
_LONGEST_LINE = 10_000


def split_file(stream: BinaryIO, _: Mapping[str, str]) -> Iterator[FilePart]:
    """Parts of up to 200 lines; a line that cannot be read is a part of its own, which says why."""
    ready: list[bytes] = []
    first = 1
    for number, line in _lines(stream):
        problem = _problem(line)
        if ready and (problem or len(ready) == _MOST_LINES):
            yield FilePart(b"".join(ready), first)
            ready = []
        if problem:
            yield FilePart(line, number, f"line {number}: {problem}")
            continue
        first = first if ready else number
        ready.append(line)
    if ready:
        yield FilePart(b"".join(ready), first)


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines that say something, numbered from 1. No line is read further than it may be long."""
    number = 0
    while line := stream.readline(_LONGEST_LINE):
        number += 1
        if not is_idle(text_of(line)):
            yield number, line


def _problem(line: bytes) -> str:
    try:
        line_of(text_of(line))
    except ValueError as error:
        return str(error)
    return ""
