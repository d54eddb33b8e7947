"""In: the bytes of an answer or push of Loggi; out: its packages, each with its steps, in any of the shapes seen."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from paradeiro.connectors.loggi.codes import PAGE_KEY
from paradeiro.domain.bounds import clean_text, one_line

LONGEST = 300
_LONGEST_CODE = 20
_MOST_DIGITS = 1e9
Package = dict[str, Any]


class UnreadableError(ValueError):
    """An answer that cannot be read; its text says why."""


class Step(NamedTuple):
    """One step as written. `official`, `page`: its number under `code` and `statusCode`; empty without it."""

    official: str
    page: str
    words: str
    time: object
    place: object


def packages_of(body: bytes) -> list[Package]:
    """The packages of an answer: a list of them, or one at the root. Raises `UnreadableError`."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise UnreadableError("the answer is not whole JSON") from None
    if isinstance(said, dict) and "packages" not in said and _is_package(said):
        return [said]
    found = said.get("packages") if isinstance(said, dict) else None
    if not isinstance(found, list):
        raise UnreadableError(f"no list of 'packages'; {_reason(said)}")
    if not all(isinstance(each, dict) and _is_package(each) for each in found):
        raise UnreadableError("a package without status and history")
    return found


def _is_package(said: Package) -> bool:
    return any(isinstance(said.get(name), kind) for name, kind in _MARKS)


_MARKS: tuple[tuple[str, type], ...] = (("status", dict), ("trackingHistory", list), ("history", dict))


def _reason(said: object) -> str:
    """What an answer without packages says instead."""
    if not isinstance(said, dict):
        return "it is no object"
    return text(said.get("message")) or f"it has: {clean_text(', '.join(list(said)[:8]), LONGEST) or 'nothing'}"


def steps_of(package: Package) -> list[Step]:
    """The steps of a package: its history, and its status where the history lacks it. Raises `UnreadableError`."""
    steps = [_step(each) for each in _history(package)]
    status = package.get("status")
    if isinstance(status, dict) and status:
        last = _step({"status": status, "location": package.get("location")})
        known = {(step.official, step.page, str(step.time)) for step in steps}
        if last.time is not None and (last.official, last.page, str(last.time)) not in known:
            steps.append(last)
    return steps


def _history(package: Package) -> Iterator[dict[str, Any]]:
    found = package.get("trackingHistory")
    if found is None:
        inner = package.get("history")
        found = inner.get("history") if isinstance(inner, dict) else inner
    if found is not None and not isinstance(found, list):
        raise UnreadableError("the history is no list")
    for each in found or ():
        if not isinstance(each, dict):
            raise UnreadableError("a step that is none")
        yield each


def _step(raw: dict[str, Any]) -> Step:
    """A step: its status is an object of its own, or its fields stand beside the place."""
    status = raw["status"] if isinstance(raw.get("status"), dict) else raw
    words = text(status.get("description")) or text(status.get("label"))
    # One client's model of the place misspells its key.
    place = raw.get("location", raw.get("locatiion"))
    time = status.get("updatedTime", status.get("updateTime", raw.get("updateTime")))
    return Step(_number(status.get("code")), _number(status.get(PAGE_KEY)), words, time, place)


def _number(value: object) -> str:
    """A number that arrives as one or as a text: `5`, `"5"`, `"05"` are the same."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _MOST_DIGITS:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ""
    said = clean_text(str(value), _LONGEST_CODE)
    return (said.lstrip("0") or "0") if said.isascii() and said.isdigit() else said


def text(value: object) -> str:
    """A text on one line; empty for any other type."""
    if not isinstance(value, str):
        return ""
    return one_line(value, LONGEST)
