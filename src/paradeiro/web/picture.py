"""In: a kept picture; out: a response that shows it, or hands it out as a file, and does nothing else in a browser."""

from fastapi import Request, Response

from paradeiro.db.proofs import Image
from paradeiro.domain.proofs import SHOWN, UNKNOWN_TYPE, ending

_CAREFUL = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    # It shows persons: no proxy may keep it, and a browser asks each time whether it still may show it.
    "Cache-Control": "private, no-cache",
}


def picture_response(request: Request, name: str, image: Image) -> Response:
    """The picture; 304 where the browser has it already. What is no plain picture is handed out as a file."""
    mark = f'"{image.digest.hex()}"'
    headers = _CAREFUL | {"ETag": mark}
    if request.headers.get("if-none-match") == mark:
        return Response(status_code=304, headers=headers)
    shown = image.content_type in SHOWN
    how = "inline" if shown else "attachment"
    headers["Content-Disposition"] = f'{how}; filename="{name}.{ending(image.content_type)}"'
    return Response(image.content, media_type=image.content_type if shown else UNKNOWN_TYPE, headers=headers)
