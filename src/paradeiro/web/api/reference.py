"""In: a request with a key; out: the API's OpenAPI document, and the same as a page without scripts."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape

from paradeiro.web.auth import AnyCaller

router = APIRouter(include_in_schema=False)
# The style is inline; no scripts, nothing from other hosts.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape(["html"]))


@router.get("/openapi.json")
async def openapi(request: Request, _: AnyCaller) -> JSONResponse:
    """The API as an OpenAPI 3.1 document."""
    return JSONResponse(request.app.openapi())


@router.get("/docs")
async def docs(request: Request, _: AnyCaller) -> HTMLResponse:
    """The same as a page."""
    document = request.app.openapi()
    page = _TEMPLATES.get_template("reference.html")
    html = page.render(document=document, operations=list(_operations(document)), shape=_type_text)
    return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY})


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"path": path, "method": method.upper(), **operation}
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def _type_text(schema: dict[str, Any] | None) -> str:
    """A schema in a few words: `string`, `ShipmentOut`, `list of EventOut`, `string or null`."""
    if not schema:
        return ""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " or ".join(_type_text(part) for part in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type_text(schema.get('items'))}"
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    form = schema.get("format")
    return f"{schema.get('type', 'any')}{f' ({form})' if form else ''}"
