"""In: nothing; out: Frenet, a platform of many Brazilian carriers, as a connector."""

from importlib import resources

from paradeiro.connectors.frenet.client import MOST_NUMBERS, PRODUCTION, FrenetSession
from paradeiro.connectors.frenet.parse import parse
from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.orders.couriers import courier_key
from paradeiro.domain.orders.identifiers import IdentifierKind
from paradeiro.domain.words import PartyKind
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector


def is_frenet(courier: str) -> bool:
    """Whether a shop's free text means the platform itself ("FRENET_SEDEX_03220")."""
    return "frenet" in courier_key(courier).split()


CONNECTOR = Connector(
    name="frenet",
    title="Frenet",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("token", secret=True, help="the token of the panel, sent as the header token"),
        AccountField(
            "service_code",
            required=False,
            help="the code of the one service that all packages of this account go with (03220, F_3, JTE_INT …); "
            "empty: each number is asked about without one",
            example="03220",
        ),
        AccountField("base_url", required=False, help=f"default {PRODUCTION}"),
    ),
    open=FrenetSession,
    identifiers=(IdentifierKind.TRACKING_CODE, IdentifierKind.INVOICE, IdentifierKind.ORDER),
    batch_size=MOST_NUMBERS,
    requests_per_second=1.0,
    parse=parse,
    check_code=free_code_problem,
    recognises_courier=is_frenet,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
)
