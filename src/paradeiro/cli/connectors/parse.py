"""In: a saved answer of a carrier; out: what its connector parses from it, JSON lines per event and tracking code."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from paradeiro.connectors import discover
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import ParsedAnswer
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import Connector
from paradeiro.sdk.parse_output import event_reading, names_of, reading, snapshot_reading


class UnknownConnectorError(LookupError):
    """A connector that does not exist, or cannot do what was asked. The text is shown to the user."""


def find_connector(name: str, among: Mapping[str, Connector] | None = None) -> Connector:
    """The connector of that name. Raises `UnknownConnectorError`, which lists the existing ones."""
    known = discover() if among is None else among
    if name not in known:
        raise UnknownConnectorError(f"there is no connector '{name}'; there are: {', '.join(sorted(known)) or 'none'}")
    return known[name]


def parse_command(
    connector_name: str,
    data: bytes,
    now: datetime,
    among: Mapping[str, Connector] | None = None,
    settings: Mapping[str, str] | None = None,
    *,
    expected: bool = False,
) -> Iterator[str]:
    """JSON lines: the events of each code, oldest first, then the code's snapshot, or its outcome with a message.
    `expected`: one text instead, as a fixture's expected file has it.

    `now` (aware) is the instant from which a delivery would lie in the future. Raises `UnknownConnectorError` at once
    for a connector that does not exist or reads no answers; nothing that `data` may hold raises.
    """
    known = discover() if among is None else among
    connector = find_connector(connector_name, known)
    if connector.parse is None and connector.parse_with is None:
        able = ", ".join(sorted(name for name, each in known.items() if each.parse or each.parse_with)) or "none"
        raise UnknownConnectorError(f"'{connector_name}' reads no tracking answers; those that do: {able}")
    parse = connector.parser_for(settings or {})
    assert parse is not None
    if expected:
        return iter([json.dumps([reading(parsed) for parsed in parse(data)], ensure_ascii=False, indent=2)])
    return iter(_lines(parse, data, now))


def understood(lines: Iterable[str]) -> bool:
    """Whether anything in an answer was understood; an answer that a code is unknown counts as understood."""
    said = [json.loads(line) for line in lines]
    answers = [each for one in said for each in (one if isinstance(one, list) else [one])]
    return any(each.get("outcome") != Outcome.MALFORMED for each in answers)


def _lines(parse: Callable[[bytes], list[ParsedAnswer]], data: bytes, now: datetime) -> list[str]:
    if not data.strip():
        return [_outcome_line("", Outcome.MALFORMED, "the answer is empty")]
    try:
        return [line for parsed in parse(data) for line in _code_lines(parsed, now)]
    except Exception as error:  # noqa: BLE001 - a support tool says what went wrong, whatever it was given to read
        return [_outcome_line("", Outcome.MALFORMED, f"the connector failed: {type(error).__name__}: {error}"[:300])]


def _code_lines(parsed: ParsedAnswer, now: datetime) -> Iterator[str]:
    if parsed.outcome is not Outcome.FOUND:
        yield _outcome_line(parsed.tracking_code, parsed.outcome, parsed.message)
        return
    names = {"tracking_code": parsed.tracking_code, **names_of(parsed)}
    timeline = fold(parsed.events, now=now, estimate=parsed.estimate)
    for event in timeline.events:
        line: dict[str, object] = {**names, **event_reading(event)}
        if event.identity in timeline.withdrawn:
            line["withdrawn"] = True
        yield _line(line)
    said = snapshot_reading(timeline.snapshot)
    if timeline.snapshot.estimate is not None:
        said["estimate"] = timeline.snapshot.estimate.isoformat()
    yield _line({**names, "snapshot": said})


def _outcome_line(tracking_code: str, outcome: Outcome, message: str) -> str:
    return _line({"tracking_code": tracking_code, "outcome": str(outcome), "message": message})


def _line(value: dict[str, object]) -> str:
    # A lone surrogate cannot be printed as UTF-8: it becomes a question mark, all else stays as it was written.
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")
