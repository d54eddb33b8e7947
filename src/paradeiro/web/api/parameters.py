"""In: a request's query; out: nothing, or an error that names unknown parameters and the known ones.

A filter that is ignored silently would answer with everything, and a script would believe it.
"""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from paradeiro.flow.errors import InvalidError
from paradeiro.web.auth import Caller, caller


async def refuse_unknown_parameters(request: Request, _: Annotated[Caller, Depends(caller)]) -> None:
    """Raises `InvalidError` for a parameter that the endpoint does not know; unauthenticated callers get 401 before."""
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute):
        return
    known = sorted(_parameters_of(route.dependant))
    unknown = sorted(set(request.query_params) - set(known))
    if unknown:
        knows = f"It knows: {', '.join(known)}." if known else "It knows none."
        names = ", ".join(f"'{name[:60]}'" for name in unknown[:10])
        words = f"This address does not know the parameter {names}. {knows}"
        raise InvalidError("unknown_parameter", words, {"unknown": unknown[:10], "known": known})


def _parameters_of(dependant: Dependant) -> set[str]:
    """The query parameters of an endpoint and of all its dependencies."""
    known = {field.alias for field in dependant.query_params}
    return known.union(*(_parameters_of(each) for each in dependant.dependencies))
