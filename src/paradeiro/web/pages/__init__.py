"""In: an operator's browser; out: the screens. One file and one template per screen."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from paradeiro.web.pages import (
    accounts,
    customer_data,
    importing,
    notices,
    order,
    orders,
    proofs,
    replies,
    sign_in,
    stating,
)
from paradeiro.web.pages.layout import plain, script, style
from paradeiro.web.pages.sign_in import one_time_link

__all__ = ["not_here", "one_time_link", "router"]

# Addresses that only take forms, and where the form stands.
_FORMS = (("/accounts/", "/accounts"), ("/notices/", "/notices"), ("/import/", "/import"), ("/sign-out", "/"))
_FOR_EVER = "public, max-age=31536000, immutable"
router = APIRouter()
router.include_router(sign_in.router)
router.include_router(orders.router)
router.include_router(stating.router)
router.include_router(customer_data.router)
router.include_router(proofs.router)
# After the addresses below an order's: a number may have a slash in it.
router.include_router(order.router)
router.include_router(replies.router)
router.include_router(importing.router)
router.include_router(notices.router)
router.include_router(accounts.router)


@router.get("/static/{name}")
async def static(request: Request, name: str) -> Response:
    """The style sheet, and the script; their addresses change with their contents, so they may be kept for ever."""
    for media_type, (address, content) in (("text/css", style()), ("text/javascript", script())):
        if address.endswith(f"/{name}"):
            return Response(content, media_type=media_type, headers={"Cache-Control": _FOR_EVER})
    return not_found(request)


def not_found(request: Request) -> Response:
    """What is shown to everybody where there is nothing, whatever it was that was looked for."""
    return plain(request, "nowhere.html", 404)


def not_here(request: Request, status: int) -> Response:
    """The same; but where a form is posted to, a browser that comes by its address is led to the form's page."""
    path = request.url.path
    led = next((page for start, page in _FORMS if path.startswith(start)), None)
    if status == 405 and request.method in {"GET", "HEAD"} and led is not None:
        return RedirectResponse(led, 303)
    return plain(request, "nowhere.html", status)
