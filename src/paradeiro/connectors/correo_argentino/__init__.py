"""In: nothing; out: Correo Argentino, Argentina's post office, as a connector: asked by tracking number at MiCorreo."""

from importlib import resources

from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.words import PartyKind
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector

from .client import PRODUCTION, CorreoArgentinoSession
from .events import ZONE
from .names import is_correo_argentino
from .parse import parse

CONNECTOR = Connector(
    name="correo_argentino",
    title="Correo Argentino",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("user", help="of the interface, not of the portal: Correo Argentino gives it on request"),
        AccountField("password", secret=True, help="its password"),
        AccountField(
            "base_url",
            required=False,
            help=f"default {PRODUCTION}; for tests https://apitest.correoargentino.com.ar/micorreo/v1",
        ),
    ),
    open=CorreoArgentinoSession,
    time_zone=ZONE.key,
    batch_size=1,
    # No limit is published; 429 is documented.
    requests_per_second=1.0,
    parse=parse,
    check_code=free_code_problem,
    recognises_courier=is_correo_argentino,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
    country="AR",
)
