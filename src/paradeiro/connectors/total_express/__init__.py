"""In: nothing; out: Total Express, a Brazilian carrier, as a connector: a feed by day, and asked by AWB or order."""

from datetime import timedelta
from importlib import resources

from paradeiro.connectors.total_express.client import FEED, PRODUCTION, TotalExpressSession
from paradeiro.connectors.total_express.parse import parse_with
from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.orders.couriers import courier_key
from paradeiro.domain.orders.identifiers import IdentifierKind
from paradeiro.domain.words import PartyKind, Way
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector

# "Tex Courier" is the company's name in the register.
_NAMES = (" total express ", " totalexpress ", " tex courier ")


def is_total_express(courier: str) -> bool:
    """Whether a shop's free text names Total Express; "total" or "express" alone is anybody's."""
    return any(name in f" {courier_key(courier)} " for name in _NAMES)


CONNECTOR = Connector(
    name="total_express",
    title="Total Express",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("user", help="of the integration (EDI), sent as HTTP Basic"),
        AccountField("password", secret=True, help="of the integration (EDI)"),
        AccountField("sender_id", required=False, help="remetenteId, the sender's number there: asks by order number"),
        AccountField("cnpj", required=False, help="the sender's tax number: matches the feed by invoice as well"),
        AccountField("base_url", required=False, help=f"of single questions; default {PRODUCTION}"),
        AccountField("feed_url", required=False, help=f"of the feed; default {FEED}"),
    ),
    open=TotalExpressSession,
    ways=frozenset({Way.ASKED, Way.FEED}),
    identifiers=(IdentifierKind.TRACKING_CODE, IdentifierKind.ORDER),
    time_zone="America/Sao_Paulo",
    batch_size=1,
    # No limit of single questions is published.
    requests_per_second=2.0,
    parse_with=parse_with,
    check_code=free_code_problem,
    recognises_courier=is_total_express,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
    # Asked again within five minutes, the feed refuses.
    feed_every=timedelta(minutes=6),
)
