"""In: a request's operation and body; out: what breaks the official contract, in words; nothing if it keeps it."""

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator, ValidationError


@cache
def _validators(name: str, part: str) -> dict[str, Draft202012Validator]:
    return {operation: Draft202012Validator(schema) for operation, schema in contract_of(name)[part].items()}


@cache
def contract_of(name: str) -> dict[str, Any]:
    """What the platform's file says: `bodies` and `answers` by operation, `query` and `needed` parameters."""
    read: dict[str, Any] = json.loads((files("paradeiro.world") / "contracts" / name).read_text(encoding="utf-8"))
    return read


def violations(contract: str, operation: str, body: Any, part: str = "bodies") -> Iterable[ValidationError]:
    """Everything that is wrong with a body by the platform's own file."""
    return _validators(contract, part)[operation].iter_errors(body)


def breach(contract: str, operation: str, body: Any, part: str = "bodies") -> str | None:
    """What is wrong with a body (or with one of the `answers`) by the platform's own OpenAPI file; None if nothing."""
    error = next(iter(violations(contract, operation, body, part)), None)
    return f"{operation}: {error.json_path}: {error.message}" if error else None
