"""In: a shop's free text; out: whether it means Andreani. Pure."""

import re

from paradeiro.sdk.tables.names import is_named

_SERVICES = re.compile(r"correo|envios?|estandar|standard|express|urgente|prioritario|domicilio|sucursal|a|bigger")


def is_andreani(courier: str) -> bool:
    """Whether a shop's free text means Andreani."""
    return is_named(courier, ("andreani",), _SERVICES)
