"""In: nothing; out: Intelipost, a platform of many Brazilian carriers, as a connector."""

from importlib import resources

from paradeiro.connectors.intelipost.client import PRODUCTION, IntelipostSession
from paradeiro.connectors.intelipost.parse import parse
from paradeiro.connectors.intelipost.push import SECRET, read_push
from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.orders.couriers import courier_key
from paradeiro.domain.orders.identifiers import IdentifierKind
from paradeiro.domain.words import PartyKind, ProofKind, Way
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector


def is_intelipost(courier: str) -> bool:
    """Whether a shop's free text means the platform itself. The carriers behind it have connectors of their own."""
    return "intelipost" in courier_key(courier).split()


CONNECTOR = Connector(
    name="intelipost",
    title="Intelipost",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("api_key", secret=True, help="the key of the interface, sent as the header api-key"),
        AccountField(
            SECRET,
            secret=True,
            required=False,
            help="the key that their webhook sends, as the header api-key or as the user of HTTP Basic",
            example="key-of-the-webhook",
        ),
        AccountField(
            "order_is",
            required=False,
            help="what the shop's order number is at Intelipost: order_number (the default) or sales_order_number",
            example="order_number",
        ),
        AccountField("base_url", required=False, help=f"default {PRODUCTION}"),
    ),
    open=IntelipostSession,
    ways=frozenset({Way.PUSH, Way.ASKED}),
    identifiers=(IdentifierKind.ORDER, IdentifierKind.INVOICE_KEY),
    requests_per_second=2.0,
    parse=parse,
    check_code=free_code_problem,
    recognises_courier=is_intelipost,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
    read_push=read_push,
    proofs=frozenset({ProofKind.SIGNED}),
)
