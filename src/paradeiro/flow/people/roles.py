"""In: a person's role; out: the scopes that it gives, as an API key has them. Pure."""

from typing import assert_never

from paradeiro.domain.words import Role
from paradeiro.flow.accounts.scopes import READ, WRITE, Area, scope_for

# What is done every day. Credentials, people, keys, endpoints and the erasing of customers are an administrator's.
_DAILY = (Area.SHIPMENTS, Area.ORDERS, Area.STATEMENTS, Area.NOTICES, Area.SETTINGS)
_SEEN = (*_DAILY, Area.ENDPOINTS)


def scopes_of(role: Role) -> tuple[str, ...]:
    """The scopes of a role: `viewer` sees orders, packages, notices and settings; `operator` also works with them and
    sees what customers ask of their data; `administrator` may do everything.
    """
    seen = tuple(scope_for(area, READ) for area in _SEEN)
    match role:
        case Role.VIEWER:
            return seen
        case Role.OPERATOR:
            return (*seen, *(scope_for(area, WRITE) for area in _DAILY), scope_for(Area.CUSTOMERS, READ))
        case Role.ADMINISTRATOR:
            return (READ, WRITE)
        case _:
            assert_never(role)
