"""In: the context; out: the ASGI application: API, screens, tracking pages, hooks, health, and error answers."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from paradeiro.domain.bounds import clean_text, text_problem
from paradeiro.flow.context import Context, log
from paradeiro.flow.errors import ConflictError, ExpiredError, InvalidError, MissingError, StatementError
from paradeiro.web import api, health, hooks, metrics, pages, track, vtex
from paradeiro.web.api.reference import router as reference
from paradeiro.web.auth import NotAllowedError, NotSignedInError
from paradeiro.web.bounds import BodyLimits, BodyRefusedError
from paradeiro.web.disk_space import FULL, refuses_writes
from paradeiro.web.headers import SecurityHeaders, add_security_headers
from paradeiro.web.track.live import LiveUpdates
from paradeiro.web.vtex.errors import AnyContentTypeIsJson, is_vtex_path, vtex_error

_STATUS = {InvalidError: 422, MissingError: 404, ConflictError: 409, ExpiredError: 410}
_ABOUT = """Register packages, read their timelines, state events and deliveries by hand.
Send an API key of the store as `X-API-Key` or as a bearer token."""


def create_app(context: Context | None, real_clock: Callable[[], datetime]) -> FastAPI:
    """The application. `real_clock` times sessions, also while `context` runs on the simulator's clock.

    Without a `context` the caller must set `app.state.context` before the first request.
    """
    app = FastAPI(title="Paradeiro", version="1", description=_ABOUT, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.context = context
    app.state.real_clock = real_clock
    app.state.live = LiveUpdates()
    app.include_router(api.router)
    app.include_router(reference)
    app.include_router(pages.router, include_in_schema=False)
    app.include_router(track.router, include_in_schema=False)
    app.include_router(hooks.router, include_in_schema=False)
    app.include_router(vtex.router, include_in_schema=False)
    app.include_router(health.router, include_in_schema=False)
    app.include_router(metrics.router, include_in_schema=False)
    app.add_middleware(_Guard)
    app.add_middleware(AnyContentTypeIsJson)
    app.add_middleware(BodyLimits)
    app.add_middleware(SecurityHeaders)
    _add_error_handlers(app)
    return app


class _Guard:
    """ASGI middleware that refuses requests with control characters in the address, and writes while the disk is full.
    Not a BaseHTTPMiddleware: that would turn the errors of refused bodies into 400.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = _refusal(Request(scope)) if scope["type"] == "http" else None
        await (refusal or self.app)(scope, receive, send)


def _refusal(request: Request) -> Response | None:
    if part := _unusable_part(request):
        words = f"The {part} of the address has a NUL or another control character, which no text has. Take it out."
        return _error_response(request, 400, "bad_address", words)
    if refuses_writes(getattr(request.app.state, "free_bytes", None), request.method, request.url.path):
        # 503 makes a party that pushes try again later.
        return _error_response(request, 503 if request.url.path.startswith("/hooks/") else 507, "disk_full", FULL)
    return None


def _unusable_part(request: Request) -> str:
    """The part of an API call's address that has control characters; empty if none. Pages answer 404 themselves."""
    if not _is_api(request) and not is_vtex_path(request.url.path):
        return ""
    # The path as it was sent: request.url drops line ends.
    if text_problem(request.scope["path"]):
        return "path"
    odd = (name for name, value in request.query_params.multi_items() if "\x00" in f"{name}{value}")
    return next((f"parameter '{clean_text(name, 100)}'" for name in odd), "")


def _error_response(
    request: Request, status: int, code: str, message: str, details: dict[str, Any] | None = None
) -> JSONResponse:
    if is_vtex_path(request.url.path):
        return vtex_error(status, code, message)
    return JSONResponse({"error": {"code": code, "message": message, "details": details or {}}}, status)


def _is_api(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/openapi.json"))


def _is_page(request: Request) -> bool:
    """Whether the answer is shown to a person."""
    path = request.url.path
    return not (_is_api(request) or is_vtex_path(path) or path.startswith(("/hooks/", "/health")))


def _add_error_handlers(app: FastAPI) -> None:
    app.exception_handler(StatementError)(_on_statement)
    app.exception_handler(NotSignedInError)(_on_not_signed_in)
    app.exception_handler(NotAllowedError)(_on_not_allowed)
    app.exception_handler(RequestValidationError)(_on_invalid)
    app.exception_handler(HTTPException)(_on_http)
    app.exception_handler(Exception)(_on_fault)


async def _on_statement(request: Request, error: Exception) -> Response:
    assert isinstance(error, StatementError)
    return _error_response(request, _STATUS.get(type(error), 400), error.code, error.message, error.details)


async def _on_not_signed_in(request: Request, _: Exception) -> Response:
    if _is_api(request) or is_vtex_path(request.url.path):
        return _error_response(request, 401, "no_key", "Send an API key of the store in the header X-API-Key.")
    return RedirectResponse("/sign-in", 303)


async def _on_not_allowed(request: Request, error: Exception) -> Response:
    if _is_page(request):
        return pages.not_allowed_page(request)
    return _error_response(
        request, 403, "not_allowed", f"{str(error)[:1].upper()}{str(error)[1:]}. Use a key that has it."
    )


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    if any(problem["type"] == "json_invalid" for problem in problems):
        return _error_response(
            request, 400, "not_json", "The body is not JSON. Send an object, with Content-Type: application/json."
        )
    fields = {
        clean_text(".".join(str(part) for part in problem["loc"][1:]), 200) or "body": problem["msg"]
        for problem in problems
    }
    problems_text = "; ".join(f"{name}: {message}" for name, message in fields.items())
    return _error_response(
        request, 422, "invalid", f"The request cannot be taken: {problems_text}.", {"fields": fields}
    )


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code in {404, 405} and _is_page(request):
        return pages.not_found_or_form(request, error.status_code)
    code = error.code if isinstance(error, BodyRefusedError) else "http"
    answer = _error_response(request, error.status_code, code, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


async def _on_fault(request: Request, error: Exception) -> Response:
    # The route, not the path: some paths are secrets (hooks, tracking links).
    route = getattr(request.scope.get("route"), "path", "no route")
    log.error("a request failed", path=route, method=request.method, exc_info=error)
    words = "Something broke on our side; it is logged. Nothing half-done was kept: try again."
    answer = _error_response(request, 500, "fault", words)
    add_security_headers(request, answer.headers)
    return answer
