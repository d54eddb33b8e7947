"""In: a shop's free text, a tracking code; out: whether it means UPS, what is wrong with the code. Pure."""

import re

from paradeiro.domain.following.tracking_codes import CodeProblem
from paradeiro.sdk.tables.names import form_problem, is_named

_NAMES = ("ups", "united parcel service")
_SERVICES = re.compile(
    r"ground|express|expedited|worldwide|standard|saver|next|second|2nd|3rd|day|air|select|surepost|mail|innovations|"
    r"brasil|brazil|access|point|plus|early|a|m|do"
)


def is_ups(courier: str) -> bool:
    """Whether a shop's free text means UPS."""
    return is_named(courier, _NAMES, _SERVICES)


def code_problem(code: str) -> CodeProblem | None:
    """None for a code with UPS's form and check digit (1Z…, and waybills). Its other numbers are taken leniently."""
    return form_problem(code, "ups", "those of UPS begin with 1Z and have 18 characters")
