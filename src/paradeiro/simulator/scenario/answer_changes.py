"""In: Correios' answer as bytes, a kind of change; out: the answer reworded, or with other content."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_Object = dict[str, Any]
_ZONE = ZoneInfo("America/Sao_Paulo")
_A_MINUTE = timedelta(minutes=1)


def _like_newest(events: list[_Object], kind: str, number: str, text: str) -> _Object:
    """An event a minute after the newest, at the same place."""
    newest = events[0]
    at = datetime.fromisoformat(newest["dtHrCriado"]) + _A_MINUTE
    place = {name: newest[name] for name in ("unidade",) if name in newest}
    return {"codigo": kind, "tipo": number, "dtHrCriado": f"{at:%Y-%m-%dT%H:%M:%S}", "descricao": text, **place}


def _unknown_code(events: list[_Object]) -> list[_Object]:
    """A code that no list of Correios has (it broke lookup tables: facts/correios, section 6, row 14)."""
    return [_like_newest(events, "ZZZ", "99", "Objeto em situação nova"), *events]


def _withdrawn(events: list[_Object]) -> list[_Object]:
    """The newest event is withdrawn."""
    return [_like_newest(events, "EST", "01", "Favor desconsiderar a informação anterior"), *events]


def _reworded(events: list[_Object]) -> list[_Object]:
    """The same events with other texts, as happened to RO/01 twice (facts/correios, section 4)."""
    return [
        event | {"descricao": f"{event['descricao']} (novo texto)", "detalhe": "Consulte o site"} for event in events
    ]


def _renamed_field(events: list[_Object]) -> list[_Object]:
    """A field has another name from one day to the next."""
    return [{("dtHrEvento" if name == "dtHrCriado" else name): value for name, value in e.items()} for e in events]


def _other_dates(events: list[_Object]) -> list[_Object]:
    """The day first, with dots."""
    return [e | {"dtHrCriado": f"{datetime.fromisoformat(e['dtHrCriado']):%d.%m.%Y %H:%M:%S}"} for e in events]


def _new_delivery_codes(events: list[_Object]) -> list[_Object]:
    """Deliveries get numbers that no list has: 01 is 91, 67 is 97, 70 is 90."""
    new = {"01": "91", "67": "97", "70": "90"}
    return [e | {"tipo": new.get(e["tipo"], e["tipo"])} if e["codigo"] in {"BDE", "BDI"} else e for e in events]


def _before(events: list[_Object], since: datetime | None) -> list[_Object]:
    """The events before an instant; the answer's times are Brasília's."""
    if since is None:
        return []
    wall = since.astimezone(_ZONE).replace(tzinfo=None)
    return [e for e in events if datetime.fromisoformat(e["dtHrCriado"]) < wall]


def _no_events(_: list[_Object]) -> list[_Object]:
    """No events, with 200 OK."""
    return []


def _doubled(events: list[_Object]) -> list[_Object]:
    """Every event twice, unordered (facts/correios, section 6, rows 11 and 12)."""
    return sorted([*events, *events], key=lambda e: (e["descricao"], e["dtHrCriado"]))


# Renamed fields of the answer's root or of an object, by kind: (old, new).
RENAMES = {"renamed_list": ("eventos", "events"), "renamed_root": ("objetos", "itens")}

CHANGES: dict[str, Callable[[list[_Object]], list[_Object]]] = {
    "unknown_code": _unknown_code,
    "withdrawn": _withdrawn,
    "reworded": _reworded,
    "renamed_field": _renamed_field,
    "other_dates": _other_dates,
    "new_delivery_codes": _new_delivery_codes,
    "no_events": _no_events,
    "doubled": _doubled,
}


def change_answer(kind: str, answer: bytes, since: datetime | None = None) -> bytes:
    """The answer with the events of each of its objects changed, or a name; any other answer unchanged.

    New codes are given to events from `since` on.
    """
    try:
        told = json.loads(answer)
    except ValueError:
        return answer
    if not isinstance(told, dict) or "objetos" not in told:
        return answer
    if kind in RENAMES:
        old, new = RENAMES[kind]
        return json.dumps(told, ensure_ascii=False).replace(f'"{old}":', f'"{new}":').encode()
    for each in told["objetos"]:
        if each.get("eventos"):
            past = _before(each["eventos"], since) if kind == "new_delivery_codes" else []
            each["eventos"] = CHANGES[kind]([e for e in each["eventos"] if e not in past]) + past
    return json.dumps(told, ensure_ascii=False).encode()
