"""In: an answer; out: the same with security headers, so that browsers run and embed nothing foreign."""

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_FEATURES = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "microphone",
    "midi",
    "payment",
    "usb",
)
_PASSKEYS = ("publickey-credentials-get", "publickey-credentials-create")
# Our pages use none of these browser features, but for passkeys where one signs in and has them.
_NONE = ", ".join(f"{name}=()" for name in (*_FEATURES, *_PASSKEYS))
PASSKEYS_ALLOWED = ", ".join([*(f"{name}=()" for name in _FEATURES), *(f"{name}=(self)" for name in _PASSKEYS)])
_TWO_YEARS = 2 * 365 * 24 * 3600


def add_security_headers(request: Request, headers: MutableHeaders) -> None:
    """Add each header that the page itself has not set; HSTS where the public address is https."""
    headers.setdefault("Content-Security-Policy", _POLICY)
    headers.setdefault("Permissions-Policy", _NONE)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    # The older form of the policy's frame-ancestors; it has no value for "any site".
    if "frame-ancestors *" not in headers["Content-Security-Policy"]:
        headers.setdefault("X-Frame-Options", "DENY")
    context = request.app.state.context
    if context is not None and context.public_url.startswith("https://"):
        headers.setdefault("Strict-Transport-Security", f"max-age={_TWO_YEARS}")


class SecurityHeaders:
    """ASGI middleware that adds them. Starlette's BaseHTTPMiddleware would wrap the errors that `_Body` raises."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to its answer."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_security_headers(Request(scope), MutableHeaders(scope=message))
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)
