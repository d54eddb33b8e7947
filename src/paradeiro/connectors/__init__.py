"""In: nothing; out: every connector, discovered by its folder. Connectors are never imported by name."""

import importlib
import pkgutil
from functools import cache

from paradeiro.sdk.contract import Connector


@cache
def discover() -> dict[str, Connector]:
    """All connectors by name. A folder without `CONNECTOR` raises an error."""
    found: dict[str, Connector] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.ispkg:
            continue
        connector = importlib.import_module(f"{__name__}.{module.name}").CONNECTOR
        if not isinstance(connector, Connector) or connector.name != module.name:
            message = f"connectors/{module.name}/__init__.py must set CONNECTOR with name '{module.name}'"
            raise TypeError(message)
        found[connector.name] = connector
    return found
