"""In: an operator's browser; out: the screens. One file and one template per screen."""

from datetime import datetime, timedelta

from fastapi import APIRouter, Request, Response

from paradeiro.web.auth import seal_session
from paradeiro.web.pages import accounts, notices, order, orders, proofs, replies, sign_in
from paradeiro.web.pages.layout import plain, style

router = APIRouter()
router.include_router(sign_in.router)
router.include_router(orders.router)
router.include_router(order.router)
router.include_router(proofs.router)
router.include_router(replies.router)
router.include_router(notices.router)
router.include_router(accounts.router)


@router.get("/static/{name}")
async def static(name: str) -> Response:
    """The style sheet; its address changes with its contents, so it may be kept for ever."""
    address, content = style()
    if not address.endswith(f"/{name}"):
        return plain("missing.html", 404)
    return Response(content, media_type="text/css", headers={"Cache-Control": "public, max-age=31536000, immutable"})


def one_time_link(key_id: int, secret: str, now: datetime) -> str:
    """A path that signs its bearer in as that key, for an hour."""
    return f"/sign-in/{seal_session(key_id, f'link {secret}', now=now, lasts=timedelta(hours=1))}"


def not_found(_: Request) -> Response:
    """What is shown where there is nothing, whatever it was that was looked for."""
    return plain("missing.html", 404)
