"""In: a call's query; out: nothing, or that it has a parameter which this door does not know, and those that it knows.

A filter that is ignored in silence answers with everything, and a script believes it.
"""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from paradeiro.flow.errors import InvalidError
from paradeiro.web.auth import Caller, caller


async def only_known(request: Request, _: Annotated[Caller, Depends(caller)]) -> None:
    """Raises `InvalidError` for a parameter that the door does not know; a stranger is turned away before."""
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute):
        return
    known = sorted(_known(route.dependant))
    unknown = sorted(set(request.query_params) - set(known))
    if unknown:
        knows = f"It knows: {', '.join(known)}." if known else "It knows none."
        said = ", ".join(f"'{name[:60]}'" for name in unknown[:10])
        words = f"This address does not know the parameter {said}. {knows}"
        raise InvalidError("unknown_parameter", words, {"unknown": unknown[:10], "known": known})


def _known(dependant: Dependant) -> set[str]:
    """The parameters of a door and of all that it depends on."""
    known = {field.alias for field in dependant.query_params}
    return known.union(*(_known(each) for each in dependant.dependencies))
