"""In: a raw answer; out: its fields with their types; its text with everything that may be personal masked."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from paradeiro.domain.following.contract_drift import Expected, Shape

_TYPES = frozenset({"text", "number", "flag", "list", "object"})
_DEEPEST = 12
_WIDEST = 400
_LONGEST = 1500
_HIDDEN = "…"
_TAGS = re.compile(rb"(?s)<(script|style)\b.*?</\1>|<[^>]{0,2000}>")
# Long runs of letters and digits in prose may be keys, tokens, documents.
_OPAQUE = re.compile(r"[A-Za-z0-9+/_=.-]{18,}|\d{6,}|[^\s@]+@[^\s@]+")


def read_fields(text: str) -> dict[str, Expected]:
    """A connector's `fields.csv`: path, types (`text|number`), always (yes or empty), shown (yes or empty), note.

    A path names an object's fields by dots and lists by `[]`: `eventos[].unidade.nome`, `[].nome` in a list. Raises
    ValueError for a row that names no type.
    """
    fields: dict[str, Expected] = {}
    for row in csv.DictReader(io.StringIO(text)):
        types = frozenset(row["types"].split("|"))
        if not types <= _TYPES:
            known = ", ".join(sorted(_TYPES))
            raise ValueError(
                f"fields.csv: '{row['path']}' has the types '{row['types']}'; there are {known} (null is none)"
            )
        fields[row["path"]] = Expected(types, row["always"] == "yes", row["shown"] == "yes")
    return fields


def answer_shape(body: bytes) -> Shape | None:
    """The fields of a JSON object or list, by path, each with its types; None for anything else, and for an empty list.
    The items of a list are `[]`, their fields `[].name`.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict | list) or told == []:
        return None
    found: dict[str, set[str]] = {}
    for path, kind in _walk(told, "", 0):
        found.setdefault(path, set()).add(kind)
    return {path: frozenset(kinds) for path, kinds in found.items()}


def _walk(value: object, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if path:
        yield path, _kind(value)
    if depth >= _DEEPEST:
        return
    if isinstance(value, dict):
        for name, each in list(value.items())[:_WIDEST]:
            yield from _walk(each, f"{path}.{name[:80]}" if path else name[:80], depth + 1)
    elif isinstance(value, list):
        for each in value[:_WIDEST]:
            yield from _walk(each, f"{path}[]", depth + 1)


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "flag"
        case str():
            return "text"
        case int() | float():
            return "number"
        case list():
            return "list"
        case _:
            return "object"


def mask_answer(body: bytes, fields: Mapping[str, Expected]) -> str:
    """The answer for display: all field names, and values only of fields declared harmless (`shown`)."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return _mask_prose(body)
    return json.dumps(_mask(told, "", fields, 0), ensure_ascii=False, indent=1)[:_LONGEST]


def _mask(value: object, path: str, fields: Mapping[str, Expected], depth: int) -> Any:
    if depth >= _DEEPEST:
        return _HIDDEN
    if isinstance(value, dict):
        return {
            name[:80]: _mask(each, f"{path}.{name}" if path else name, fields, depth + 1)
            for name, each in list(value.items())[:_WIDEST]
        }
    if isinstance(value, list):
        return [_mask(each, f"{path}[]", fields, depth + 1) for each in value[:2]] + ([_HIDDEN] if value[2:] else [])
    if value is None or isinstance(value, bool):
        return value
    return value if _is_harmless(path, fields) else _HIDDEN


def _is_harmless(path: str, fields: Mapping[str, Expected]) -> bool:
    """Whether a field is declared `shown`; matched by its last name too, since a batch answer or a renamed list changes
    the path.
    """
    known = fields.get(path)
    if known is not None:
        return known.shown
    tail = path.rpartition(".")[2]
    alike = [each.shown for name, each in fields.items() if name.rpartition(".")[2] == tail]
    return bool(alike) and all(alike)


def _mask_prose(body: bytes) -> str:
    """A web page or a truncated answer: its text without what looks like a key, a document or an address."""
    text = _TAGS.sub(b" ", body[:20_000]).decode("utf-8", "replace")
    return " ".join(_OPAQUE.sub(_HIDDEN, text).split())[:300]
