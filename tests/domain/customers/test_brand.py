"""A store's branding: readable values are accepted, others refused with a message."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.domain.customers.brand import (
    LARGEST_LOGO,
    READABLE,
    Brand,
    Logo,
    brand_problem,
    contrast,
    darken,
    lighten,
    logo_of,
)

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\xc8\x00\x00\x00\x32\x08\x06\x00\x00\x00"
# SOI, an APP0 segment, a start of frame that says 50 high and 200 wide.
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x32\x00\xc8\x03\x01\x22\x00"
_COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def test_contrast_is_wcags() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#777777") == pytest.approx(4.48, abs=0.01)  # WebAIM's example of just too little


def test_the_default_is_a_good_brand() -> None:
    assert brand_problem(Brand()) is None


@given(_COLOURS)
def test_any_colour_has_a_darker_and_a_lighter_self_that_can_be_read(colour: str) -> None:
    assert brand_problem(Brand(accent=darken(colour))) is None
    assert contrast(lighten(colour), "#1e2024") >= READABLE


@given(st.builds(Brand, *[st.text(max_size=40)] * 7))
def test_whatever_is_typed_there_is_an_answer(brand: Brand) -> None:
    brand_problem(brand)


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("accent", "red", "write it like #0b6e6e"),
        ("accent", "#0B6E6E", "write it like"),
        ("accent", "#ffcc00", "choose a darker one"),
        ("font", "x; } body { background: url(//evil) }", "list such as"),
        ("email", "nobody", "no e-mail address"),
        ("site", "javascript:alert(1)", "https://"),
        ("site", 'https://a.example/"><script>', "https://"),
        ("host", "https://a.example", "bare name"),
        ("host", "localhost", "bare name"),
        ("host", "a.example:80", "bare name"),
        ("footer", "x" * 501, "longer than 500"),
        ("phone", "12\x00", "cannot be shown"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(field: str, text: str, said: str) -> None:
    assert said in (brand_problem(replace(Brand(), **{field: text})) or "")


def test_good_values_are_taken() -> None:
    brand = Brand("#7a1f3d", "'Open Sans', Verdana, sans-serif", "Loja\nCNPJ 1", "oi@loja.com.br", "+55 11 1234-5678")
    assert brand_problem(replace(brand, site="https://loja.com.br/a?b=1", host="rastreio.loja.com.br")) is None


def test_a_logo_says_how_large_it_is() -> None:
    assert logo_of(PNG) == Logo(PNG, "image/png", 200, 50)
    assert logo_of(JPEG) == Logo(JPEG, "image/jpeg", 200, 50)
    filled = JPEG.replace(b"\xff\xc0", b"\xff\xff\xff\xc0")
    assert logo_of(filled) == Logo(filled, "image/jpeg", 200, 50)


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"GIF89a", PNG[:20], JPEG[:12], b"\xff\xd8\xff\xe0\x00\x00" * 9])
def test_what_is_no_picture_is_no_logo(content: bytes) -> None:
    assert "PNG or a JPEG" in str(logo_of(content))


def test_a_logo_too_large_for_a_mail_is_refused() -> None:
    assert "65,536" in str(logo_of(PNG + bytes(LARGEST_LOGO)))
    assert "pixels" in str(logo_of(PNG.replace(b"\x00\x00\x00\xc8", b"\x00\x00\xff\xff")))


@given(st.binary(max_size=60).map(lambda rest: b"\xff\xd8\xff" + rest))
def test_a_broken_jpeg_ends(content: bytes) -> None:
    logo_of(content)
