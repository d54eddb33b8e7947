"""In: nothing; out: CONNECTOR, a marketplace on VTEX to which the store sells as an external seller."""

from paradeiro.connectors.vtex_marketplace.client import VtexMarketplaceSession
from paradeiro.connectors.vtex_marketplace.render import render
from paradeiro.domain.words import EffectKind, PartyKind
from paradeiro.sdk.contract import AccountField, Connector

CONNECTOR = Connector(
    name="vtex_marketplace",
    title="VTEX marketplace",
    kinds=frozenset({PartyKind.MARKETPLACE}),
    account_fields=(
        AccountField("base_url", help="https:// and the order's marketplaceServicesEndpoint, without /pvt"),
        AccountField("protocol", required=False, help="connector: it is told as VTEX tells a marketplace's connector"),
        AccountField("deliveries", required=False, help="apart: the marketplace takes them at …/orders/{id}/delivered"),
        AccountField("key_headers", required=False, help="api: X-API-AppKey, X-API-AppToken (Fast Shop's newer hub)"),
        AccountField("app_key", help="the application key that the marketplace gave you"),
        AccountField("app_token", secret=True, help="the token of that key"),
    ),
    open=VtexMarketplaceSession,
    requests_per_second=10.0,
    render=render,
    effects=frozenset(
        {
            EffectKind.MARKETPLACE_INVOICE,
            EffectKind.MARKETPLACE_TRACKING_NUMBER,
            EffectKind.MARKETPLACE_OPENING,
            EffectKind.MARKETPLACE_UPDATE,
        }
    ),
)
