"""In: how a store looks; out: what its customers' pages wear: one small style, allowed by its hash, and the logo."""

import base64
from dataclasses import dataclass
from hashlib import sha256

from markupsafe import Markup

from paradeiro.domain.brand import Brand

_POLICY = (
    "default-src 'none'; {live}style-src 'self' 'sha256-{mark}'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors {framed}; base-uri 'none'"
)
_LIVE = "script-src 'self'; connect-src 'self'; "


@dataclass(frozen=True, slots=True)
class Dress:
    """A page's own style (nothing in it was typed by a customer) and the policy that allows it."""

    style: Markup
    policy: str


def dress(brand: Brand, *, framed: bool = False, live: bool = False) -> Dress:
    """`framed`: other sites may show the page inside theirs. `live`: our own script may run, and listen to us."""
    font = f"body{{font-family:{brand.font}}}" if brand.font else ""
    dark = brand.accent_in_dark
    style = (
        f":root{{--accent:{brand.accent};--halo:{brand.accent}2e}}"
        f"@media (prefers-color-scheme:dark){{:root{{--accent:{dark};--halo:{dark}33}}}}{font}"
    )
    mark = base64.b64encode(sha256(style.encode()).digest()).decode()
    # The brand's parts are checked when they are set (domain/brand.py): no quote or bracket can leave its place.
    policy = _POLICY.format(mark=mark, framed="*" if framed else "'none'", live=_LIVE if live else "")
    return Dress(Markup(style), policy)  # noqa: S704 - every part of it is checked, see above
