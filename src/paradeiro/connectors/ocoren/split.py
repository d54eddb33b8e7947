"""In: an OCOREN file of any size; out: its parts, each readable alone, in constant memory. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from paradeiro.connectors.ocoren.groups import Group, read_groups
from paradeiro.sdk.ways_in import FilePart

MOST_EVENTS = 200
_MOST_LINES = 1000
_END = b"\r\n"
# Of lines that cannot be read and follow each other, how many are kept for a person to look at.
_MOST_KEPT = 20
# Of places that cannot be read in one file, how many are told one by one.
_MOST_TOLD = 100


@dataclass(slots=True)
class _Unreadable:
    """Lines that cannot be read and follow each other: the first ones, and how many."""

    line: int = 0
    count: int = 0
    problem: str = ""
    lines: list[bytes] = field(default_factory=list)

    def add(self, group: Group) -> None:
        self.line, self.problem = self.line or group.line, self.problem or group.problem
        self.count += 1
        self.lines += group.lines[: _MOST_KEPT - len(self.lines)]

    def part(self) -> FilePart:
        more = f" ({self.count - 1} more after it)" if self.count > 1 else ""
        return FilePart(_END.join(self.lines), self.line, f"line {self.line}: {self.problem}{more}")


@dataclass(slots=True)
class _Ready:
    """The events of the part that is being made: the header that they stand under, and their lines."""

    line: int = 0
    events: int = 0
    header: tuple[bytes, ...] = ()
    lines: list[bytes] = field(default_factory=list)

    def has_no_room(self, group: Group) -> bool:
        """Whether the event begins another part: its header is another, or there are enough."""
        full = self.events >= MOST_EVENTS or len(self.lines) >= _MOST_LINES
        return self.events > 0 and (full or group.header != self.header)

    def add(self, group: Group) -> None:
        self.line, self.header = self.line or group.line, group.header
        self.events += 1
        self.lines += group.lines

    def flush(self) -> Iterator[FilePart]:
        if self.events:
            yield FilePart(_END.join([*self.header, *self.lines, b""]), self.line)


def split_file(stream: BinaryIO, _: Mapping[str, str]) -> Iterator[FilePart]:
    """The parts of a file: up to some 200 events of one carrier with the header lines in front, or what cannot be read.
    A file of headers alone has none: carriers send one on a day without news.
    """
    told = 0
    left = _Unreadable()
    for part in _parts(stream):
        if isinstance(part, FilePart):
            yield part
        elif told < _MOST_TOLD:
            told += 1
            yield part.part()
        else:
            left.line, left.problem = left.line or part.line, left.problem or part.problem
            left.count += part.count
            left.lines = left.lines or part.lines
    if left.count:
        yield left.part()


def _parts(stream: BinaryIO) -> Iterator[FilePart | _Unreadable]:
    """The parts in the file's order."""
    ready, wrong = _Ready(), _Unreadable()
    for group in read_groups(stream):
        if group.problem:
            wrong.add(group)
            continue
        if wrong.count:
            yield from ready.flush()
            yield wrong
            ready, wrong = _Ready(), _Unreadable()
        if ready.has_no_room(group):
            yield from ready.flush()
            ready = _Ready()
        ready.add(group)
    yield from ready.flush()
    if wrong.count:
        yield wrong
