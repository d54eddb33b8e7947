"""The style sheet's colours: readable in both schemes, by figures and not by eye (WCAG 2.2 AA)."""

import re
from itertools import product

import pytest

from paradeiro.web.pages.layout import static_file

CSS = static_file("style.css")[1].decode()
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))
    for block in re.findall(r"(?<!html):root \{(.*?)\}", CSS, re.DOTALL)
)
TEXTS = ("ink", "quiet", "accent", "turn", "trouble")
MARKS = ("moving", "good", "turn", "trouble", "quiet", "edge", "accent")


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    full = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    parts = (int(full[i : i + 2], 16) / 255 for i in (0, 2, 4))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_figure_itself() -> None:
    assert round(contrast("#000", "#fff"), 1) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_words_and_marks_can_be_seen(scheme: dict[str, str]) -> None:
    for text, ground in product(TEXTS, ("paper", "soft")):
        assert contrast(scheme[text], scheme[ground]) >= 4.5, (text, ground)
    for mark, ground in product(MARKS, ("paper", "soft")):
        assert contrast(scheme[mark], scheme[ground]) >= 3, (mark, ground)
    assert contrast(scheme["on-accent"], scheme["accent"]) >= 4.5
    assert contrast(scheme["paper"], scheme["trouble"]) >= 4.5, "the count of accounts in trouble"
    assert contrast(scheme["ink"], scheme["line"]) >= 4.5, "the count of notices"


def test_both_schemes_name_the_same_colours() -> None:
    assert set(LIGHT) == set(DARK)
