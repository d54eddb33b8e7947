"""In: a JSON document; out: the same document spoilt in one place, in every way that the outside has been seen to."""

import copy
import json
from collections.abc import Iterator, Sequence

Path = tuple[str | int, ...]

# What stood where a text, a number, a list or an object was expected (facts/correios, section 6, rows 12 to 32).
ODDITIES: tuple[object, ...] = (
    None,
    "",
    "\u200f\x00é",
    0,
    -1,
    1e300,
    True,
    [],
    {},
    [None],
    {"": None},
    "2026-13-45T99:99",
)
_MOST = 4000

# Whole answers that are none.
RUBBISH: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \r\n ",
    "null": b"null",
    "true": b"true",
    "number": b"17",
    "huge number": b"9" * 5000,
    "not a number": b"NaN",
    "text": b'"ok"',
    "list": b"[]",
    "list of nulls": b"[null, null]",
    "object": b"{}",
    "deep": b"[" * 200_000,
    "deep object": b'{"a":' * 100_000,
    "lone surrogate": b'{"a": "\\ud800"}',
    "latin-1": '{"mensagem": "não"}'.encode("latin-1"),
    "utf-16": '{"mensagem": "não"}'.encode("utf-16"),
    "binary": bytes(range(256)),
    "html": b"<!DOCTYPE html><html><head><title>502 Proxy Error</title></head><body><h1>Proxy Error</h1></body></html>",
    "html in blanks": b"\r\n\r\n<html><body>302 Found</body></html>",
    "xml": b'<?xml version="1.0"?><Envelope><Fault>java.lang.NullPointerException</Fault></Envelope>',
}
# Of these, a reader must never make an answer.
NO_ANSWER = frozenset(
    {"empty", "blank", "deep", "deep object", "latin-1", "utf-16", "binary", "html", "html in blanks"}
)


def places(document: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Every place below the root, with what stands there."""
    below: Sequence[tuple[str | int, object]] = ()
    if isinstance(document, dict):
        below = list(document.items())
    elif isinstance(document, list):
        below = list(enumerate(document))
    for step, value in below:
        yield (*path, step), value
        yield from places(value, (*path, step))


def replaced(document: object, path: Path, value: object) -> bytes:
    """The document as JSON with `value` at `path`."""
    twin = copy.deepcopy(document)
    holder: object = twin
    for step in path[:-1]:
        holder = holder[step]  # type: ignore[index] # the path was made by walking this very document
    holder[path[-1]] = value  # type: ignore[index] # for the same reason
    return json.dumps(twin, ensure_ascii=False).encode("utf-8", "surrogatepass")


def spoilt(document: object) -> Iterator[tuple[Path, object, bytes]]:
    """The document with one oddity at one place, for every place and oddity up to a few thousand, evenly chosen."""
    choices = [(path, odd) for path, was in places(document) for odd in ODDITIES if odd != was]
    for path, odd in choices[:: len(choices) // _MOST + 1]:
        yield path, odd, replaced(document, path, odd)


def lists_of_objects(document: object) -> Iterator[tuple[Path, list[object]]]:
    """Where a document lists objects, two or more: the places in which events stand."""
    for path, value in places(document):
        if isinstance(value, list) and len(value) > 1 and all(isinstance(v, dict) for v in value):
            yield path, value


def reordered(document: object) -> Iterator[bytes]:
    """The document with one of its lists turned round, or begun in the middle."""
    for path, value in lists_of_objects(document):
        half = len(value) // 2
        yield replaced(document, path, value[::-1])
        yield replaced(document, path, [*value[half:], *value[:half]])


def shortened(document: object) -> Iterator[bytes]:
    """The document with one of its lists cut to a half, or to its first or last member."""
    for path, value in lists_of_objects(document):
        for part in (value[::2], value[:1], value[-1:]):
            yield replaced(document, path, part)


def cuts(data: bytes) -> Iterator[bytes]:
    """Every beginning of the data; of a long one every byte at both ends and evenly chosen ones between."""
    edge = _MOST // 4
    length = len(data.rstrip())
    step = max((length - 2 * edge) // (2 * edge), 1)
    yield from (data[:end] for end in range(length) if end < edge or end >= length - edge or end % step == 0)
