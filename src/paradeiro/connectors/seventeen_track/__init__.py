"""In: nothing; out: 17TRACK, an aggregator that looks packages of other carriers up, as a connector."""

from paradeiro.connectors.seventeen_track.client import PRODUCTION, SeventeenTrackSession
from paradeiro.connectors.seventeen_track.parse import parse
from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.words import PartyKind
from paradeiro.sdk.contract import AccountField, Connector

CONNECTOR = Connector(
    name="seventeen_track",
    title="17TRACK",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("token", secret=True, help="the security key of the API console, sent as the header 17token"),
        AccountField("carrier", required=False, help="their number of the carrier; default 2151, Correios (Brazil)"),
        AccountField("base_url", required=False, help=f"default {PRODUCTION}"),
    ),
    open=SeventeenTrackSession,
    time_zone="America/Sao_Paulo",
    batch_size=40,
    # They allow three requests a second; a lookup of new numbers takes three.
    requests_per_second=1.0,
    parse=parse,
    check_code=free_code_problem,
    fallback_for=frozenset({"correios"}),
)
