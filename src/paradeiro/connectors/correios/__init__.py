"""In: nothing; out: Correios, the Brazilian post office, as a connector."""

import re
from importlib import resources

from paradeiro.connectors.correios import bulk, proofs
from paradeiro.connectors.correios.client import PRODUCTION, CorreiosSession
from paradeiro.connectors.correios.parse import parse
from paradeiro.connectors.correios.push import read_push
from paradeiro.connectors.correios.text import plain
from paradeiro.domain.codes import s10_problem
from paradeiro.domain.words import PartyKind, ProofKind
from paradeiro.sdk.contract import AccountField, Connector
from paradeiro.sdk.shape import read_fields

# What shops write as the carrier of a package that goes by post. Free text at VTEX (facts/vtex, section 2.1).
_NAMES = frozenset({"correios", "sedex", "esedex", "pac"})
_WORD = re.compile(r"[a-z]+")


def tracking_url(code: str) -> str:
    """Where a person may look a code up at Correios themselves."""
    return f"https://rastreamento.correios.com.br/app/index.php?objetos={code}"


def recognises(courier: str) -> bool:
    """Whether a shop's free text means Correios: a whole word of it says so."""
    return not _NAMES.isdisjoint(_WORD.findall(plain(courier)))


CONNECTOR = Connector(
    name="correios",
    title="Correios",
    kinds=frozenset({PartyKind.CARRIER}),
    account_fields=(
        AccountField("base_url", required=False, help=f"default {PRODUCTION}; homologation has another"),
        AccountField("user", required=False, help="the Meu Correios user"),
        AccountField("access_code", secret=True, required=False, help="the access code to the API, made at CWS"),
        AccountField("posting_card", required=False, help="number of the posting card (cartão de postagem)"),
        AccountField("contract", required=False, help="number of the contract, if there is no card"),
        AccountField("dr", required=False, help="number of the regional office, if Correios asks for it"),
        AccountField("api_key", secret=True, required=False, help="a ready-made key cws-ch1_…, instead of all that"),
        AccountField("async", required=False, help="yes if the contract has the API 534; no never to use it"),
    ),
    open=CorreiosSession,
    time_zone="America/Sao_Paulo",
    batch_size=50,
    requests_per_second=40.0,
    parse=parse,
    check_code=s10_problem,
    tracking_url=tracking_url,
    recognises_courier=recognises,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
    whole_history=True,
    read_push=read_push,
    large_batch_size=bulk.MOST_CODES,
    proofs=frozenset(ProofKind),
    proof_batch_size=proofs.MOST_CODES,
)
