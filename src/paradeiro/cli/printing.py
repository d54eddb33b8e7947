"""In: a command's result, as words for people and as facts for programs; out: one of the two on standard output."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import typer

AsJson = Annotated[bool, typer.Option("--json", help="print it as JSON, for programs")]


@dataclass(frozen=True, slots=True)
class CommandOutput:
    """`words` for people; `facts` for programs: whatever msgspec can write as JSON."""

    words: str
    facts: Mapping[str, Any] | Sequence[Any]


def show(found: CommandOutput, *, as_json: bool) -> None:
    """Print it, as UTF-8 bytes, so that no terminal encoding causes a traceback."""
    said = as_text(found.facts) if as_json else found.words
    sys.stdout.buffer.write(said.encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()


def as_text(facts: object) -> str:
    """JSON with two spaces, names in the order in which they were given, letters as they are."""
    return json.dumps(msgspec.to_builtins(facts, enc_hook=str), ensure_ascii=False, indent=2)


def former(word: str, today: str) -> None:
    """Warn, on standard error, that a command or option has a new name; this version still takes the former one."""
    typer.echo(f"{word} is now {today}; version 0.3 will not know {word}.", err=True)
