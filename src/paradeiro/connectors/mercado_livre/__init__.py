"""In: nothing; out: CONNECTOR, Mercado Livre's orders that the seller ships (Mercado Envios 1)."""

from paradeiro.connectors.mercado_livre.client import MercadoLivreSession
from paradeiro.connectors.mercado_livre.render import render
from paradeiro.connectors.mercado_livre.wire import BASE_URL
from paradeiro.domain.words import EffectKind, PartyKind
from paradeiro.sdk.contract import AccountField, Connector

CONNECTOR = Connector(
    name="mercado_livre",
    title="Mercado Livre",
    kinds=frozenset({PartyKind.MARKETPLACE}),
    account_fields=(
        AccountField("client_id", help="the application's number (App ID) at developers.mercadolivre.com.br"),
        AccountField("client_secret", secret=True, help="the application's secret key"),
        AccountField("refresh_token", secret=True, help="what the seller's authorisation gave, with offline_access"),
        AccountField("api_version", required=False, help="v2 if empty; v1 ended on 2026-10-31"),
        AccountField("country", required=False, help="BR if empty; AR, CL, CO, MX, PE, UY: which shipping service"),
        AccountField(
            "service_id", required=False, help="the shipping service's number; the country's (BR: 11) if empty"
        ),
        AccountField(
            "numbers",
            required=False,
            help="where the shipment goes by a number that is none of ours: ask (it stays, a person says whether "
            "deliveries are told; if empty), keep (it stays, all is told), overwrite (ours replaces it)",
        ),
        AccountField(
            "custom",
            required=False,
            help="shipments of mode custom or not_specified: person (somebody does it there; if empty), put (number "
            "and shipped by the old PUT)",
        ),
        AccountField("base_url", required=False, help=f"{BASE_URL} if empty"),
    ),
    open=MercadoLivreSession,
    requests_per_second=5.0,
    needs_invoice=False,  # it takes the number and the news without; a person's declaration of contents has no number
    render=render,
    # Invoices are not sent here: Mercado Livre takes them with the fiscal documents, by another interface.
    effects=frozenset({EffectKind.MARKETPLACE_TRACKING_NUMBER, EffectKind.MARKETPLACE_UPDATE}),
)
