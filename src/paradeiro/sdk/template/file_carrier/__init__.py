"""In: nothing; out: CONNECTOR, what Example Carrier can do and what its accounts need."""

from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.words import PartyKind, Way
from paradeiro.sdk.contract import AccountRef, Clock, Connector
from paradeiro.sdk.sessions import SilentSession
from paradeiro.sdk.template.example_carrier.events import ZONE
from paradeiro.sdk.template.example_carrier.names import is_example_carrier
from paradeiro.sdk.template.file_carrier.parse import parse
from paradeiro.sdk.template.file_carrier.split import split_file


def open_session(_: AccountRef, __: Clock) -> SilentSession:
    """Nothing is asked of this carrier."""
    return SilentSession()


CONNECTOR = Connector(
    name="example_carrier",
    title="Example Carrier",
    kinds=frozenset({PartyKind.CARRIER}),
    # Where its files are fetched: those fields every connector with files has (`sdk/transports/file_settings.py`).
    account_fields=(),
    open=open_session,
    ways=frozenset({Way.FILE}),
    time_zone=ZONE.key,
    country="BR",  # whose public holidays count
    parse=parse,
    check_code=free_code_problem,
    recognises_courier=is_example_carrier,
    split_file=split_file,
)
