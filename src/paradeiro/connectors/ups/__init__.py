"""In: nothing; out: UPS, as a connector."""

from importlib import resources

from paradeiro.connectors.ups.client import PRODUCTION, UpsSession
from paradeiro.connectors.ups.names import code_problem, is_ups
from paradeiro.connectors.ups.parse import parse
from paradeiro.domain.words import PartyKind, ProofKind
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector

CONNECTOR = Connector(
    name="ups",
    title="UPS",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("client_id", secret=True, help="the Client ID of the app at developer.ups.com"),
        AccountField("client_secret", secret=True, help="the Client Secret of that app"),
        AccountField("base_url", required=False, help=f"default {PRODUCTION}; for tests https://wwwcie.ups.com"),
    ),
    open=UpsSession,
    time_zone="America/New_York",
    batch_size=1,
    requests_per_second=2.0,
    parse=parse,
    check_code=code_problem,
    tracking_url=lambda code: f"https://www.ups.com/track?tracknum={code}",
    recognises_courier=is_ups,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
    country="US",
    proofs=frozenset({ProofKind.SIGNED}),
)
