"""In: nothing; out: Andreani, a carrier in Argentina, as a connector: asked by shipment number."""

from importlib import resources

from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.words import PartyKind
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector

from .client import PRODUCTION, AndreaniSession
from .events import ZONE
from .names import is_andreani
from .parse import parse

CONNECTOR = Connector(
    name="andreani",
    title="Andreani",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("user", help="the user of the interface, given by the account executive"),
        AccountField("password", secret=True, help="its password"),
        AccountField("base_url", required=False, help=f"default {PRODUCTION}; for tests https://apisqa.andreani.com"),
    ),
    open=AndreaniSession,
    time_zone=ZONE.key,
    batch_size=1,
    # No limit is published.
    requests_per_second=2.0,
    parse=parse,
    check_code=free_code_problem,
    recognises_courier=is_andreani,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
    country="AR",
)
