"""In: what a command found, as words for people and as facts for programs; out: one of the two on standard output."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import typer

AsJson = Annotated[bool, typer.Option("--json", help="print it as JSON, for programs")]


@dataclass(frozen=True, slots=True)
class Found:
    """`words` for people; `facts` for programs: whatever msgspec can write as JSON."""

    words: str
    facts: Mapping[str, Any] | Sequence[Any]


def show(found: Found, *, as_json: bool) -> None:
    """Print it. As bytes: whatever the terminal's encoding is, it must not end in a traceback."""
    said = as_text(found.facts) if as_json else found.words
    sys.stdout.buffer.write(said.encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()


def as_text(facts: object) -> str:
    """JSON with two spaces, names in the order in which they were given, letters as they are."""
    return json.dumps(msgspec.to_builtins(facts, enc_hook=str), ensure_ascii=False, indent=2)
