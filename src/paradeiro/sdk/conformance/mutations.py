"""In: a JSON document; out: the document corrupted in one place, in each way that was seen in production."""

import copy
import json
from collections.abc import Iterator, Sequence

Path = tuple[str | int, ...]

# Values seen where a text, a number, a list or an object was expected (facts/correios, section 6, rows 12 to 32).
UNEXPECTED_VALUES: tuple[object, ...] = (
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

# Bodies that are not answers.
GARBAGE: dict[str, bytes] = {
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
# These must never be parsed as an answer.
NO_ANSWER = frozenset(
    {"empty", "blank", "deep", "deep object", "latin-1", "utf-16", "binary", "html", "html in blanks"}
)


def walk_values(document: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Every path below the root with its value."""
    below: Sequence[tuple[str | int, object]] = ()
    if isinstance(document, dict):
        below = list(document.items())
    elif isinstance(document, list):
        below = list(enumerate(document))
    for step, value in below:
        yield (*path, step), value
        yield from walk_values(value, (*path, step))


def with_value(document: object, path: Path, value: object) -> bytes:
    """The document as JSON with `value` at `path`."""
    twin = copy.deepcopy(document)
    holder: object = twin
    for step in path[:-1]:
        holder = holder[step]  # type: ignore[index] # the path comes from walking this document
    holder[path[-1]] = value  # type: ignore[index] # for the same reason
    return json.dumps(twin, ensure_ascii=False).encode("utf-8", "surrogatepass")


def corrupted_answers(document: object) -> Iterator[tuple[Path, object, bytes]]:
    """The document with one unexpected value at one path; at most a few thousand combinations, evenly chosen."""
    choices = [(path, odd) for path, was in walk_values(document) for odd in UNEXPECTED_VALUES if odd != was]
    for path, odd in choices[:: len(choices) // _MOST + 1]:
        yield path, odd, with_value(document, path, odd)


def lists_of_objects(document: object) -> Iterator[tuple[Path, list[object]]]:
    """The lists of two or more objects in a document: where events are listed."""
    for path, value in walk_values(document):
        if isinstance(value, list) and len(value) > 1 and all(isinstance(v, dict) for v in value):
            yield path, value


def reorderings(document: object) -> Iterator[bytes]:
    """The document with one of its lists reversed or rotated."""
    for path, value in lists_of_objects(document):
        half = len(value) // 2
        yield with_value(document, path, value[::-1])
        yield with_value(document, path, [*value[half:], *value[:half]])


def shortenings(document: object) -> Iterator[bytes]:
    """The document with one of its lists cut to a half, or to its first or last member."""
    for path, value in lists_of_objects(document):
        for part in (value[::2], value[:1], value[-1:]):
            yield with_value(document, path, part)


def truncations(data: bytes) -> Iterator[bytes]:
    """Prefixes of the data: every one for short data; for long data all at both ends and evenly chosen ones between."""
    edge = _MOST // 4
    length = len(data.rstrip())
    step = max((length - 2 * edge) // (2 * edge), 1)
    yield from (data[:end] for end in range(length) if end < edge or end >= length - edge or end % step == 0)
