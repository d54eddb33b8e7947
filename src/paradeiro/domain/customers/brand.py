"""In: a store's branding as typed; out: validated frozen values with readable colours. Pure.

Contrast by WCAG 2.2: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio. Colours are `#rrggbb`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

DEFAULT_ACCENT = "#0b6e6e"
READABLE = 4.5  # WCAG AA for text
_PAPER, _DARK_PAPER = "#ffffff", "#1e2024"
_STEPS = 20
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_FONT = re.compile(r"[\w '\",.-]{1,200}")
_HOST = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_ADDRESS = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]+\.[^\s@<>\"]+")
LONGEST_TEXT = 500
LARGEST_LOGO = 65_536
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
# Start-of-frame markers, which hold a JPEG's size (ITU T.81, table B.1); C4, C8 and CC are others.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture, PNG or JPEG. `width` and `height` in pixels."""

    content: bytes = field(repr=False)
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Brand:
    """A store's branding and contacts; empty if not set.

    `font` is a CSS font stack, `host` the name under which its customers reach the tracking page, `site` its shop.
    """

    accent: str = DEFAULT_ACCENT
    font: str = ""
    footer: str = ""
    email: str = ""
    phone: str = ""
    site: str = ""
    host: str = ""
    logo: Logo | None = None

    @property
    def accent_in_dark(self) -> str:
        """The accent, lightened until it is readable on the dark background."""
        return lighten(self.accent)


def brand_problem(brand: Brand) -> str | None:
    """What is wrong with a branding, as a message that says what to do; None if nothing."""
    return _accent_problem(brand.accent) or next((said for wrong, said in _checks(brand) if wrong), None)


def _accent_problem(accent: str) -> str | None:
    if not _COLOUR.fullmatch(accent):
        return f"{accent!r} is no colour: write it like {DEFAULT_ACCENT}."
    found = contrast(accent, _PAPER)
    if found >= READABLE:
        return None
    return (
        f"White words on {accent} cannot be read (contrast {found:.1f}, at least {READABLE} is needed): "
        f"choose a darker one, for example {darken(accent)}."
    )


def _checks(brand: Brand) -> Iterator[tuple[bool, str]]:
    yield bool(brand.font) and not _FONT.fullmatch(brand.font), "The font is a list such as: 'Open Sans', sans-serif."
    yield bool(brand.email) and not _ADDRESS.fullmatch(brand.email), f"{brand.email!r} is no e-mail address."
    yield (
        bool(brand.site) and not _is_web_address(brand.site),
        "The shop's address begins with https:// and has no blanks or quotes.",
    )
    yield (
        bool(brand.host) and not _HOST.fullmatch(brand.host),
        "The host is a bare name such as rastreio.loja.com.br, in small letters.",
    )
    for name, text in (("footer", brand.footer), ("phone", brand.phone), ("site", brand.site)):
        yield len(text) > LONGEST_TEXT, f"The {name} is longer than {LONGEST_TEXT} characters."
        yield not _is_displayable(text), f"The {name} holds characters that cannot be shown."


def logo_of(content: bytes) -> Logo | str:
    """The logo; or what is wrong with it, as a message."""
    if len(content) > LARGEST_LOGO:
        return f"The logo has {len(content):,} bytes; {LARGEST_LOGO:,} are allowed, since each mail carries it."
    if content.startswith(_PNG) and len(content) >= 24 and content[12:16] == b"IHDR":
        return _checked_logo(content, "image/png", int.from_bytes(content[16:20]), int.from_bytes(content[20:24]))
    size = _jpeg_size(content) if content.startswith(_JPEG) else None
    return _checked_logo(content, "image/jpeg", *size) if size else "The logo must be a PNG or a JPEG."


def _checked_logo(content: bytes, media_type: str, width: int, height: int) -> Logo | str:
    if not (0 < width <= 4000 and 0 < height <= 4000):
        return f"The logo is {width} by {height} pixels; at most 4000 are allowed each way."
    return Logo(content, media_type, width, height)


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        if content[at + 1] in _FRAMES:
            return int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7])
        # Any number of fill bytes FF may stand before a marker (ITU T.81, B.1.1.2).
        at += 1 if content[at + 1] == 0xFF else 2 + max(2, int.from_bytes(content[at + 2 : at + 4]))
    return None


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def lighten(colour: str) -> str:
    """The colour, mixed with the least white that makes it readable on the dark background."""
    return _mix_until_readable(colour, 255, _DARK_PAPER)


def darken(colour: str) -> str:
    """The colour, mixed with the least black that makes white text on it readable."""
    return _mix_until_readable(colour, 0, _PAPER)


def _mix_until_readable(colour: str, with_what: int, ground: str) -> str:
    for step in range(_STEPS + 1):
        part = step / _STEPS
        mixed = "#" + "".join(f"{round(c + (with_what - c) * part):02x}" for c in _channels(colour))
        if contrast(mixed, ground) >= READABLE:
            return mixed
    return mixed


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def _luminance(colour: str) -> float:
    parts = (c / 255 for c in _channels(colour))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _is_web_address(text: str) -> bool:
    return text.startswith("https://") and text.isascii() and text.isprintable() and not set(text) & set(" \"'<>\\")


def _is_displayable(text: str) -> bool:
    return all(char.isprintable() or char == "\n" for char in text)
