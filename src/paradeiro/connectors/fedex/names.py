"""In: a shop's free text, a tracking code; out: whether it means FedEx, what is wrong with the code. Pure."""

import re

from paradeiro.domain.following.tracking_codes import CodeProblem
from paradeiro.sdk.tables.names import form_problem, is_named

_NAMES = ("fedex", "fed ex", "fdx", "fdxe", "fdxg")
# TNT is FedEx in Brazil, with an interface of its own.
_SERVICES = re.compile(
    r"express|ground|home|delivery|international|priority|economy|first|standard|overnight|2day|one|rate|freight|"
    r"smartpost|brasil|brazil|saver|connect|plus|corporation|logistics|internacional"
)


def is_fedex(courier: str) -> bool:
    """Whether a shop's free text means FedEx."""
    return is_named(courier, _NAMES, _SERVICES)


def code_problem(code: str) -> CodeProblem | None:
    """None for a code with one of FedEx's forms and its check digit."""
    return form_problem(code, "fedex", "those of FedEx have 12, 15, 18, 22 or 34 digits")
