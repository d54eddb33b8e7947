"""In: a stored picture; out: a response that shows it, or offers it as a download, safely for the browser."""

from fastapi import Request, Response

from paradeiro.db.following.proofs import Image
from paradeiro.domain.following.proofs import SHOWN, UNKNOWN_TYPE, file_extension

_CAREFUL = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    # It shows persons: proxies must not cache it, and browsers must revalidate it each time.
    "Cache-Control": "private, no-cache",
}


def picture_response(request: Request, name: str, image: Image) -> Response:
    """The picture; 304 where the browser has it already. Other content types are downloads (attachment)."""
    mark = f'"{image.digest.hex()}"'
    headers = _CAREFUL | {"ETag": mark}
    if request.headers.get("if-none-match") == mark:
        return Response(status_code=304, headers=headers)
    shown = image.content_type in SHOWN
    how = "inline" if shown else "attachment"
    headers["Content-Disposition"] = f'{how}; filename="{name}.{file_extension(image.content_type)}"'
    return Response(image.content, media_type=image.content_type if shown else UNKNOWN_TYPE, headers=headers)
