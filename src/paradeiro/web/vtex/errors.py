"""In: what is wrong with a call; out: the same in the form in which VTEX says it."""

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

OMS = "/api/oms/pvt/orders"
SELLER = "/pvt/orders"
NETWORK = "/shipping-network"
_DOORS = ("/api/oms", "/pvt", NETWORK)


def speaks_vtex(path: str) -> bool:
    """Whether who calls this path expects VTEX's form of an error, also where there is nothing."""
    return any(path == door or path.startswith(f"{door}/") for door in _DOORS)


class AnyNameIsJson:
    """ASGI middleware: VTEX's callers send JSON under any name, or none, and a slash behind it all; VTEX takes it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through."""
        if scope["type"] == "http" and speaks_vtex(scope["path"]):
            others = [(name, value) for name, value in scope["headers"] if name != b"content-type"]
            scope["headers"] = [*others, (b"content-type", b"application/json")]
            if _ends_in_vain(scope):
                scope.update(path=scope["path"][:-1], raw_path=scope["raw_path"][:-1])
        await self.app(scope, receive, send)


def _ends_in_vain(scope: Scope) -> bool:
    """Whether a statement's address has a slash behind it. One that is part of a number comes as %2F."""
    states = scope["method"] in {"POST", "PUT", "PATCH"} and "/invoice" in scope["path"]
    return states and scope["path"].endswith("/") and (scope.get("raw_path") or b"").endswith(b"/")


def vtex_error(status: int, code: str, message: str) -> JSONResponse:
    """An error as VTEX's order system words it. What we call unprocessable, it calls a bad request."""
    body = {"error": {"code": code, "message": message, "exception": None}}
    return JSONResponse(body, 400 if status == 422 else status)
