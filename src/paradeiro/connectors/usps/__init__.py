"""In: nothing; out: USPS, the postal service of the United States, as a connector."""

from importlib import resources

from paradeiro.connectors.usps.client import PRODUCTION, UspsSession
from paradeiro.connectors.usps.names import code_problem, is_usps
from paradeiro.connectors.usps.parse import parse
from paradeiro.domain.words import PartyKind
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector

CONNECTOR = Connector(
    name="usps",
    title="USPS",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("client_id", secret=True, help="the Consumer Key of the app at developers.usps.com"),
        AccountField("client_secret", secret=True, help="the Consumer Secret of that app"),
        AccountField("base_url", required=False, help=f"default {PRODUCTION}; for tests https://apis-tem.usps.com"),
    ),
    open=UspsSession,
    time_zone="America/New_York",
    batch_size=1,
    requests_per_second=0.5,
    parse=parse,
    check_code=code_problem,
    tracking_url=lambda code: f"https://tools.usps.com/go/TrackConfirmAction?tLabels={code}",
    recognises_courier=is_usps,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
    country="US",
)
