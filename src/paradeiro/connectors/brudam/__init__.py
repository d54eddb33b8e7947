"""In: nothing; out: Brudam, the system of many regional carriers in Brazil (a tenant each), as a connector."""

import re
from importlib import resources

from paradeiro.connectors.brudam.client import MOST_KEYS, BrudamSession
from paradeiro.connectors.brudam.codes import plain
from paradeiro.connectors.brudam.parse import parse_with
from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.orders.identifiers import IdentifierKind
from paradeiro.domain.words import PartyKind
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector

_NAME = re.compile(r"(?<![a-z0-9])brudam(?![a-z0-9])")


def is_brudam(courier: str) -> bool:
    """Whether a shop's free text names the platform; its carriers have names of their own."""
    return _NAME.search(plain(courier)) is not None


CONNECTOR = Connector(
    name="brudam",
    title="Brudam",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("base_url", help="the carrier's own address, https://CARRIER.brudam.com.br"),
        AccountField("user", help="the shop's user of the carrier's interface (usuario)"),
        AccountField("password", secret=True, help="its password (senha)"),
        AccountField(
            "codes",
            required=False,
            help="the carrier's own codes = ours, as 02=1 (1: delivered; see the README)",
            example="902=1 907=199",
        ),
    ),
    open=BrudamSession,
    identifiers=(IdentifierKind.INVOICE_KEY, IdentifierKind.INVOICE),
    time_zone="America/Sao_Paulo",
    batch_size=MOST_KEYS,
    # No limit is published; an integrator waits a second after each question of 50.
    requests_per_second=1.0,
    parse_with=parse_with,
    check_code=free_code_problem,
    recognises_courier=is_brudam,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
)
