"""In: Correios' free texts; out: clean text, and a meaning for events without any code. Never a delivery."""

import html
import re
import unicodedata

from paradeiro.connectors.correios.codes import UNKNOWN, Meaning
from paradeiro.domain.words import Reason, Status

LONGEST = 500
_TAG = re.compile(r"<[^<>]{0,2000}>")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
# Invitations to Correios' satisfaction survey are removed.
_SENTENCE = re.compile(r"[^.!?]+[.!?]*|[.!?]+")
_SURVEY = re.compile(r"\b(?:pesquisa|avalie|opini[aã]o|clique aqui|satisfa[cç][aã]o)\b", re.IGNORECASE)
_BLANKS = re.compile(r"[\s\u200b-\u200f\u2028-\u202e\u2060\ufeff\x00-\x1f\x7f-\x9f]+")
_NO_WORD = re.compile(r"[^a-z0-9]+")
_ONLY_POINTS = re.compile(r"[\s.…·-]*")

# Negations first: "não entregue" contains "entregue" (facts, failure 9). Deliveries are deliberately missing:
# a delivery needs a code.
_FAILED = (
    "nao entregue",
    "nao foi entregue",
    "entrega nao realizada",
    "entrega nao efetuada",
    "carteiro nao atendido",
)
_WHY_FAILED = (
    ("nao atendido", Reason.RECIPIENT_ABSENT),
    # Who is not there before where it is: "mudou-se do endereço indicado".
    ("endereco desconhecido", Reason.ADDRESS_PROBLEM),
    ("desconhecido", Reason.RECIPIENT_UNKNOWN),
    ("falecido", Reason.RECIPIENT_UNKNOWN),
    ("ex-funcionario", Reason.RECIPIENT_UNKNOWN),
    ("demitido", Reason.RECIPIENT_UNKNOWN),
    ("mudou-se", Reason.RECIPIENT_MOVED),
    ("endereco", Reason.ADDRESS_PROBLEM),
    ("recusou", Reason.REFUSED),
    ("prazo de retirada", Reason.PICKUP_EXPIRED),
)
_LOST = "nao localizado"
_NOT = re.compile(r"\bnao\b")
# The first match counts.
_TEXTS = (
    ("sera entregue ao remetente", Meaning(Status.RETURNING)),
    ("entregue ao remetente", Meaning(Status.RETURNED)),
    ("saiu para entrega ao remetente", Meaning(Status.RETURNING)),
    ("devolvido ao remetente", Meaning(Status.RETURNING)),
    ("prazo de retirada pelo destinatario encerrado", Meaning(Status.RETURNING, Reason.PICKUP_EXPIRED)),
    ("saiu para entrega ao destinatario", Meaning(Status.OUT_FOR_DELIVERY)),
    ("em rota de entrega", Meaning(Status.OUT_FOR_DELIVERY)),
    ("aguardando retirada", Meaning(Status.AVAILABLE_FOR_PICKUP)),
    ("disponivel para retirada", Meaning(Status.AVAILABLE_FOR_PICKUP)),
    ("encaminhado para retirada", Meaning(Status.AVAILABLE_FOR_PICKUP)),
    ("direcionado para entrega em unidade", Meaning(Status.IN_TRANSIT)),
    ("roubado", Meaning(Status.EXCEPTION, Reason.STOLEN)),
    ("inconsistencias no enderecamento", Meaning(Status.EXCEPTION, Reason.ADDRESS_PROBLEM)),
    ("etiqueta cancelada", Meaning(Status.CANCELLED)),
    ("etiqueta expirada", Meaning(Status.CANCELLED)),
    ("etiqueta emitida", Meaning(Status.REGISTERED)),
    ("saiu para coleta", Meaning(Status.REGISTERED)),
    ("em correcao de rota", Meaning(Status.IN_TRANSIT, Reason.MISROUTED)),
    ("em transito", Meaning(Status.IN_TRANSIT)),
    ("em transferencia", Meaning(Status.IN_TRANSIT)),
    ("encaminhado para fiscalizacao", Meaning(Status.IN_TRANSIT, Reason.CUSTOMS)),
    ("encaminhado para apreensao", Meaning(Status.EXCEPTION, Reason.SEIZED)),
    ("encaminhado", Meaning(Status.IN_TRANSIT)),
    ("objeto postado", Meaning(Status.ACCEPTED)),
)


def clean(value: object) -> str:
    """A text without tags, links, survey invitations, control characters and doubled blanks; empty for any
    other type.
    """
    if not isinstance(value, str):
        return ""
    text = html.unescape(_TAG.sub(" ", value[: 8 * LONGEST]))
    text = _LINK.sub(" ", _TAG.sub(" ", text))
    text = "".join(" " if _SURVEY.search(sentence) else sentence for sentence in _SENTENCE.findall(text))
    text = _BLANKS.sub(" ", text.encode("utf-8", "ignore").decode("utf-8")).strip()
    return "" if _ONLY_POINTS.fullmatch(text) else text[:LONGEST]


def plain(text: str) -> str:
    """Lower case without accents, for comparing."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def slug(text: str) -> str:
    """A text as part of a code: identifies an event that has no code of its own."""
    return _NO_WORD.sub("-", plain(text)).strip("-")[:60] or "nothing"


def meaning_of_text(text: str) -> Meaning:
    """The certain meaning of a text; unknown for unrecognised or negated texts. Never delivered."""
    words = plain(text)
    if any(part in words for part in _FAILED):
        why = next((reason for part, reason in _WHY_FAILED if part in words), Reason.OTHER)
        return Meaning(Status.ATTEMPT_FAILED, why)
    if _LOST in words:
        return Meaning(Status.EXCEPTION, Reason.LOST)
    if _NOT.search(words):
        return UNKNOWN
    return next((meaning for part, meaning in _TEXTS if part in words), UNKNOWN)
