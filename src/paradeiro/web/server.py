"""In: the means; out: the ASGI application: API, pages, the customer's page, health, and errors that say what to do."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from paradeiro.domain.bounds import clean_text, text_problem
from paradeiro.flow.errors import ConflictError, ExpiredError, InvalidError, MissingError, StatementError
from paradeiro.flow.means import Means, log
from paradeiro.web import api, health, hooks, pages, track, vtex
from paradeiro.web.api.reference import router as reference
from paradeiro.web.auth import NotAllowedError, NotSignedInError
from paradeiro.web.bounds import BodyRefusedError, Bounds
from paradeiro.web.headers import CarefulHeaders, careful
from paradeiro.web.space import FULL, refuses
from paradeiro.web.track.live import Hub
from paradeiro.web.vtex.errors import AnyNameIsJson, speaks_vtex, vtex_error

_STATUS = {InvalidError: 422, MissingError: 404, ConflictError: 409, ExpiredError: 410}
_ABOUT = """Register packages, read their timelines, state events and deliveries by hand.
Send an API key of the store as `X-API-Key` or as a bearer token."""


def create_app(means: Means | None, real_clock: Callable[[], datetime]) -> FastAPI:
    """The application. `real_clock` times sessions, also while `means` follow the simulated world's clock.

    Without `means` whoever runs it must put them into `app.state.means` before the first request.
    """
    app = FastAPI(title="Paradeiro", version="1", description=_ABOUT, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.means = means
    app.state.real_clock = real_clock
    app.state.live = Hub()
    app.include_router(api.router)
    app.include_router(reference)
    app.include_router(pages.router, include_in_schema=False)
    app.include_router(track.router, include_in_schema=False)
    app.include_router(hooks.router, include_in_schema=False)
    app.include_router(vtex.router, include_in_schema=False)
    app.include_router(health.router, include_in_schema=False)
    app.add_middleware(_Guard)
    app.add_middleware(AnyNameIsJson)
    app.add_middleware(Bounds)
    app.add_middleware(CarefulHeaders)
    _add_error_handlers(app)
    return app


class _Guard:
    """Turn away what nobody can answer: an address that is no text, something to keep while the disk is full. A plain
    ASGI middleware: what the framework's own makes of refused bodies is a 400.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = _refusal(Request(scope)) if scope["type"] == "http" else None
        await (refusal or self.app)(scope, receive, send)


def _refusal(request: Request) -> Response | None:
    if part := _odd_part(request):
        words = f"The {part} of the address has a NUL or another control character, which no text has. Take it out."
        return _error(request, 400, "bad_address", words)
    if refuses(getattr(request.app.state, "free_bytes", None), request.method, request.url.path):
        # 503 tells a party that pushes to try again later.
        return _error(request, 503 if request.url.path.startswith("/hooks/") else 507, "disk_full", FULL)
    return None


def _odd_part(request: Request) -> str:
    """The part of a program's call that has what no text has; empty if none. Pages say themselves what is not there."""
    if not _is_api(request) and not speaks_vtex(request.url.path):
        return ""
    # The path as it was sent: a URL that is put together again loses ends of lines.
    if text_problem(request.scope["path"]):
        return "path"
    odd = (name for name, value in request.query_params.multi_items() if "\x00" in f"{name}{value}")
    return next((f"parameter '{clean_text(name, 100)}'" for name in odd), "")


def _error(
    request: Request, status: int, code: str, message: str, details: dict[str, Any] | None = None
) -> JSONResponse:
    if speaks_vtex(request.url.path):
        return vtex_error(status, code, message)
    return JSONResponse({"error": {"code": code, "message": message, "details": details or {}}}, status)


def _is_api(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/openapi.json"))


def _is_page(request: Request) -> bool:
    """Whether a person looks at what is answered."""
    path = request.url.path
    return not (_is_api(request) or speaks_vtex(path) or path.startswith(("/hooks/", "/health")))


def _add_error_handlers(app: FastAPI) -> None:
    app.exception_handler(StatementError)(_on_statement)
    app.exception_handler(NotSignedInError)(_on_not_signed_in)
    app.exception_handler(NotAllowedError)(_on_not_allowed)
    app.exception_handler(RequestValidationError)(_on_invalid)
    app.exception_handler(HTTPException)(_on_http)
    app.exception_handler(Exception)(_on_fault)


async def _on_statement(request: Request, error: Exception) -> Response:
    assert isinstance(error, StatementError)
    return _error(request, _STATUS.get(type(error), 400), error.code, error.message, error.details)


async def _on_not_signed_in(request: Request, _: Exception) -> Response:
    if _is_api(request) or speaks_vtex(request.url.path):
        return _error(request, 401, "no_key", "Send an API key of the store in the header X-API-Key.")
    return RedirectResponse("/sign-in", 303)


async def _on_not_allowed(request: Request, error: Exception) -> Response:
    return _error(request, 403, "not_allowed", f"{str(error)[:1].upper()}{str(error)[1:]}. Use a key that has it.")


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    if any(problem["type"] == "json_invalid" for problem in problems):
        return _error(
            request, 400, "not_json", "The body is not JSON. Send an object, with Content-Type: application/json."
        )
    fields = {
        clean_text(".".join(str(part) for part in problem["loc"][1:]), 200) or "body": problem["msg"]
        for problem in problems
    }
    said = "; ".join(f"{name}: {message}" for name, message in fields.items())
    return _error(request, 422, "invalid", f"The request cannot be taken: {said}.", {"fields": fields})


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code in {404, 405} and _is_page(request):
        return pages.not_here(request, error.status_code)
    code = error.code if isinstance(error, BodyRefusedError) else "http"
    answer = _error(request, error.status_code, code, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


async def _on_fault(request: Request, error: Exception) -> Response:
    # The route, not the path: some addresses open a door to whoever knows them.
    route = getattr(request.scope.get("route"), "path", "no route")
    log.error("a request failed", path=route, method=request.method, exc_info=error)
    words = "Something broke on our side; it is logged. Nothing half-done was kept: try again."
    answer = _error(request, 500, "fault", words)
    careful(request, answer.headers)
    return answer
