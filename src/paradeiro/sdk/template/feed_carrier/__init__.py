"""In: nothing; out: CONNECTOR, what Example Carrier can do and what its accounts need."""

from datetime import timedelta

from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.words import PartyKind, Way
from paradeiro.sdk.contract import AccountField, Connector
from paradeiro.sdk.template.example_carrier.events import ZONE
from paradeiro.sdk.template.example_carrier.names import is_example_carrier
from paradeiro.sdk.template.feed_carrier.client import open_session
from paradeiro.sdk.template.feed_carrier.parse import parse

CONNECTOR = Connector(
    name="example_carrier",
    title="Example Carrier",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("base_url", help="The address of the carrier's interface, without a path."),
        AccountField("token", secret=True, help="The token that the carrier's portal shows under 'Integrations'."),
    ),
    open=open_session,
    ways=frozenset({Way.FEED}),
    time_zone=ZONE.key,
    country="BR",  # whose public holidays count
    requests_per_second=1.0,
    parse=parse,
    check_code=free_code_problem,
    recognises_courier=is_example_carrier,
    feed_every=timedelta(minutes=10),
)
