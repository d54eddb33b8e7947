"""In: the lines of an OCOREN file; out: each event with its header and the records that belong to it, or what is wrong.

A record out of its order is wrong: an event without a carrier before it, a document without its interchange. So is one
that is cut off. What follows is read as soon as the order is right again. Pure.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from paradeiro.connectors.ocoren.layout import (
    LAYOUTS,
    EventRecord,
    Layout,
    RecordError,
    counted_events,
    is_partial,
    read_event,
    text_of,
)
from paradeiro.connectors.ocoren.lines import Line, read_lines

INTERCHANGE = "000"
_HEADER = 3  # 000, 340, 341
# Records that may belong to one event: several texts, items, redeliveries.
_MOST_ATTACHED = 500
# A counter of four digits begins again.
_COUNTER = 10_000


@dataclass(slots=True)
class Group:
    """An event: its line, and those that belong to it. `problem`: why it cannot be read; then `event` is None.
    `header`: the lines of interchange, document and carrier that it stands under.
    """

    line: int
    lines: list[bytes] = field(repr=False)
    header: tuple[bytes, ...] = field(default=(), repr=False)
    event: EventRecord | None = None
    partial: bool = False
    problem: str = ""

    def spoil(self, problem: str) -> None:
        """Make it one that cannot be read; the first reason stays."""
        self.event, self.problem = None, self.problem or problem


@dataclass(slots=True)
class _Reader:
    header: list[bytes] = field(default_factory=list)
    layout: Layout | None = None
    group: Group | None = None
    in_file: int = 0
    in_document: int = 0
    shortest: dict[str, int] = field(default_factory=dict)

    def read(self, lines: Iterable[Line]) -> Iterator[Group]:
        is_empty = True
        for line in lines:
            is_empty = False
            try:
                yield from self._take(line)
            except RecordError as error:
                if self.group is not None and self.layout is not None and self.layout.volumes:
                    # The line may have said that only a part was delivered.
                    self.group.spoil(f"line {line.number}, after it, cannot be read: {error}")
                yield from self._finish()
                yield Group(line.number, [line.text], tuple(self.header), problem=str(error))
        yield from self._finish()
        if is_empty:
            yield Group(1, [], problem="the file is empty")

    def _take(self, line: Line) -> Iterator[Group]:
        if line.cut:
            message = "it is longer than any record"
            raise RecordError(message)
        text = text_of(line.text)
        kind = text[:3]
        if kind == INTERCHANGE:
            yield from self._finish()
            self.header, self.layout, self.in_file = [line.text], None, 0
            return
        layout = next((each for each in LAYOUTS if kind[:1] == each.event[:1]), None)
        if layout is None:
            message = f"{kind!r} is no record of OCOREN 3.0, 3.1 or 5.0"
            raise RecordError(message)
        if kind in {layout.document, layout.carrier}:
            yield from self._finish()
            self._head(kind, line.text, layout)
            return
        if kind not in {layout.event, layout.total, *layout.attached}:
            message = f"{kind!r} is no record of OCOREN {layout.version}"
            raise RecordError(message)
        if layout is not self.layout or len(self.header) < _HEADER:
            message = f"record {kind} stands before the records {layout.document} and {layout.carrier}"
            raise RecordError(message)
        if kind == layout.event:
            yield from self._finish()
            self._begin(line, text, layout)
        elif kind in layout.attached:
            self._attach(line, text, layout)
        else:
            yield from self._finish()
            self._compare(text)

    def _head(self, kind: str, text: bytes, layout: Layout) -> None:
        """A document's beginning, or its carrier."""
        below = 1 if kind == layout.document else 2
        right = len(self.header) >= below and (below == 1 or self.layout is layout)
        self.header = self.header[:below] if right else self.header[:1]
        if not right:
            message = f"record {kind} stands before {INTERCHANGE if below == 1 else layout.document}"
            raise RecordError(message)
        self.header.append(text)
        self.layout = layout
        if below == 1:
            self.in_document = 0

    def _begin(self, line: Line, text: str, layout: Layout) -> None:
        self.in_file += 1
        self.in_document += 1
        least = self.shortest.get(layout.event, layout.observation[1])
        if not line.ended and len(line.text) < least:
            message = f"the file ends within this record {layout.event}, in column {len(line.text)}"
            raise RecordError(message)
        self.shortest[layout.event] = min(len(line.text), self.shortest.get(layout.event, len(line.text)))
        self.group = Group(line.number, [line.text], tuple(self.header))
        try:
            self.group.event = read_event(text, layout)
        except RecordError as error:
            self.group.spoil(str(error))

    def _attach(self, line: Line, text: str, layout: Layout) -> None:
        """A record that belongs to the event before it."""
        group = self.group
        if group is None:
            message = f"record {text[:3]} stands before any {layout.event}"
            raise RecordError(message)
        if len(group.lines) > _MOST_ATTACHED:
            message = f"more than {_MOST_ATTACHED} records belong to one event"
            raise RecordError(message)
        if text[:3] == layout.volumes:
            if not line.ended and len(text) < len("544") + 16:
                message = "the file ends within this record 544"
                raise RecordError(message)
            group.partial = is_partial(text) or group.partial
        group.lines.append(line.text)

    def _finish(self) -> Iterator[Group]:
        if self.group is not None:
            yield self.group
        self.group = None

    def _compare(self, text: str) -> None:
        """Whether as many events came as the file counts."""
        total = counted_events(text)
        if total is not None and total not in {self.in_file % _COUNTER, self.in_document % _COUNTER}:
            message = f"the file counts {total} events, but has {self.in_file}: some are missing, or came twice"
            raise RecordError(message)


def read_groups(stream: BinaryIO) -> Iterator[Group]:
    """The events of a file, in its order, and what cannot be read between them. Holds one event at a time."""
    return _Reader().read(read_lines(stream))
