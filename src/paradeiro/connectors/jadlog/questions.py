"""In: what packages are asked by; out: Jadlog's questions about them, and which answer belongs to which. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from paradeiro.domain.orders import identifiers
from paradeiro.domain.orders.identifiers import Identifier, IdentifierKind, identifier_of

MOST_QUESTIONS = 100
_PLAIN_KINDS = ("codigo", "shipmentId", "cte")
_DEFAULT_KINDS = ("codigo", "shipmentId")
# Jadlog's kinds of document: an invoice by number, by key, a declaration of content (model 99 in a key).
_BY_NUMBER, _BY_KEY, _DECLARATION = 1, 2, 5
_DECLARATION_MODEL = "99"
_SLASHES = 2


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `text`: what the house asked by; `name` and `value`: the key that the answer echoes."""

    text: str
    name: str
    value: str
    body: Mapping[str, Any]


def kinds_asked(setting: str) -> tuple[str, ...]:
    """How tracking codes are asked about, in the order in which it is tried."""
    named = [each.strip().lower() for each in setting.split(",")]
    chosen = tuple(dict.fromkeys(kind for word in named for kind in _PLAIN_KINDS if kind.lower() == word))
    return chosen or _DEFAULT_KINDS


def is_plain(text: str) -> bool:
    """Whether this is a tracking code, which Jadlog knows under several names."""
    return identifier_of(text).kind in {IdentifierKind.TRACKING_CODE, IdentifierKind.CARRIER_NUMBER}


def question_of(text: str, kind: str, sender: str) -> Question:
    """The question about one package. `kind`: under which name a tracking code is asked; `sender`: its tax number,
    where the invoice's issuer is another.
    """
    known = identifier_of(text)
    match known.kind:
        case IdentifierKind.INVOICE_KEY:
            key = known.value
            form = _DECLARATION if key[20:22] == _DECLARATION_MODEL else _BY_KEY
            inner: dict[str, Any] = {"danfe": key, "cnpjRemetente": sender or key[6:20], "tpDocumento": form}
            return Question(text, "danfe", key, {"df": inner})
        case IdentifierKind.INVOICE:
            issuer, series, number = known.value.split("/")
            inner = {"nf": number, "serie": series, "cnpjRemetente": sender or issuer, "tpDocumento": _BY_NUMBER}
            return Question(text, "nf", f"{sender or issuer}/{series}/{number}", {"df": inner})
        case IdentifierKind.ORDER:
            return Question(text, "pedido", known.value, {"pedido": known.value})
        case _:
            return Question(text, kind, known.value, {kind: known.value})


def rounds_of(questions: Iterable[Question]) -> list[list[Question]]:
    """The questions in calls in which no number stands twice: asked under two names in one call, one of its two
    answers says that it is unknown (facts/carriers, section 3).
    """
    rounds: list[list[Question]] = []
    taken: list[set[str]] = []
    for question in questions:
        at = next((i for i, values in enumerate(taken) if question.value not in values), len(rounds))
        if at == len(rounds):
            rounds.append([])
            taken.append(set())
        rounds[at].append(question)
        taken[at].add(question.value)
    return rounds


def echo_of(item: Mapping[str, Any]) -> tuple[str, str]:
    """The key that an item of an answer echoes, as a question has it; empty texts if it echoes none."""
    inner = item.get("df")
    if isinstance(inner, dict):
        if _plain(inner.get("danfe")):
            return "danfe", _plain(inner["danfe"]).upper()
        parts = (_plain(inner.get("cnpjRemetente")).upper(), _digits(inner.get("serie")), _digits(inner.get("nf")))
        return "nf", "/".join(parts)
    return next(((name, _plain(item[name])) for name in (*_PLAIN_KINDS, "pedido") if _plain(item.get(name))), ("", ""))


def names_of(item: Mapping[str, Any], own_code: str) -> tuple[Identifier, ...]:
    """What an item names its package by: the key that it was asked by, and Jadlog's own code."""
    name, value = echo_of(item)
    found: list[Identifier | None] = []
    match name:
        case "danfe":
            found += identifiers.of_invoice_key(value)
        case "nf":
            found.append(identifiers.invoice(*value.split("/")) if value.count("/") == _SLASHES else None)
        case "pedido":
            found.append(identifiers.order_number(value))
        case _:
            found.append(identifiers.tracking_code(value))
    found.append(identifiers.tracking_code(own_code))
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _plain(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()


def _digits(value: object) -> str:
    """A number without leading zeros; 0 for an empty one, as `identifiers.invoice` writes a series."""
    return _plain(value).lstrip("0") or "0"
