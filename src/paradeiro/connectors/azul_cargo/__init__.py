"""In: nothing; out: Azul Cargo, the air carrier Azul's parcels, as a connector."""

from importlib import resources

from paradeiro.connectors.azul_cargo.client import PRODUCTION, AzulCargoSession
from paradeiro.connectors.azul_cargo.parse import parse
from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.orders.couriers import courier_key
from paradeiro.domain.orders.identifiers import IdentifierKind
from paradeiro.domain.words import PartyKind
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector

_NAMES = ("azul cargo", "azulcargo", "azul cargo express", "azul logistica", "azul linhas aereas", "azul express")
# A label bought from one of these is of their contract.
_RESELLERS = ("melhor envio", "melhorenvio", "superfrete", "super frete", "frenet", "intelipost", "kangu", "mandae")


def is_azul_cargo(courier: str) -> bool:
    """Whether a shop's free text means Azul by the store's own contract: "azul" alone is a colour, and alone only."""
    key = courier_key(courier)
    words = f" {key} "
    named = key == "azul" or any(f" {name} " in words for name in _NAMES)
    return named and not any(f" {name} " in words for name in _RESELLERS)


CONNECTOR = Connector(
    name="azul_cargo",
    title="Azul Cargo",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("email", required=False, help="the user of Integração Fácil"),
        AccountField("password", secret=True, required=False, help="its password"),
        AccountField("token", secret=True, required=False, help="a ready-made token of the portal, instead of these"),
        AccountField("base_url", required=False, help=f"default {PRODUCTION}; the test system has another"),
    ),
    open=AzulCargoSession,
    # An invoice's key finds all its AWBs, an AWB only itself.
    identifiers=(IdentifierKind.INVOICE_KEY, IdentifierKind.TRACKING_CODE, IdentifierKind.ORDER),
    requests_per_second=2.0,
    parse=parse,
    check_code=free_code_problem,
    recognises_courier=is_azul_cargo,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
)
