"""In: nothing; out: SSW, the system behind hundreds of regional carriers in Brazil, as a connector."""

import re
from importlib import resources

from paradeiro.connectors.ssw.client import PRODUCTION, SswSession
from paradeiro.connectors.ssw.codes import plain
from paradeiro.connectors.ssw.parse import parse_with
from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.orders.identifiers import IdentifierKind
from paradeiro.domain.words import PartyKind
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector

_NAME = re.compile(r"(?<![a-z0-9])ssw(?![a-z0-9])")


def is_ssw(courier: str) -> bool:
    """Whether a shop's free text names the platform; its carriers have names of their own."""
    return _NAME.search(plain(courier)) is not None


CONNECTOR = Connector(
    name="ssw",
    title="SSW",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("cnpj", required=False, help="who pays the freight: asks by invoice or order without a key"),
        AccountField("password", secret=True, required=False, help="the senha that the carrier gave for that number"),
        AccountField("endpoint", required=False, help="payer (default) or sender: as whom to ask", example="payer"),
        AccountField("company", required=False, help="sigla_emp, if the carrier asks for it"),
        AccountField(
            "codes",
            required=False,
            help="carriers' own numbers = SSW's codes, as FAV:67=80 15=15 (FAV: the carrier's domain)",
            example="FAV:67=80",
        ),
        AccountField("base_url", required=False, help=f"default {PRODUCTION}"),
    ),
    open=SswSession,
    identifiers=(IdentifierKind.INVOICE_KEY, IdentifierKind.INVOICE, IdentifierKind.ORDER),
    time_zone="America/Sao_Paulo",
    batch_size=1,
    # No limit is published; an integrator pauses a second after 18 calls.
    requests_per_second=2.0,
    parse_with=parse_with,
    check_code=free_code_problem,
    recognises_courier=is_ssw,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
    whole_history=True,
)
