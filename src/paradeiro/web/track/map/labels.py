"""In: names and their points; out: label positions inside the picture without overlaps; names that do not fit: none."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

SIZE = 13.0  # of the letters, as style.css has it (.map text)
_LETTER, _WIDE, _NARROW = (
    0.58,
    0.9,
    0.33,
)  # widths as shares of SIZE: an average letter, a wide one, a narrow one; rather too wide
_BOLD, _INITIALS = 1.08, 9.0
_AWAY, _EDGE = 11.0, 4.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in picture coordinates, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def contains(self, other: "Box") -> bool:
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def overlaps(self, other: "Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class Text:
    """A name, its point, and its CSS class (`kind`)."""

    words: str
    at: tuple[float, float]
    kind: str


@dataclass(frozen=True, slots=True)
class Label:
    """A placed name. `x`, `y`: start, middle or end of its base line (`anchor`)."""

    words: str
    kind: str
    x: float
    y: float
    anchor: str
    box: Box


def place_labels(texts: Sequence[Text], points: Sequence[tuple[float, float]], picture: Box) -> list[Label]:
    """Place the texts in order of priority. One that fits nowhere is left out: the page's text names it anyway."""
    inner = Box(picture.left + _EDGE, picture.top + _EDGE, picture.right - _EDGE, picture.bottom - _EDGE)
    done: list[Label] = []
    for text in texts:
        fitting = [
            label
            for label in _positions(text)
            if inner.contains(label.box) and not any(label.box.overlaps(other.box) for other in done)
        ]
        if fitting:
            done.append(min(fitting, key=lambda label: coverage(label.box, points)))
    return done


def width(words: str) -> float:
    """The estimated width of a text, rather too wide."""
    return SIZE * sum(_WIDE if c in "mwMWÀÁÂÃQO@—…" else _NARROW if c in "iIjl.,'’ ()" else _LETTER for c in words)


def _positions(text: Text) -> list[Label]:
    """The possible positions by preference: beside the point, above, below, at the corners."""
    x, y = text.at
    half, near = SIZE * 0.35, _AWAY * 0.75
    return [
        _label(text, x + _AWAY, y + half, "start"),
        _label(text, x - _AWAY, y + half, "end"),
        _label(text, x, y - _AWAY - 1, "middle"),
        _label(text, x, y + _AWAY + SIZE * 0.8, "middle"),
        _label(text, x + near, y - near, "start"),
        _label(text, x + near, y + near + half, "start"),
        _label(text, x - near, y - near, "end"),
        _label(text, x - near, y + near + half, "end"),
    ]


def _label(text: Text, x: float, y: float, anchor: str) -> Label:
    wide = width(text.words) * (_BOLD if text.kind == "here" else 1)
    left = {"start": x, "middle": x - wide / 2, "end": x - wide}[anchor]
    return Label(text.words, text.kind, x, y, anchor, Box(left, y - SIZE * 0.85, left + wide, y + SIZE * 0.25))


def place_initials(
    initials: Sequence[tuple[str, tuple[float, float]]],
    labels: Sequence[Label],
    points: Sequence[tuple[float, float]],
    picture: Box,
) -> list[tuple[str, tuple[float, float]]]:
    """The initials, centred on their points, that are inside the picture and overlap nothing."""
    done: list[tuple[str, tuple[float, float]]] = []
    taken = [label.box for label in labels]
    for words, (x, y) in initials:
        box = Box(x - _INITIALS, y - _INITIALS, x + _INITIALS, y + _INITIALS)
        if picture.contains(box) and not coverage(box, points) and not any(box.overlaps(other) for other in taken):
            taken.append(box)
            done.append((words, (x, y)))
    return done


def coverage(box: Box, points: Sequence[tuple[float, float]]) -> int:
    """How much of the route a label would cover: 3 per point, 1 per sampled step of a line."""
    padded = Box(box.left - 4, box.top - 4, box.right + 4, box.bottom + 4)
    marks = sum(3 for x, y in points if padded.overlaps(Box(x, y, x, y)))
    steps = (
        (ax + (bx - ax) * i / 24, ay + (by - ay) * i / 24)
        for (ax, ay), (bx, by) in pairwise(points)
        for i in range(1, 24)
    )
    return marks + sum(1 for x, y in steps if padded.overlaps(Box(x, y, x, y)))
