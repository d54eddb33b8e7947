"""In: the post office's answer as bytes, a kind of change; out: it in other words, or saying something else."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

_Object = dict[str, Any]
_A_MINUTE = timedelta(minutes=1)


def _like_newest(events: list[_Object], kind: str, number: str, text: str) -> _Object:
    """An event a minute after the newest, at the same place."""
    newest = events[0]
    at = datetime.fromisoformat(newest["dtHrCriado"]) + _A_MINUTE
    place = {name: newest[name] for name in ("unidade",) if name in newest}
    return {"codigo": kind, "tipo": number, "dtHrCriado": f"{at:%Y-%m-%dT%H:%M:%S}", "descricao": text, **place}


def _unknown_code(events: list[_Object]) -> list[_Object]:
    """A code that no list of the post office has (tables were crashed by such: facts/correios, section 6, row 14)."""
    return [_like_newest(events, "ZZZ", "99", "Objeto em situação nova"), *events]


def _withdrawn(events: list[_Object]) -> list[_Object]:
    """The newest event is taken back."""
    return [_like_newest(events, "EST", "01", "Favor desconsiderar a informação anterior"), *events]


def _reworded(events: list[_Object]) -> list[_Object]:
    """The same events in other words, as happened to RO/01 twice (facts/correios, section 4)."""
    return [
        event | {"descricao": f"{event['descricao']} (novo texto)", "detalhe": "Consulte o site"} for event in events
    ]


def _renamed_field(events: list[_Object]) -> list[_Object]:
    """A field has another name from one day to the next."""
    return [{("dtHrEvento" if name == "dtHrCriado" else name): value for name, value in e.items()} for e in events]


CHANGES: dict[str, Callable[[list[_Object]], list[_Object]]] = {
    "unknown_code": _unknown_code,
    "withdrawn": _withdrawn,
    "reworded": _reworded,
    "renamed_field": _renamed_field,
}


def changed(kind: str, answer: bytes) -> bytes:
    """The answer with the events of each of its objects changed; any other answer as it is."""
    try:
        told = json.loads(answer)
    except ValueError:
        return answer
    if not isinstance(told, dict) or "objetos" not in told:
        return answer
    for each in told["objetos"]:
        if each.get("eventos"):
            each["eventos"] = CHANGES[kind](each["eventos"])
    return json.dumps(told, ensure_ascii=False).encode()
