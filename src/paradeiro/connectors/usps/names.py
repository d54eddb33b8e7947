"""In: a shop's free text, a tracking code; out: whether it means USPS, what is wrong with the code. Pure."""

import re

from paradeiro.domain.following.tracking_codes import CodeProblem
from paradeiro.sdk.tables.names import form_problem, is_named

_NAMES = ("usps", "united states postal service")
_SERVICES = re.compile(
    r"priority|mail|express|first|class|ground|advantage|media|parcel|select|package|international|service|retail|"
    r"library"
)


def is_usps(courier: str) -> bool:
    """Whether a shop's free text means USPS."""
    return is_named(courier, _NAMES, _SERVICES)


def code_problem(code: str) -> CodeProblem | None:
    """None for a code with one of USPS's forms and its check digit (20 to 34 digits, or S10 with US)."""
    return form_problem(code, "usps", "those of USPS have 20 to 34 digits, or 2 letters, 9 digits and US")
