"""In: a shop's free text; out: whether it means Correo Argentino. Pure."""

import re

from paradeiro.sdk.tables.names import is_named

_NAMES = ("correo argentino", "correoargentino", "micorreo", "mi correo", "paq ar", "paqar")
_SERVICES = re.compile(r"envios?|clasico|expreso|domicilio|sucursal|a|por|e|commerce|ecommerce|encomienda")


def is_correo_argentino(courier: str) -> bool:
    """Whether a shop's free text means Correo Argentino."""
    return is_named(courier, _NAMES, _SERVICES)
