"""In: what shops write: a courier's name, a tracking code; out: its words, and what is wrong with the code. Pure."""

import re
import unicodedata
from collections.abc import Collection

from paradeiro.domain.following.tracking_codes import CodeProblem, free_code_problem
from paradeiro.domain.orders.carrier_codes import carriers_of_code

_WORD = re.compile(r"[a-z0-9]+")


def plain_words(text: str) -> list[str]:
    """The words of a text, in lower case without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return _WORD.findall("".join(c for c in decomposed if not unicodedata.combining(c)))


def is_named(courier: str, names: Collection[str], services: re.Pattern[str]) -> bool:
    """Whether a shop's text is one of these names (`united parcel service` has several words), with nothing beside it
    but words of services. Any other word may be another company that ships with this one.
    """
    whole = rest = f" {' '.join(plain_words(courier))} "
    for name in names:
        rest = rest.replace(f" {name} ", " ")
    return rest != whole and all(services.fullmatch(word) for word in rest.split())


def form_problem(code: str, carrier: str, looks: str) -> CodeProblem | None:
    """None for a code with a form and the check digit of this carrier's; else a problem that `lenient` overrules.
    `looks`: what its codes look like, for a person.
    """
    problem = free_code_problem(code)
    if problem is not None or carrier in carriers_of_code(code):
        return problem
    return CodeProblem(
        f"'{code}' is no number that can be checked: {looks}, and a right check digit. Correct it, or send "
        "lenient: true if the label really carries this number.",
        hard=False,
    )
