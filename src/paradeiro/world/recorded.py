"""In: answers that were really recorded, with the instant from which each holds; out: the one that holds now."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Recorded:
    """Journeys played back instead of made-up ones: objects by code, and whole answers byte for byte."""

    objects: dict[str, list[tuple[datetime, dict[str, Any]]]] = field(default_factory=dict)
    wholes: dict[str, list[tuple[datetime, bytes]]] = field(default_factory=dict)

    def play(self, code: str, since: datetime, answer: bytes) -> None:
        """From `since` on, this is what is told about a code: the object in a recorded answer, or all of it as it is
        if it has no object of that code (a web page, half an answer).
        """
        found = _object_of(answer, code)
        if found is None:
            self.wholes.setdefault(code, []).append((since, answer))
        else:
            self.objects.setdefault(code, []).append((since, found))

    def object(self, code: str, now: datetime) -> dict[str, Any] | None:
        """The recorded object that holds now."""
        held = [told for since, told in self.objects.get(code, ()) if since <= now]
        return held[-1] if held else None

    def whole(self, codes: list[str], now: datetime) -> bytes | None:
        """The recorded answer that spoils a question about these codes now; a later object ends it."""
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
