"""In: nothing; out: CONNECTOR, the VTEX order system (OMS): orders are read from it, tracking is written back to it."""

from paradeiro.connectors.vtex.client import VtexSession
from paradeiro.connectors.vtex.push import read_push
from paradeiro.connectors.vtex.render import render
from paradeiro.domain.words import EffectKind, PartyKind
from paradeiro.sdk.contract import AccountField, Connector

CONNECTOR = Connector(
    name="vtex",
    title="VTEX",
    kinds=frozenset({PartyKind.ORDER_SYSTEM}),
    account_fields=(
        AccountField("base_url", help="https://{account}.vtexcommercestable.com.br"),
        AccountField("app_key", help="Admin › Account settings › Application keys: the key"),
        AccountField("app_token", secret=True, help="the token that was shown once, when the key was made"),
        AccountField(
            "time_zone",
            required=False,
            help="IANA name of the zone in which dates are told; the store's own if empty",
        ),
        AccountField("backfill_days", required=False, help="how far back the first look goes, in days (60)"),
        AccountField(
            "share",
            required=False,
            help="of the 6000 requests a minute that VTEX allows the whole shop, how many percent are ours (10)",
        ),
        AccountField(
            "shipped_by_channel",
            required=False,
            help="affiliate ids whose marketplace ships by itself, with commas (MLB,AMZ): left alone",
        ),
    ),
    open=VtexSession,
    render=render,
    read_push=read_push,
    effects=frozenset({EffectKind.TRACKING_NUMBER, EffectKind.ORDER_OPENING, EffectKind.ORDER_UPDATE}),
)
