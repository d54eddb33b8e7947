"""In: a request's operation and body; out: what breaks the official contract, in words; nothing if it keeps it."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator


@cache
def _validators(name: str) -> dict[str, Draft202012Validator]:
    text = (files("paradeiro.world") / "contracts" / name).read_text(encoding="utf-8")
    return {operation: Draft202012Validator(schema) for operation, schema in json.loads(text)["bodies"].items()}


def breach(contract: str, operation: str, body: Any) -> str | None:
    """What is wrong with a body by the platform's own OpenAPI file; None if nothing is."""
    error = next(_validators(contract)[operation].iter_errors(body), None)
    return f"{operation}: {error.json_path}: {error.message}" if error else None
