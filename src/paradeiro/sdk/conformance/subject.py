"""In: a connector and its folder; out: everything that the rules examine, read once."""

import inspect
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome, PartyKind
from paradeiro.sdk.contract import AccountRef, Connector

EXPECTED = ".expected.json"
# Replaces a secret while rules run; it must never appear anywhere.
CANARY = "canary-Zx81-secret"


class PromiseBrokenError(Exception):
    """A rule is broken before it could be examined further; the message is the finding."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """A saved answer: raw bytes, and the expected reading (None if there is no expected file)."""

    name: str
    file: str
    data: bytes
    expected: str | None = None

    def document(self) -> object | None:
        """The answer as JSON, None if it is not JSON."""
        try:
            found_fixtures: object = json.loads(self.data)
        except (ValueError, RecursionError):
            return None
        return found_fixtures


@dataclass(frozen=True, slots=True)
class Subject:
    """A connector with the contents of its folder."""

    connector: Connector
    folder: Path
    fixtures: tuple[Fixture, ...]

    def parse(self, data: bytes) -> list[ParsedAnswer]:
        """The connector's parsed answers. Raises `PromiseBrokenError`, with the cause, for anything else."""
        parse = self.connector.parser_for(account_of(self.connector).settings)
        assert parse is not None
        try:
            given = parse(data)
        except Exception as error:
            raise PromiseBrokenError(f"parse raised {type(error).__name__}: {str(error)[:120]}") from error
        problem = shape_problem(given)
        if problem:
            raise PromiseBrokenError(problem)
        return given

    def found_fixtures(self) -> Iterator[tuple[Fixture, list[ParsedAnswer]]]:
        """The fixtures in which the carrier knows at least one code and lists at least one event."""
        for fixture in self.fixtures:
            parsed = self.parse(fixture.data)
            if any(p.outcome is Outcome.FOUND and p.events for p in parsed):
                yield fixture, parsed


def shape_problem(given: object) -> str:
    """What is wrong with the type of a `parse` result; empty if nothing is."""
    if not isinstance(given, list) or not given:
        return f"parse gave {given!r:.40}: an answer is never nothing, it has an outcome"
    for parsed in given:
        if not isinstance(parsed, ParsedAnswer) or not isinstance(parsed.outcome, Outcome):
            return f"parse gave {parsed!r:.40} instead of a Parsed"
        if parsed.events and parsed.outcome is not Outcome.FOUND:
            return f"outcome {parsed.outcome} with events: only FOUND has events"
        naive = [e.code for e in parsed.events if e.occurred_at.utcoffset() is None]
        if naive:
            return f"events {naive[:3]} have an instant without offset"
    return ""


def events_of(parsed: Sequence[ParsedAnswer]) -> dict[str, tuple[TrackingEvent, ...]]:
    """The events by what names the shipment: the tracking code, else its identifiers; each shipment of a number."""
    found_fixtures: dict[str, tuple[TrackingEvent, ...]] = {}
    for each in parsed:
        name = each.tracking_code or " ".join(identifier.text for identifier in each.identifiers)
        name = f"{name} {each.shipment}".strip()
        found_fixtures[name] = (*found_fixtures.get(name, ()), *each.events)
    return found_fixtures


def folder_of(connector: Connector) -> Path:
    """The folder that a connector's code lives in."""
    return Path(inspect.getfile(connector.open)).parent


def subject_of(connector: Connector, folder: Path | None = None) -> Subject:
    """A connector with its folder's contents. Files in sub-folders of fixtures/ are left to the connector."""
    home = folder or folder_of(connector)
    fixtures = []
    for path in sorted((home / "fixtures").glob("*")):
        if not path.is_file() or path.name.endswith(EXPECTED):
            continue
        name = path.name.split(".", 1)[0]
        expected = path.with_name(name + EXPECTED)
        text = expected.read_text(encoding="utf-8") if expected.is_file() else None
        fixtures.append(Fixture(name, path.name, path.read_bytes(), text))
    return Subject(connector, home, tuple(fixtures))


def account_of(connector: Connector, address: str = "http://127.0.0.1:9") -> AccountRef:
    """An account with every field filled: addresses with `address`, secrets with the canary."""
    settings = {}
    for field in connector.account_fields:
        if field.example:
            settings[field.name] = field.example
        elif "url" in field.name:
            settings[field.name] = address
        elif "port" in field.name:
            settings[field.name] = "9"
        elif "host" in field.name:
            settings[field.name] = "127.0.0.1"
        elif "from" in field.name or "mail" in field.name or "address" in field.name:
            settings[field.name] = "shop@example.com"
        else:
            settings[field.name] = CANARY if field.secret else "1234567890"
    return AccountRef(1, 1, connector.name, "conformance", settings)


def is_carrier(connector: Connector) -> bool:
    """Whether the connector looks up tracking codes."""
    return PartyKind.CARRIER in connector.kinds
