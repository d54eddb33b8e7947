"""In: nothing; out: ESL Cloud, the system of many regional carriers in Brazil (a tenant each), as a connector."""

import re
from datetime import timedelta
from importlib import resources

from paradeiro.connectors.esl_cloud.client import EslCloudSession
from paradeiro.connectors.esl_cloud.codes import plain
from paradeiro.connectors.esl_cloud.parse import parse_with
from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.orders.identifiers import IdentifierKind
from paradeiro.domain.words import PartyKind, Way
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector

_NAME = re.compile(r"(?<![a-z0-9])esl[ _-]?cloud(?![a-z0-9])")


def is_esl_cloud(courier: str) -> bool:
    """Whether a shop's free text names the platform; its carriers have names of their own."""
    return _NAME.search(plain(courier)) is not None


CONNECTOR = Connector(
    name="esl_cloud",
    title="ESL Cloud",
    kinds=frozenset({PartyKind.CARRIER}),
    ways=frozenset({Way.FEED, Way.ASKED}),
    account_fields=(
        AccountField("tenant", help="the carrier's name in its address, TENANT.eslcloud.com.br"),
        AccountField("token", secret=True, help="the shop's token, given by the carrier"),
        AccountField(
            "codes",
            required=False,
            help="ocoren: the carrier uses the base list; 901=01: its own code, that list's. Empty: none is read",
            example="ocoren 901=01",
        ),
        AccountField("base_url", required=False, help="default https://TENANT.eslcloud.com.br"),
    ),
    open=EslCloudSession,
    identifiers=(IdentifierKind.INVOICE_KEY,),
    time_zone="America/Sao_Paulo",
    batch_size=1,
    # Clients leave two seconds between two questions.
    requests_per_second=0.5,
    parse_with=parse_with,
    check_code=free_code_problem,
    recognises_courier=is_esl_cloud,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
    feed_every=timedelta(minutes=15),
)
