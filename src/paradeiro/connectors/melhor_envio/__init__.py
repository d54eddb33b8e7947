"""In: nothing; out: Melhor Envio (and SuperFrete), who sell labels of other carriers, as a connector."""

from importlib import resources

from paradeiro.connectors.melhor_envio.client import MOST_LABELS, PLATFORMS, MelhorEnvioSession
from paradeiro.connectors.melhor_envio.parse import parse
from paradeiro.connectors.melhor_envio.push import SECRET, read_push
from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.orders.couriers import courier_key
from paradeiro.domain.orders.identifiers import IdentifierKind
from paradeiro.domain.words import PartyKind, Way
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector

_NAMES = ("melhor envio", "melhorenvio", "superfrete", "super frete")


def is_melhor_envio(courier: str) -> bool:
    """Whether a shop's free text means a label bought there. The carriers behind it have connectors of their own."""
    words = f" {courier_key(courier)} "
    return any(f" {name} " in words for name in _NAMES)


CONNECTOR = Connector(
    name="melhor_envio",
    title="Melhor Envio",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField(
            "platform", required=False, help="melhor_envio (the default) or superfrete", example="melhor_envio"
        ),
        AccountField("contact", help="an e-mail address of the shop; they demand one in each request", required=False),
        AccountField("client_id", required=False, help="the application's id (Melhor Envio)"),
        AccountField(
            SECRET,
            secret=True,
            required=False,
            help="the application's secret (Melhor Envio), or the secret_token of the webhook (SuperFrete): pushes are "
            "signed with it",
            example="secret-of-the-application",
        ),
        AccountField("refresh_token", secret=True, required=False, help="from the authorisation of the application"),
        AccountField("token", secret=True, required=False, help="a ready-made token of the panel, instead of all that"),
        AccountField("base_url", required=False, help=f"default {PLATFORMS['melhor_envio']}"),
    ),
    open=MelhorEnvioSession,
    ways=frozenset({Way.PUSH, Way.ASKED}),
    identifiers=(IdentifierKind.CARRIER_NUMBER, IdentifierKind.TRACKING_CODE),
    batch_size=MOST_LABELS,
    # 250 requests a minute and user.
    requests_per_second=2.0,
    parse=parse,
    check_code=free_code_problem,
    recognises_courier=is_melhor_envio,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
    read_push=read_push,
)
