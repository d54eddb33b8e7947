"""In: codes of real parcels (facts/correios, section 5); out: the simulator computes the same check digits."""

import pytest

from paradeiro.simulator.s10 import s10

REAL = [
    "RA473124829GB",
    "DL746686536BR",
    "AA598971235BR",
    "AM101610575BR",
    "DG049186226BR",
    "FJ064849483BR",
    "IU135854648BR",
    "LB330827204HK",
    "LE449872154SE",
    "LY245491512DK",
    "OV249224636BR",
    "QH991577104BR",
    "QN242960622BR",
    "QQ850419295BR",
]


@pytest.mark.parametrize("code", REAL)
def test_makes_the_digit_of_real_codes(code: str) -> None:
    assert s10(code[:2], int(code[2:10]), code[11:]) == code


def test_the_two_odd_remainders() -> None:
    assert s10("AA", 0) == "AA000000005BR"
    assert s10("AA", 2_000_000) == "AA020000000BR"
