"""In: nothing; out: CONNECTOR, what Example Carrier can do and what its accounts need."""

from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.words import PartyKind, Way
from paradeiro.sdk.contract import AccountRef, Clock, Connector
from paradeiro.sdk.sessions import SilentSession
from paradeiro.sdk.template.example_carrier.events import ZONE
from paradeiro.sdk.template.example_carrier.names import is_example_carrier
from paradeiro.sdk.template.push_carrier.parse import parse
from paradeiro.sdk.template.push_carrier.push import read_push


def open_session(_: AccountRef, __: Clock) -> SilentSession:
    """Nothing is asked of this carrier."""
    return SilentSession()


CONNECTOR = Connector(
    name="example_carrier",
    title="Example Carrier",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(),
    open=open_session,
    ways=frozenset({Way.PUSH}),
    time_zone=ZONE.key,
    country="BR",  # whose public holidays count
    parse=parse,
    check_code=free_code_problem,
    recognises_courier=is_example_carrier,
    read_push=read_push,
)
