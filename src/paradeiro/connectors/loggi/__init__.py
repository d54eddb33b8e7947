"""In: nothing; out: Loggi, a Brazilian carrier, as a connector: asked by tracking code, and pushes of facts."""

from importlib import resources

from paradeiro.connectors.loggi.client import PRODUCTION, LoggiSession
from paradeiro.connectors.loggi.parse import parse
from paradeiro.connectors.loggi.push import read_push
from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.orders.couriers import courier_key
from paradeiro.domain.words import PartyKind, Way
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector


def is_loggi(courier: str) -> bool:
    """Whether a shop's free text names Loggi: the whole word, however it is written."""
    return "loggi" in courier_key(courier).split()


CONNECTOR = Connector(
    name="loggi",
    title="Loggi",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("company_id", help="the number of the company at Loggi, part of each address"),
        AccountField("client_id", help="of the integration's credentials"),
        AccountField("client_secret", secret=True, help="of the integration's credentials"),
        AccountField("base_url", required=False, help=f"default {PRODUCTION}; their test host is another"),
    ),
    open=LoggiSession,
    ways=frozenset({Way.ASKED, Way.PUSH}),
    time_zone="America/Sao_Paulo",
    batch_size=1,
    # No limit is published; they do answer 429.
    requests_per_second=2.0,
    parse=parse,
    check_code=free_code_problem,
    recognises_courier=is_loggi,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
    read_push=read_push,
)
