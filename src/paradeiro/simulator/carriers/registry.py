"""In: nothing; out: every simulated carrier beside the post office, discovered by its module."""

import importlib
import pkgutil
from functools import cache

from paradeiro.simulator import carriers
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier


@cache
def simulated_carriers() -> dict[str, type[SimulatedCarrier]]:
    """The classes by the names of their connectors."""
    found: dict[str, type[SimulatedCarrier]] = {}
    for module in pkgutil.walk_packages(carriers.__path__, f"{carriers.__name__}."):
        members = vars(importlib.import_module(module.name))
        for member in members.values():
            if isinstance(member, type) and issubclass(member, SimulatedCarrier) and "name" in vars(member):
                found[member.name] = member
    return dict(sorted(found.items()))
