"""In: the application, rows of a store; out: requests for every operation there is, filled with that store's values.

Routes are found by themselves, and so are their parameters and bodies: a new operation is tried without being named.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from urllib.parse import quote

from fastapi import params
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from tests.db.filled_tables import Rows
from tests.web.test_audit import walked

# What is a secret by itself: who has it may see what it leads to, so it is not what another store's caller knows.
_SECRETS, _SECRET_COLUMNS = {"token", "link"}, {"tracking_token", "mails_code"}
# Cursors are made up by us; the first page is asked for.
_LEFT_OUT = {"cursor", "after", "before", "version"}
# What must have a certain shape; a new field that must is refused until it is named here, which harms nothing.
_SHAPED = {"email": "ana@example.com", "country": "BR", "locale": "pt-BR", "state": "SP", "postal_code": "01310100"}
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request: `names` are the parameters in its path; `form`: its body is a form's."""

    route: str
    method: str
    path: str
    query: dict[str, Any]
    names: dict[str, Any]
    form: bool = False
    body: Any = None
    sent: frozenset[str] = field(default=frozenset())

    def is_number(self, name: str) -> bool:
        """Whether a parameter of its path is a row's number."""
        return isinstance(self.names[name], int)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def attempts(app: Any, rows: Rows, mark: str) -> Iterator[Attempt]:
    """A request per operation and combination of values (at most three per parameter)."""
    values = Values(rows, mark)
    for path, route in walked(app.router, ""):
        for method in sorted({*route.methods} & {*_METHODS}):
            yield from _of_route(path, route, method, values)


@dataclass(frozen=True, slots=True)
class Values:
    """The store's own values, by the names of parameters and fields."""

    rows: Rows
    mark: str

    def texts(self, name: str) -> list[str]:
        if name in _SECRETS:
            return [f"{name}-made-up"]
        like = [
            text
            for row in self.rows.values()
            for column, text in row.items()
            if isinstance(text, str)
            and self.mark in text
            and column not in _SECRET_COLUMNS
            and (name.endswith(column) or column.endswith(name))
        ]
        return list(dict.fromkeys([*like, self.rows["orders"]["number"]]))[:3]

    def of_parameter(self, name: str, annotation: Any) -> list[Any]:
        if _is_number(annotation):
            return sorted({row["id"] for row in self.rows.values() if "id" in row})[:3]
        return [*self.texts(name)]

    def of_annotation(self, name: str, annotation: Any) -> Any:
        schema = TypeAdapter(annotation).json_schema()
        return self.of_schema(schema, schema.get("$defs", {}), name)

    def of_schema(self, schema: dict[str, Any], known: dict[str, Any], name: str) -> Any:  # noqa: PLR0911 - one a kind
        """A value that a JSON schema takes, as far as it can be made without knowing what it is about."""
        match schema:
            case {"$ref": str(ref)}:
                return self.of_schema(known[ref.rpartition("/")[2]], known, name)
            case {"enum": [first, *_]} | {"const": first}:
                return first
            case {"anyOf": [first, *_]}:
                return self.of_schema(first, known, name)
            case {"type": "object", "properties": dict(fields)}:
                return {each: self.of_schema(of, known, each) for each, of in fields.items()}
            case {"type": "array", "items": dict(items)}:
                return [self.of_schema(items, known, name)]
            case {"type": "string", "format": "date-time"}:
                return "2026-11-02T12:00:00Z"
            case {"type": "string"}:
                return _SHAPED.get(name) or self.texts(name)[0]
            case {"type": "integer" | "number"}:
                return self.of_parameter(name, int)[0]
            case {"type": "boolean"}:
                return True
        return {}


def _is_number(annotation: Any) -> bool:
    return annotation is int or (getattr(annotation, "__args__", ()) or (None,))[0] is int


def _of_route(path: str, route: APIRoute, method: str, values: Values) -> Iterator[Attempt]:
    named = {
        each.alias: values.of_parameter(each.alias, each.field_info.annotation) for each in route.dependant.path_params
    }
    query = {
        each.alias: values.of_annotation(each.alias, each.field_info.annotation)
        for each in route.dependant.query_params
        if each.alias not in _LEFT_OUT
    }
    is_form = any(isinstance(each.field_info, params.Form) for each in route.dependant.body_params)
    body = None if method == "GET" else _body(route, values, is_form=is_form)
    for chosen in product(*named.values()):
        filled = path
        for name, value in zip(named, chosen, strict=True):
            filled = filled.replace(f"{{{name}}}", quote(str(value), safe=""))
        filled = re.sub(r"\{\w+\}", "any", filled)
        sent = frozenset(_texts([list(chosen), query, body]))
        yield Attempt(path, method, filled, query, dict(zip(named, chosen, strict=True)), is_form, body, sent)


def _body(route: APIRoute, values: Values, *, is_form: bool) -> Any:
    fields = route.dependant.body_params
    if is_form:
        return {each.alias: values.of_annotation(each.alias, each.field_info.annotation) for each in fields}
    if not fields:
        return {}
    return values.of_annotation(fields[0].alias, fields[0].field_info.annotation)


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from _texts([*value.values()])
        case Sequence():
            for each in value:
                yield from _texts(each)
