"""In: Correios' free texts; out: plain words, and a meaning where there is no code at all. Never a delivery."""

import html
import re
import unicodedata

from paradeiro.domain.words import Status

LONGEST = 500
_TAG = re.compile(r"<[^<>]{0,2000}>")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
# Their satisfaction survey, and the words that lead to it, are no news.
_SENTENCE = re.compile(r"[^.!?]+[.!?]*|[.!?]+")
_SURVEY = re.compile(r"\b(?:pesquisa|avalie|opini[aã]o|clique aqui|satisfa[cç][aã]o)\b", re.IGNORECASE)
_BLANKS = re.compile(r"[\s\u200b-\u200f\u2028-\u202e\u2060\ufeff\x00-\x1f\x7f-\x9f]+")
_NO_WORD = re.compile(r"[^a-z0-9]+")
_ONLY_POINTS = re.compile(r"[\s.…·-]*")

# Negations first: "não entregue" contains "entregue" (facts, failure 9). What stands for a delivery is not here:
# a delivery needs a code.
_TEXTS = (
    ("nao entregue", Status.ATTEMPT_FAILED),
    ("entrega nao realizada", Status.ATTEMPT_FAILED),
    ("nao foi entregue", Status.ATTEMPT_FAILED),
    ("carteiro nao atendido", Status.ATTEMPT_FAILED),
    ("entregue ao remetente", Status.RETURNED),
    ("saiu para entrega ao remetente", Status.RETURNING),
    ("devolvido ao remetente", Status.RETURNING),
    ("prazo de retirada pelo destinatario encerrado", Status.RETURNING),
    ("saiu para entrega ao destinatario", Status.OUT_FOR_DELIVERY),
    ("em rota de entrega", Status.OUT_FOR_DELIVERY),
    ("aguardando retirada", Status.AVAILABLE_FOR_PICKUP),
    ("disponivel para retirada", Status.AVAILABLE_FOR_PICKUP),
    ("roubado", Status.EXCEPTION),
    ("nao localizado", Status.EXCEPTION),
    ("etiqueta cancelada", Status.CANCELLED),
    ("etiqueta expirada", Status.CANCELLED),
    ("etiqueta emitida", Status.REGISTERED),
    ("saiu para coleta", Status.REGISTERED),
    ("em correcao de rota", Status.IN_TRANSIT),
    ("em transito", Status.IN_TRANSIT),
    ("em transferencia", Status.IN_TRANSIT),
    ("encaminhado", Status.IN_TRANSIT),
    ("objeto postado", Status.ACCEPTED),
)


def clean(value: object) -> str:
    """A text without tags, links, survey invitations, control characters and doubled blanks; empty for what is none."""
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
    """A text as part of a code: what identifies an event that has no code of its own."""
    return _NO_WORD.sub("-", plain(text)).strip("-")[:60] or "nothing"


def meaning_of_text(text: str) -> Status | None:
    """A status that a text surely says; None if it does not. Never delivered."""
    words = plain(text)
    return next((status for part, status in _TEXTS if part in words), None)
