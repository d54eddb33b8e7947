"""In: an operator's browser; out: the screens. One file and one template per screen."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from paradeiro.web.pages import (
    customer_data,
    notices,
    order,
    orders,
    proofs,
    replies,
    statements,
    table_import,
)
from paradeiro.web.pages.accounts import accounts, codes, couriers, files
from paradeiro.web.pages.layout import public_page, static_file
from paradeiro.web.pages.people import audit, keys, openid, passkeys, people, profile, sign_in

# Prefixes of addresses that only take forms, and the page with the form.
_FORMS = (
    ("/accounts/", "/accounts"),
    ("/notices/", "/notices"),
    ("/couriers/", "/couriers"),
    ("/codes/", "/codes"),
    ("/import/", "/import"),
    ("/people/", "/people"),
    ("/keys/", "/keys"),
    ("/profile/", "/profile"),
    ("/sign-out", "/"),
)
_STATIC = (("text/css", "style.css"), ("text/javascript", "track.js"), ("text/javascript", "passkeys.js"))
_FOR_EVER = "public, max-age=31536000, immutable"
router = APIRouter()
# Before a one-time link, which may be anything.
router.include_router(passkeys.router)
router.include_router(openid.router)
router.include_router(sign_in.router)
router.include_router(orders.router)
router.include_router(statements.router)
router.include_router(customer_data.router)
router.include_router(proofs.router)
# After the addresses below an order's: a number may have a slash in it.
router.include_router(order.router)
router.include_router(replies.router)
router.include_router(table_import.router)
router.include_router(notices.router)
router.include_router(accounts.router)
router.include_router(couriers.router)
router.include_router(codes.router)
router.include_router(files.router)
router.include_router(people.router)
router.include_router(keys.router)
router.include_router(audit.router)
router.include_router(profile.router)


@router.get("/static/{name}")
async def static(request: Request, name: str) -> Response:
    """The style sheet and the scripts; their addresses change with their contents, so they may be cached for ever."""
    for media_type, file in _STATIC:
        address, content = static_file(file)
        if address.endswith(f"/{name}"):
            return Response(content, media_type=media_type, headers={"Cache-Control": _FOR_EVER})
    return page_not_found(request)


def page_not_found(request: Request) -> Response:
    """The page for unknown addresses, the same signed in or not."""
    return public_page(request, "nowhere.html", 404)


def not_allowed_page(request: Request) -> Response:
    """The page for what a person's role does not allow."""
    return public_page(request, "not_allowed.html", 403)


def not_found_or_form(request: Request, status: int) -> Response:
    """The same; but GET at an address that only takes a form is redirected to the form's page."""
    path = request.url.path
    form_page = next((page for start, page in _FORMS if path.startswith(start)), None)
    if status == 405 and request.method in {"GET", "HEAD"} and form_page is not None:
        return RedirectResponse(form_page, 303)
    return public_page(request, "nowhere.html", status)
