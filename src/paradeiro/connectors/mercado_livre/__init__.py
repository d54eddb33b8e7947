"""In: nothing; out: CONNECTOR, Mercado Livre's orders that the seller ships (Mercado Envios 1)."""

from paradeiro.connectors.mercado_livre.client import BASE_URL, MercadoLivreSession
from paradeiro.connectors.mercado_livre.render import render
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
        AccountField("service_id", required=False, help="the shipping service's number, if the seller has one"),
        AccountField("base_url", required=False, help=f"{BASE_URL} if empty"),
    ),
    open=MercadoLivreSession,
    requests_per_second=5.0,
    needs_invoice=False,  # it takes the number and the news without; a person's declaration of contents has no number
    render=render,
    # Invoices are not told here: Mercado Livre takes them with the fiscal documents, by another way.
    effects=frozenset({EffectKind.MARKETPLACE_TRACKING_NUMBER, EffectKind.MARKETPLACE_UPDATE}),
)
