"""In: nothing; out: FedEx, as a connector."""

from importlib import resources

from paradeiro.connectors.fedex.client import MOST_CODES, PRODUCTION, FedexSession
from paradeiro.connectors.fedex.names import code_problem, is_fedex
from paradeiro.connectors.fedex.parse import parse
from paradeiro.connectors.fedex.push import read_push
from paradeiro.domain.words import PartyKind, ProofKind
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector

CONNECTOR = Connector(
    name="fedex",
    title="FedEx",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("client_id", secret=True, help="the API key of the project at developer.fedex.com"),
        AccountField("client_secret", secret=True, help="the secret key of that project"),
        AccountField(
            "account_number",
            secret=True,
            required=False,
            help="the number of the FedEx account that pays, for proofs of delivery with the signature",
        ),
        AccountField(
            "base_url", required=False, help=f"default {PRODUCTION}; https://apis-sandbox.fedex.com for tests"
        ),
    ),
    open=FedexSession,
    time_zone="America/Chicago",
    batch_size=MOST_CODES,
    requests_per_second=1.0,
    parse=parse,
    check_code=code_problem,
    tracking_url=lambda code: f"https://www.fedex.com/fedextrack/?trknbr={code}",
    recognises_courier=is_fedex,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
    country="US",
    proofs=frozenset({ProofKind.SIGNED}),
    read_push=read_push,
)
