"""In: a shop's free text, a tracking code; out: whether it means UPS, what is wrong with the code. Pure."""

import re

from paradeiro.domain.following.tracking_codes import CodeProblem
from paradeiro.sdk.tables.names import form_problem, is_named

_NAMES, _FORM = ("ups", "united parcel service"), "1Z"
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


def names_package(own: str, asked: str) -> bool:
    """Whether a package with the (tidied) number `own` goes by the number that was asked. A number of a post office
    names a package with one of UPS; the other packages of a shipment have numbers of UPS of their own.
    """
    return own == asked or not (own.startswith(_FORM) and asked.startswith(_FORM))
