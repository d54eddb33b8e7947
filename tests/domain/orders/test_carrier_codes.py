"""In: tracking codes of carriers abroad; out: whose they may be."""

import json
from importlib import resources

import pytest

from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.orders.carrier_codes import CodeForm, carriers_of_code, code_forms

DATA = json.loads(resources.files("paradeiro.domain.orders").joinpath("carrier_codes.json").read_text(encoding="utf-8"))


def test_the_forms_are_those_of_four_carriers() -> None:
    assert [form.carrier for form in code_forms()] == ["ups"] * 2 + ["fedex"] * 6 + ["usps"] * 4 + ["dhl"] * 2
    # Only one form has no check digit; no other carrier's codes begin as it does.
    assert [form.name for form in code_forms() if not form.checksum] == ["DHL Express (Piece ID)"]


@pytest.mark.parametrize("form", code_forms(), ids=lambda form: form.name)
def test_the_examples_of_the_data_are_read_as_it_says(form: CodeForm) -> None:
    assert all(form.fits(tidy_code(code)) for code in form.valid)
    assert all(form.carrier in carriers_of_code(code) for code in form.valid)
    assert not any(form.fits(tidy_code(code)) for code in form.invalid)


def test_the_postal_examples_are_read_as_the_data_says() -> None:
    assert [carriers_of_code(code) for code in DATA["s10_valid"]] == [
        ("post:gb",),
        ("usps",),
        ("post:cv",),
        ("post:cf",),
    ]
    assert [carriers_of_code(code) for code in DATA["s10_invalid"]] == [(), ()]


@pytest.mark.parametrize(
    ("code", "carriers"),
    [
        ("AA123456785BR", ("correios",)),
        ("aa 123 456 785 br", ("correios",)),
        ("LX123456785DE", ("dhl", "post:de")),
        ("1Z5R89390357567127", ("ups",)),
        ("1Z5R89390357567126", ()),
        ("1Z 5R8 939 03 5756 7127", ("ups",)),
        ("986578788855", ("fedex",)),
        ("9400111206206406260787", ("usps",)),
        ("JJD0099999999", ("dhl",)),
        ("3318810025", ("dhl",)),
        ("TOTAL123456tx", ()),
        ("", ()),
        ("½", ()),
        ("١٢٣٤٥٦٧٨٩٠١٢", ()),
    ],
)
def test_whose_a_code_may_be(code: str, carriers: tuple[str, ...]) -> None:
    assert carriers_of_code(code) == carriers


@pytest.mark.parametrize(
    ("code", "covered"),
    [("986578788855", 12), ("1Z5R89390357567127", 16), ("9611020987654312345672", 15), ("3318810025", 10)],
)
def test_one_wrong_digit_is_seen(code: str, covered: int) -> None:
    carrier = carriers_of_code(code)[0]
    digits = [at for at, c in enumerate(code) if c.isdigit() and at >= len(code) - covered]
    changed = [code[:at] + str((int(code[at]) + 1) % 10) + code[at + 1 :] for at in digits]
    assert [c for c in changed if carrier in carriers_of_code(c)] == []


def test_the_number_of_a_container_is_nobodys_own() -> None:
    container = "00340434851000002200"
    assert any(form.fits(container) for form in code_forms()), "its check digit is that of other forms"
    assert carriers_of_code(container) == ()
