"""In: nothing; out: CONNECTOR, what Example Carrier can do and what its accounts need."""

from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.words import PartyKind
from paradeiro.sdk.contract import AccountField, Connector

from .client import open_session
from .events import ZONE
from .names import is_example_carrier
from .parse import parse

CONNECTOR = Connector(
    name="example_carrier",
    title="Example Carrier",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("base_url", help="The address of the carrier's interface, without a path."),
        AccountField("token", secret=True, help="The token that the carrier's portal shows under 'Integrations'."),
    ),
    open=open_session,
    time_zone=ZONE.key,
    country="BR",  # whose public holidays count
    batch_size=1,
    requests_per_second=5.0,
    parse=parse,
    check_code=free_code_problem,
    recognises_courier=is_example_carrier,
)
