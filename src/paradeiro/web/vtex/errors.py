"""In: what is wrong with a call; out: an error answer in VTEX's form."""

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

OMS = "/api/oms/pvt/orders"
SELLER = "/pvt/orders"
NETWORK = "/shipping-network"
_PREFIXES = ("/api/oms", "/pvt", NETWORK)


def is_vtex_path(path: str) -> bool:
    """Whether callers of this path expect VTEX's form of an error, also for 404."""
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in _PREFIXES)


class AnyContentTypeIsJson:
    """ASGI middleware: VTEX takes JSON with any Content-Type, or none, and trailing slashes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as application/json, without a trailing slash."""
        if scope["type"] == "http" and is_vtex_path(scope["path"]):
            other_headers = [(name, value) for name, value in scope["headers"] if name != b"content-type"]
            scope["headers"] = [*other_headers, (b"content-type", b"application/json")]
            if _has_trailing_slash(scope):
                scope.update(path=scope["path"][:-1], raw_path=scope["raw_path"][:-1])
        await self.app(scope, receive, send)


def _has_trailing_slash(scope: Scope) -> bool:
    """Whether the address of a statement ends with a slash. One that is part of a number is sent as %2F."""
    states = scope["method"] in {"POST", "PUT", "PATCH"} and "/invoice" in scope["path"]
    return states and scope["path"].endswith("/") and (scope.get("raw_path") or b"").endswith(b"/")


def vtex_error(status: int, code: str, message: str) -> JSONResponse:
    """An error in the form of VTEX's order system, which answers 400 where we have 422."""
    body = {"error": {"code": code, "message": message, "exception": None}}
    return JSONResponse(body, 400 if status == 422 else status)
