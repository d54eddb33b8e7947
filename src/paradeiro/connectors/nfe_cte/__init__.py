"""In: nothing; out: the tax authority's events of delivery (CT-e and NF-e) as a connector."""

import re
import unicodedata
from datetime import timedelta

from paradeiro.connectors.nfe_cte.client import NfeCteSession
from paradeiro.connectors.nfe_cte.event import BUNDLE, ENVIRONMENT, PRODUCTION, TEST
from paradeiro.connectors.nfe_cte.files import split_file
from paradeiro.connectors.nfe_cte.parse import parse_with
from paradeiro.connectors.nfe_cte.push import read_push
from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.orders.identifiers import IdentifierKind
from paradeiro.domain.words import PartyKind, Way
from paradeiro.sdk.contract import AccountField, Connector

_WORD = re.compile(r"[a-z]+")


def is_tax_authority(courier: str) -> bool:
    """Whether a shop's free text names the tax authority: no carrier is called so."""
    plain = unicodedata.normalize("NFKD", courier).casefold()
    return "sefaz" in _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)))


CONNECTOR = Connector(
    name="nfe_cte",
    title="SEFAZ (NF-e, CT-e)",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField(
            BUNDLE,
            required=False,
            help="certificates in PEM that the authors' certificates must be issued under (ICP-Brasil's roots and "
            "authorities); none: whether a certificate is genuine is not verified",
            example="none",
        ),
        AccountField(
            ENVIRONMENT,
            required=False,
            help=f"{PRODUCTION} (default) or {TEST}: events of the other one state nothing",
            example=PRODUCTION,
        ),
        AccountField("service", required=False, help="cte (default) or nfe: the service to read", example="cte"),
        AccountField(
            "tax_number",
            required=False,
            help="the company's CNPJ, to read the distribution service; empty: events come as pushes and files only",
            example="11222333000181",
        ),
        AccountField("state", required=False, help="the company's state, two digits: 35 is São Paulo", example="35"),
        AccountField(
            "certificate",
            secret=True,
            required=False,
            help="the company's A1 certificate (.pfx), in base64; none: a gateway of yours at base_url presents it",
            example="none",
        ),
        AccountField("certificate_password", secret=True, required=False, help="the password of the .pfx"),
        AccountField(
            "first_nsu",
            required=False,
            help="the NSU from which to begin: the one where the company's other systems are",
            example="0",
        ),
        AccountField("base_url", required=False, help="default: the service's own address in production"),
    ),
    open=NfeCteSession,
    ways=frozenset({Way.FEED, Way.PUSH, Way.FILE}),
    identifiers=(IdentifierKind.INVOICE_KEY, IdentifierKind.INVOICE, IdentifierKind.CARRIER_NUMBER),
    time_zone="America/Sao_Paulo",
    requests_per_second=1.0,
    parse_with=parse_with,
    check_code=free_code_problem,
    recognises_courier=is_tax_authority,
    read_push=read_push,
    # Asked sooner after "nothing new" the service refuses for an hour.
    feed_every=timedelta(minutes=61),
    split_file=split_file,
)
