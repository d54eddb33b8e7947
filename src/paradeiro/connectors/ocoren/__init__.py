"""In: nothing; out: OCOREN, the files of occurrences (PROCEDA 3.0, 3.1, 5.0) of many carriers, as a connector."""

import re
import unicodedata

from paradeiro.connectors.ocoren.client import OcorenSession
from paradeiro.connectors.ocoren.codes import CODES, FILES, TABLE
from paradeiro.connectors.ocoren.parse import parse_with
from paradeiro.connectors.ocoren.split import split_file
from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.orders.identifiers import IdentifierKind
from paradeiro.domain.words import PartyKind, Way
from paradeiro.sdk.contract import AccountField, Connector

# The file's own names. It has no name of a carrier: every carrier can write it.
_NAMES = frozenset({"ocoren", "proceda"})
_WORD = re.compile(r"[a-z]+")


def is_ocoren(courier: str) -> bool:
    """Whether a shop's free text names the file itself."""
    plain = unicodedata.normalize("NFKD", courier).casefold()
    return not _NAMES.isdisjoint(_WORD.findall("".join(c for c in plain if not unicodedata.combining(c))))


CONNECTOR = Connector(
    name="ocoren",
    title="OCOREN (EDI)",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("carrier", help="the carrier that writes the files, as notices shall name it"),
        AccountField(
            TABLE,
            help=f"whose codes its files have: {', '.join(FILES)}, or own for the rows in {CODES} alone. "
            "Ask the carrier; without a table every code is unknown",
            example="base",
        ),
        AccountField(
            CODES,
            required=False,
            help="rows of this carrier's own over the table: 110=out_for_delivery;208=attempt_failed/recipient_absent",
            example="110=out_for_delivery;133=out_for_delivery;208=attempt_failed/recipient_absent",
        ),
    ),
    open=OcorenSession,
    ways=frozenset({Way.FILE}),
    identifiers=(IdentifierKind.INVOICE, IdentifierKind.INVOICE_TAIL),
    time_zone="America/Sao_Paulo",
    parse_with=parse_with,
    split_file=split_file,
    check_code=free_code_problem,
    recognises_courier=is_ocoren,
)
