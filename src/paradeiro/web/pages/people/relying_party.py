"""In: a request and the public address; out: the address of our pages, and the host name that passkeys belong to."""

from ipaddress import ip_address

import httpx
from fastapi import Request

from paradeiro.flow.people.passkeys import RelyingParty

_LOCAL = "localhost"


def address_of_pages(request: Request, public_url: str) -> str:
    """Scheme, host and port. The public address wins if it has a name: without one it is only where we listen."""
    public = _url(public_url)
    if public is not None and _is_name(public.host) and not _is_local(public.host):
        return _origin(public)
    asked = _url(str(request.base_url))
    return _origin(asked or public) if asked or public else ""


def relying_party(request: Request, public_url: str) -> RelyingParty | None:
    """None where there are no passkeys: an IP address has none."""
    url = _url(address_of_pages(request, public_url))
    if url is None or not _is_name(url.host):
        return None
    host = url.raw_host.decode("ascii")
    # Behind a proxy that ends TLS we see http; browsers have passkeys on https alone, but for this very machine.
    secure = _origin(url.copy_with(scheme="https", port=url.port))
    origins = dict.fromkeys((secure, _origin(url)) if _is_local(host) else (secure,))
    return RelyingParty(host, tuple(origins))


def _url(text: str) -> httpx.URL | None:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        return None
    return url if url.host and url.scheme in {"http", "https"} else None


def _origin(url: httpx.URL | None) -> str:
    assert url is not None
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _is_name(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False


def _is_local(host: str) -> bool:
    return host == _LOCAL or host.endswith(f".{_LOCAL}")
