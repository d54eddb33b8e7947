"""In: a store's brand and a tone; out: the colours and fonts of its mail, for light and dark paper. Pure."""

from dataclasses import dataclass

from paradeiro.domain.customers.brand import Brand
from paradeiro.sdk.wording import Tone

_SYSTEM = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
_MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace"
# Beside words, never alone; on paper and on dark paper.
_TONES = {
    Tone.MOVING: ("#2463c4", "#7aa7f0"),
    Tone.GOOD: ("#1c7c4a", "#5fc28c"),
    Tone.YOUR_TURN: ("#b4690e", "#e6b566"),
    Tone.TROUBLE: ("#c03a2b", "#f0897c"),
    Tone.QUIET: ("#6a6d75", "#a9aab0"),
}
_WIDEST_LOGO, _HIGHEST_LOGO = 240, 48


@dataclass(frozen=True, slots=True)
class Look:
    """All that is the store's or the tone's. `font` and `mono` are whole declarations; `logo` is the picture's address
    inside the mail, empty if there is none.
    """

    accent: str
    accent_dark: str
    tone: str
    tone_dark: str
    font: str
    mono: str
    logo: str
    logo_width: int
    logo_height: int


def look_of(brand: Brand, tone: Tone) -> Look:
    """How a mail of this store in this tone looks."""
    light, dark = _TONES[tone]
    width, height = _logo_size(brand)
    # Single quotes, so that the declaration can stand in a style attribute as it is.
    own = brand.font.replace('"', "'")
    return Look(
        accent=brand.accent,
        accent_dark=brand.accent_in_dark,
        tone=light,
        tone_dark=dark,
        font=f"font-family:{own},{_SYSTEM};" if own else f"font-family:{_SYSTEM};",
        mono=f"font-family:{_MONO};",
        logo="cid:logo" if brand.logo else "",
        logo_width=width,
        logo_height=height,
    )


def _logo_size(brand: Brand) -> tuple[int, int]:
    """The logo's size in the mail: never larger than it is, so that it stays sharp."""
    if brand.logo is None:
        return 0, 0
    wide, high = brand.logo.width, brand.logo.height
    part = min(1.0, _WIDEST_LOGO / wide, _HIGHEST_LOGO / high)
    return max(1, round(wide * part)), max(1, round(high * part))
