"""In: nothing; out: J&T Express Brasil, as a connector: asked by waybill number, and signed pushes of facts."""

import re
from importlib import resources

from paradeiro.connectors.jt_express.client import PRODUCTION, JtExpressSession
from paradeiro.connectors.jt_express.parse import parse
from paradeiro.connectors.jt_express.push import read_push
from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.orders.couriers import courier_key
from paradeiro.domain.words import PartyKind, Way
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector

# "J&T" is "j t" without its punctuation. Two letters alone may be anybody's initials.
_NAME = re.compile(r"j ?t|(?:.* )?(?:j ?t (?:express|brasil|brazil)|jtexpress)(?: .*)?")


def is_jt_express(courier: str) -> bool:
    """Whether a shop's free text names J&T Express: the two letters alone, or with its further name."""
    return _NAME.fullmatch(courier_key(courier)) is not None


CONNECTOR = Connector(
    name="jt_express",
    title="J&T Express",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("api_account", help="apiAccount of the open platform's console"),
        AccountField(
            "private_key",
            secret=True,
            help="the console's private key; it signs our questions and their pushes",
            example="private-key-of-the-console",
        ),
        AccountField("base_url", required=False, help=f"default {PRODUCTION}; their test hosts are others"),
    ),
    open=JtExpressSession,
    ways=frozenset({Way.ASKED, Way.PUSH}),
    time_zone="America/Sao_Paulo",
    batch_size=1,
    # No limit is published.
    requests_per_second=2.0,
    parse=parse,
    check_code=free_code_problem,
    recognises_courier=is_jt_express,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
    read_push=read_push,
    # They take no other answer for a push that arrived.
    push_reply=b'{"code":"1","msg":"success"}',
)
