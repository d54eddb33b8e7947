"""In: a request's operation and body; out: how it violates the official contract, in words; None if it does not."""

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
    """The platform's contract file: `bodies` and `answers` by operation, `query` and `needed` parameters."""
    read: dict[str, Any] = json.loads((files("paradeiro.simulator") / "contracts" / name).read_text(encoding="utf-8"))
    return read


def violations(contract: str, operation: str, body: Any, part: str = "bodies") -> Iterable[ValidationError]:
    """Every violation of the platform's own file in a body."""
    return _validators(contract, part)[operation].iter_errors(body)


def breach(contract: str, operation: str, body: Any, part: str = "bodies") -> str | None:
    """The first violation in a body (or in one of the `answers`) of the platform's OpenAPI file; None if there
    is none.
    """
    error = next(iter(violations(contract, operation, body, part)), None)
    return f"{operation}: {error.json_path}: {error.message}" if error else None
