"""In: nothing; out: CONNECTOR, mail to the store's customers over the store's own SMTP server."""

from paradeiro.connectors.email.client import MailSession, per_minute
from paradeiro.connectors.email.render import render
from paradeiro.connectors.email.report import read_report
from paradeiro.domain.words import EffectKind, PartyKind
from paradeiro.sdk.contract import AccountField, Connector

CONNECTOR = Connector(
    name="email",
    title="E-mail (SMTP)",
    kinds=frozenset({PartyKind.MAIL}),
    account_fields=(
        AccountField("host", help="the SMTP server, for example smtp.example.com"),
        AccountField("port", help="587 for starttls, 465 for tls, 25 for none"),
        AccountField("user", required=False, help="empty if the server asks for none"),
        AccountField("password", secret=True, required=False),
        AccountField("tls", required=False, help="starttls (if empty), tls or none"),
        AccountField("from_address", help="the address that mails come from; its domain names the messages"),
        AccountField("from_name", required=False, help="the name that mails come from; the store's name if empty"),
        AccountField("reply_to", required=False, help="where answers go, if not to from_address"),
        AccountField("return_path", required=False, help="the address that undeliverable mails come back to, +… in it"),
        AccountField("connections", required=False, help="how many at once, 3 if empty"),
        AccountField("per_minute", required=False, help="how many mails a minute the server allows, if it limits them"),
    ),
    open=MailSession,
    render=render,
    read_report=read_report,
    pace=per_minute,
    effects=frozenset(
        {
            EffectKind.CUSTOMER_MAIL,
            EffectKind.CUSTOMER_CORRECTION,
            EffectKind.CUSTOMER_REMINDER,
            EffectKind.CUSTOMER_ADDRESS,
        }
    ),
)
