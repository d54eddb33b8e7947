"""In: a shop's free text; out: whether it means Example Carrier. Pure."""

import re

from paradeiro.sdk.tables.names import is_named

_NAMES = ("example carrier",)
# What shops write beside the name. Any other word may be another company that ships with this one.
_SERVICES = re.compile(r"express|standard|entrega|envio")


def is_example_carrier(courier: str) -> bool:
    """Whether a shop's free text means Example Carrier."""
    return is_named(courier, _NAMES, _SERVICES)
