"""In: recorded answers, with the instant from which each is valid; out: the one valid now."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class RecordedAnswers:
    """Recorded journeys played back instead of generated ones: objects by code, and whole answers byte for byte."""

    objects: dict[str, list[tuple[datetime, dict[str, Any]]]] = field(default_factory=dict)
    wholes: dict[str, list[tuple[datetime, bytes]]] = field(default_factory=dict)

    def play(self, code: str, since: datetime, answer: bytes) -> None:
        """Use this answer about a code from `since` on: the code's object in it, or the whole answer unchanged if it
        has no such object (a web page, half an answer).
        """
        found = _object_of(answer, code)
        if found is None:
            self.wholes.setdefault(code, []).append((since, answer))
        else:
            self.objects.setdefault(code, []).append((since, found))

    def object(self, code: str, now: datetime) -> dict[str, Any] | None:
        """The recorded object that is valid now."""
        held = [told for since, told in self.objects.get(code, ()) if since <= now]
        return held[-1] if held else None

    def whole(self, codes: list[str], now: datetime) -> bytes | None:
        """The recorded whole answer that replaces the answer about these codes now; a later object ends it."""
        for code in codes:
            held = [(since, body) for since, body in self.wholes.get(code, ()) if since <= now]
            mended = [since for since, _ in self.objects.get(code, ()) if since <= now]
            if held and (not mended or max(mended) < held[-1][0]):
                return held[-1][1]
        return None


def _object_of(answer: bytes, code: str) -> dict[str, Any] | None:
    try:
        told = json.loads(answer)
    except ValueError:
        return None
    found = told.get("objetos", [told]) if isinstance(told, dict) else told
    if not isinstance(found, list):
        return None
    return next((each for each in found if isinstance(each, dict) and each.get("codObjeto") == code), None)
