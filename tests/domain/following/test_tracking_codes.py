"""In: codes as typed and printed; out: valid, invalid with the right check digit, or no code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.domain.following.tracking_codes import (
    codes_in,
    free_code_problem,
    s10_check_digit,
    s10_problem,
    tidy_code,
)

# facts/correios, section 5: every one was seen on a real object.
VALID = [
    "RA473124829GB",
    "DL746686536BR",
    "AA598971235BR",
    "AM101610575BR",
    "AP503109323BR",
    "BE058714266BR",
    "DG049186226BR",
    "DG049186230BR",
    "DG049186212BR",
    "DU055087593BR",
    "DU897123996BR",
    "FJ064849483BR",
    "IU135854648BR",
    "JT365572014BR",
    "LB330827204HK",
    "LB528961554HK",
    "LE449872154SE",
    "LY245491512DK",
    "OV249224636BR",
    "PN273603577BR",
    "QH991577104BR",
    "QN242960622BR",
    "QQ850419295BR",
    "SI047624825BR",
    "SX104110463BR",
]
INVALID = ["AA123456789BR", "BB123456789BR", "SS123456789BR", "AB019345678BR", "AA111111111BR"]


@pytest.mark.parametrize("code", VALID)
def test_real_codes_are_right(code: str) -> None:
    assert s10_problem(code) is None


@pytest.mark.parametrize("code", INVALID)
def test_placeholders_are_wrong_but_may_be_taken_leniently(code: str) -> None:
    problem = s10_problem(code)
    assert problem is not None
    assert not problem.hard
    assert problem.suggestion is not None
    assert problem.suggestion in problem.message
    assert s10_problem(problem.suggestion) is None


def test_the_right_digit_is_named() -> None:
    problem = s10_problem("AA123456789BR")
    assert problem is not None
    assert problem.suggestion == "AA123456785BR"


def test_the_two_edges_of_the_rule() -> None:
    assert s10_check_digit("00000000") == 5
    assert s10_check_digit("02000000") == 0


@given(st.integers(0, 10**8 - 1), st.sampled_from(["BR", "HK", "SE"]))
def test_exactly_one_digit_is_right(serial: int, country: str) -> None:
    right = [d for d in range(10) if s10_problem(f"AA{serial:08}{d}{country}") is None]
    assert right == [s10_check_digit(f"{serial:08}")]


@pytest.mark.parametrize("serial", ["", "1234567", "123456789", "1234567a", "١٢٣٤٥٦٧٨", "²2345678"])
def test_no_digit_for_what_is_no_serial(serial: str) -> None:
    with pytest.raises(ValueError, match="8 digits"):
        s10_check_digit(serial)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "AA12345678BR",
        "AA1234567855BR",
        "1A123456785BR",
        "Cliente retirou !",
        "AA١٢٣٤٥٦٧٨٥BR",
        "ÁÁ123456785BR",
        "x" * 500,
    ],
)
def test_what_is_no_code_is_refused_for_good(code: str) -> None:
    problem = s10_problem(code)
    assert problem is not None
    assert problem.hard
    assert len(problem.message) < 250


@given(st.text(max_size=40))
def test_anything_may_be_typed(text: str) -> None:
    tidy = tidy_code(text)
    assert tidy_code(tidy) == tidy
    s10_problem(tidy)
    free_code_problem(tidy)


@given(
    st.sampled_from(VALID), st.lists(st.tuples(st.integers(0, 13), st.sampled_from(" .-\u200f\ufeff\t")), max_size=5)
)
def test_noise_that_is_copied_along_does_not_matter(code: str, noise: list[tuple[int, str]]) -> None:
    typed = code.lower()
    for at, mark in noise:
        typed = typed[:at] + mark + typed[at:]
    assert tidy_code(typed) == code


@pytest.mark.parametrize("code", ["1", "JD-2026/17", "x" * 64])
def test_other_carriers_have_codes_of_their_own(code: str) -> None:
    assert free_code_problem(code) is None


@pytest.mark.parametrize("code", ["", "x" * 65, "ção", "a\nb", "\U0001f4e6"])
def test_but_not_any_text(code: str) -> None:
    assert free_code_problem(code) is not None


A, B = "QZ620000037BR", "QZ620000045BR"


@pytest.mark.parametrize(
    "text",
    [
        f"{A}, {B}",
        f"{A},{B}",
        f"{A};{B}",
        f"{A} / {B}",
        f"{A}/{B}",
        f"{A} | {B}",
        f"{A} {B}",
        f"{A}\n{B}\n",
        f"{A} e {B}",
        f"{A} and {B}",
        f"{A}, {B}, {A}",
        f" {A.lower()} ,, {B} ;",
        "QZ 620000037 BR, QZ 62000 0045 BR",
        "QZ 620000037 BR QZ 620000045 BR",
        "QZ-620000037-BR;QZ.620000045.BR",
    ],
)
def test_several_codes_in_one_field_are_several(text: str) -> None:
    assert codes_in(text, s10_problem, formless=False) == (A, B)


def test_what_is_one_code_stays_one() -> None:
    assert codes_in(" qz 620000037 br ", s10_problem, formless=False) == (A,)
    assert codes_in("QZ620000038BR", s10_problem, formless=False) == ("QZ620000038BR",), "a wrong digit is said later"
    link = "https://rastreamento.correios.com.br/app/index.php?objetos=QZ620000071BR"
    assert len(codes_in(link, s10_problem, formless=False)) == 1, "an address is no list"
    assert len(codes_in("caixa grande", s10_problem, formless=False)) == 1


def test_a_part_that_is_no_code_is_stored_to_be_named() -> None:
    assert codes_in(f"{A}, SEDEX", s10_problem, formless=False) == (A, "SEDEX")
    assert codes_in(f"{A}, QZ620000046BR", s10_problem, formless=False) == (A, "QZ620000046BR")


def test_where_codes_have_no_form_a_comma_divides_and_a_doubt_is_said() -> None:
    assert codes_in("10012345, 10012346", free_code_problem, formless=True) == ("10012345", "10012346")
    assert codes_in("PED/2026/1", free_code_problem, formless=True) == ("PED/2026/1",)
    assert codes_in("12 345", free_code_problem, formless=True) == ("12345",)
    with pytest.raises(ValueError, match="Write a comma between codes"):
        codes_in("1001234567 1001234568", free_code_problem, formless=True)


@given(
    st.lists(st.sampled_from(VALID), min_size=1, max_size=8, unique=True), st.sampled_from([",", ";", "/", " ", "|"])
)
def test_whatever_stands_between_no_code_is_lost(codes: list[str], between: str) -> None:
    assert codes_in(between.join(codes), s10_problem, formless=False) == tuple(codes)


@given(st.text(max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    assert codes_in(text, s10_problem, formless=False)
