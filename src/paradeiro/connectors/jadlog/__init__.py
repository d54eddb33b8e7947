"""In: nothing; out: Jadlog, a Brazilian parcel carrier, as a connector."""

from importlib import resources

from paradeiro.connectors.jadlog.client import PRODUCTION, JadlogSession
from paradeiro.connectors.jadlog.parse import parse
from paradeiro.connectors.jadlog.questions import MOST_QUESTIONS
from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.orders.couriers import courier_key
from paradeiro.domain.orders.identifiers import IdentifierKind
from paradeiro.domain.words import PartyKind
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector

# A label bought from one of these is of their contract with Jadlog: the store's own token does not find it.
_RESELLERS = ("melhor envio", "melhorenvio", "superfrete", "super frete", "frenet", "intelipost", "kangu", "mandae")


def tracking_url(code: str) -> str:
    """The public page at Jadlog that looks a code up."""
    return f"https://tracking.jadlog.com.br/tracking/package/{code}"


def is_jadlog(courier: str) -> bool:
    """Whether a shop's free text means Jadlog by the store's own contract."""
    words = f" {courier_key(courier)} "
    return (" jadlog " in words or " jad log " in words) and not any(f" {name} " in words for name in _RESELLERS)


CONNECTOR = Connector(
    name="jadlog",
    title="Jadlog",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("token", secret=True, help="the token that Jadlog's account manager gives for the interface"),
        AccountField(
            "asked_as",
            required=False,
            help="what the tracking codes in the orders are at Jadlog, tried in this order; default codigo,shipmentId",
            example="codigo,shipmentId",
        ),
        AccountField(
            "sender_tax_number", required=False, help="CNPJ of the sender at Jadlog, if the invoices name another"
        ),
        AccountField("base_url", required=False, help=f"default {PRODUCTION}"),
    ),
    open=JadlogSession,
    identifiers=(
        IdentifierKind.TRACKING_CODE,
        IdentifierKind.INVOICE_KEY,
        IdentifierKind.INVOICE,
        IdentifierKind.ORDER,
    ),
    batch_size=MOST_QUESTIONS,
    # One integrator of a hundred numbers a call waits two seconds between calls.
    requests_per_second=0.5,
    parse=parse,
    check_code=free_code_problem,
    tracking_url=tracking_url,
    recognises_courier=is_jadlog,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
)
