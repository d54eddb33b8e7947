"""In: a store's brand; out: the inline style of its tracking pages, and a policy (CSP) that allows it by its hash."""

import base64
from dataclasses import dataclass
from hashlib import sha256

from markupsafe import Markup

from paradeiro.domain.customers.brand import Brand

_POLICY = (
    "default-src 'none'; {live}style-src 'self' 'sha256-{mark}'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors {framed}; base-uri 'none'"
)
_LIVE = "script-src 'self'; connect-src 'self'; "


@dataclass(frozen=True, slots=True)
class PageBranding:
    """A page's inline style (no customer input) and the Content-Security-Policy that allows it."""

    style: Markup
    policy: str


def page_branding(brand: Brand, *, framed: bool = False, live: bool = False) -> PageBranding:
    """`framed`: other sites may embed the page. `live`: our own script may run, and connect to this server."""
    font = f"body{{font-family:{brand.font}}}" if brand.font else ""
    dark = brand.accent_in_dark
    style = (
        f":root{{--accent:{brand.accent};--halo:{brand.accent}2e}}"
        f"@media (prefers-color-scheme:dark){{:root{{--accent:{dark};--halo:{dark}33}}}}{font}"
    )
    mark = base64.b64encode(sha256(style.encode()).digest()).decode()
    # The brand's values are validated when they are set (domain/customers/brand.py): no quotes, no brackets.
    policy = _POLICY.format(mark=mark, framed="*" if framed else "'none'", live=_LIVE if live else "")
    return PageBranding(Markup(style), policy)  # noqa: S704 - every part of it is checked, see above
