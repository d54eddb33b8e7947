"""In: nothing; out: Correios, the Brazilian postal service, as a connector."""

import re
import unicodedata
from importlib import resources

from paradeiro.connectors.correios import bulk, proofs
from paradeiro.connectors.correios.client import PRODUCTION, CorreiosSession
from paradeiro.connectors.correios.parse import parse
from paradeiro.connectors.correios.push import read_push
from paradeiro.connectors.correios.text import plain
from paradeiro.domain.following.tracking_codes import s10_problem
from paradeiro.domain.words import PartyKind, ProofKind
from paradeiro.sdk.answer_shape import read_fields
from paradeiro.sdk.contract import AccountField, Connector

# Carrier names that shops write for packages sent with Correios. Free text at VTEX (facts/vtex, section 2.1).
_NAMES = frozenset({"correios", "sedex", "esedex", "pac", "ect", "ebct", "minienvios"})
_WORD = re.compile(r"[a-z]+")
# Services by number (PAC, SEDEX, Mini Envios, with and without a contract) without the zeros before it, and the post's
# tax number, as they stand in the carrier's column of ERPs.
_SERVICE_NUMBERS = (
    "3050 3085 3140 3158 3204 3212 3220 3298 3328 4014 4065 4162 4227 4367 4510 4596 4669 4693 4707 4790 4804 4812 "
    "4871 40010 40045 40096 40169 40215 40290 40436 40444 41068 41106 41211 41300 81019"
)
_SERVICES = frozenset(_SERVICE_NUMBERS.split())
_TAX_NUMBER = "34028316"
_NUMBER = re.compile(r"\d{4,5}", re.ASCII)


def tracking_url(code: str) -> str:
    """The public page at Correios that looks a code up."""
    return f"https://rastreamento.correios.com.br/app/index.php?objetos={code}"


def is_correios(courier: str) -> bool:
    """Whether a shop's free text means Correios: one of its words is a known name, or it is a Correios number."""
    text = plain(unicodedata.normalize("NFKC", courier)).strip(" '\u00a0")
    if not _NAMES.isdisjoint(_WORD.findall(text)) or "mini envios" in text:
        return True
    if _NUMBER.fullmatch(text) and text.lstrip("0") in _SERVICES:
        return True
    return re.sub(r"[./\-\s]", "", text).startswith(_TAX_NUMBER) and len(re.sub(r"\D", "", text)) == len(
        "34028316000103"
    )


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
    recognises_courier=is_correios,
    fields=read_fields(resources.files(__name__).joinpath("fields.csv").read_text(encoding="utf-8")),
    whole_history=True,
    read_push=read_push,
    large_batch_size=bulk.MOST_CODES,
    proofs=frozenset(ProofKind),
    proof_batch_size=proofs.MOST_CODES,
)
