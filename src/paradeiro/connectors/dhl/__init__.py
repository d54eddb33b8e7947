"""In: nothing; out: DHL (Express, Paket, eCommerce, freight, by one interface), as a connector."""

from importlib import resources

from paradeiro.connectors.dhl.client import PRODUCTION, DhlSession
from paradeiro.connectors.dhl.parse import parse
from paradeiro.connectors.dhl.place import is_dhl
from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.words import PartyKind
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector

CONNECTOR = Connector(
    name="dhl",
    title="DHL",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("api_key", secret=True, help="the API key of the app at developer.dhl.com (Consumer Key)"),
        AccountField(
            "service",
            required=False,
            help="the DHL business that carries: express, parcel-de, ecommerce, …",
            example="",
        ),
        AccountField("base_url", required=False, help=f"default {PRODUCTION}"),
    ),
    open=DhlSession,
    time_zone="Europe/Berlin",
    batch_size=1,
    requests_per_second=0.2,
    parse=parse,
    # Its businesses have many forms of codes, most without a check digit.
    check_code=free_code_problem,
    tracking_url=lambda code: f"https://www.dhl.com/global-en/home/tracking.html?tracking-id={code}",
    recognises_courier=is_dhl,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
    country="DE",
)
