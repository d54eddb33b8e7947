"""In: an answer; out: the same with the headers that tell browsers to run and embed nothing that is not ours."""

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# None of our pages asks for any of these.
_PERMISSIONS = ", ".join(
    f"{name}=()"
    for name in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "microphone",
        "midi",
        "payment",
        "publickey-credentials-get",
        "usb",
    )
)
_TWO_YEARS = 2 * 365 * 24 * 3600


def careful(request: Request, headers: MutableHeaders) -> None:
    """Add each header that the page itself has not set. Where the public address is https, browsers come by it only."""
    headers.setdefault("Content-Security-Policy", _POLICY)
    headers.setdefault("Permissions-Policy", _PERMISSIONS)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    # The older word for what a page's own policy says; it knows no "everybody".
    if "frame-ancestors *" not in headers["Content-Security-Policy"]:
        headers.setdefault("X-Frame-Options", "DENY")
    means = request.app.state.means
    if means is not None and means.public_url.startswith("https://"):
        headers.setdefault("Strict-Transport-Security", f"max-age={_TWO_YEARS}")


class CarefulHeaders:
    """ASGI middleware: careful headers out. Starlette's own kind would wrap what the body's reader raises."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through."""

        async def out(message: Message) -> None:
            if message["type"] == "http.response.start":
                careful(Request(scope), MutableHeaders(scope=message))
            await send(message)

        await self.app(scope, receive, out if scope["type"] == "http" else send)
