"""In: nothing; out: CONNECTOR, an endpoint of the store's own that gets every change of its packages, signed."""

from paradeiro.connectors.webhook.client import WebhookSession
from paradeiro.connectors.webhook.render import render
from paradeiro.connectors.webhook.schedule import PAUSES
from paradeiro.domain.words import EffectKind, PartyKind
from paradeiro.sdk.contract import AccountField, Connector

CONNECTOR = Connector(
    name="webhook",
    title="Webhook",
    kinds=frozenset({PartyKind.WEBHOOK}),
    account_fields=(
        AccountField("url", help="https:// and where the messages are posted"),
        AccountField("secret", secret=True, help="whsec_…; `paradeiro webhook add` makes one"),
        AccountField("former_secret", secret=True, required=False, help="signs too until former_until"),
        AccountField("former_until", required=False, help="an instant, ISO 8601"),
    ),
    open=WebhookSession,
    render=render,
    effects=frozenset({EffectKind.WEBHOOK_EVENT}),
    pauses=PAUSES,
)
