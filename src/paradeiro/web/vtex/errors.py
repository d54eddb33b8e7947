"""In: what is wrong with a call; out: the same in the form in which VTEX says it."""

from fastapi.responses import JSONResponse

OMS = "/api/oms/pvt/orders"
SELLER = "/pvt/orders"
NETWORK = "/shipping-network"
_DOORS = (OMS, SELLER, NETWORK)


def speaks_vtex(path: str) -> bool:
    """Whether who calls this path expects VTEX's form of an error."""
    return path.startswith(_DOORS)


def vtex_error(status: int, code: str, message: str) -> JSONResponse:
    """An error as VTEX's order system words it. What we call unprocessable, it calls a bad request."""
    body = {"error": {"code": code, "message": message, "exception": None}}
    return JSONResponse(body, 400 if status == 422 else status)
