"""In: a push as received and the signing secret; out: the codes to look up now, or why it is no valid push. Pure.

The content of a push is never trusted: its payload is confirmed by no public source (facts, section 1.6). So only
tracking codes are read from it, wherever they stand, and then looked up at Correios.
"""

import base64
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256

from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import HOOK_SECRET, Push, PushRead

SIGNATURE = "x-correios-signature"
_PREFIX = "sha256="
_CODE_KEYS = frozenset({"codigoobjeto", "codobjeto", "objeto"})
_S10 = re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}", re.ASCII)
_S10_IN_TEXT = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{9}[A-Z]{2}(?![A-Z0-9])", re.ASCII)
# Objects, lists and texts that are JSON themselves, one inside the other.
_DEEPEST = 12
_NO_JSON = object()


def read_push(push: Push, settings: Mapping[str, str]) -> PushRead:
    """The tracking codes in a push. Never raises, whatever the bytes are."""
    problem = _signature_problem(push, settings.get(HOOK_SECRET, ""))
    if problem:
        return PushRead(Outcome.AUTH_FAILED, message=problem)
    told = _json(push.body)
    if told is _NO_JSON:
        return PushRead(Outcome.MALFORMED, message="it is not JSON")
    pairs = list(_texts(told))
    named = [code for key, text in pairs if key in _CODE_KEYS and _S10.fullmatch(code := tidy_code(text))]
    # The keys are assumptions of integrators: if none matches, a code under any other key is used as well.
    named = named or [code for _, text in pairs for code in _S10_IN_TEXT.findall(text.upper())]
    about = tuple(dict.fromkeys(named))
    return PushRead(Outcome.FOUND, about) if about else PushRead(Outcome.NOT_FOUND, message="it names no package")


def _signature_problem(push: Push, secret: str) -> str:
    """Why the signature is not right; empty if it is."""
    if not secret:
        return "there is no secret to check it with"
    given = push.headers.get(SIGNATURE, "").strip()
    if not given:
        return f"there is no {SIGNATURE}"
    if given[: len(_PREFIX)].lower() == _PREFIX:
        given = given[len(_PREFIX) :].strip()
    mark = hmac.new(secret.encode(), push.body, sha256).digest()
    # The form is not documented; known receivers accept these (facts, section 1.6).
    plain, safe = base64.b64encode(mark).decode(), base64.urlsafe_b64encode(mark).decode()
    forms = (mark.hex(), mark.hex().upper(), plain, plain.rstrip("="), safe, safe.rstrip("="))
    said = given.encode("utf-8", "replace")
    # Each is compared in full, so that the time taken reveals nothing.
    right = [hmac.compare_digest(said, form.encode()) for form in forms]
    return "" if any(right) else "the signature does not fit"


def _json(text: bytes | str) -> object:
    """The JSON in a text; `_NO_JSON` if there is none."""
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return _NO_JSON
    return found


def _texts(told: object) -> Iterator[tuple[str, str]]:
    """Every text in a document with its key in lower case (items of a list have the list's key)."""
    level: list[tuple[str, object]] = [("", told)]
    for _ in range(_DEEPEST):
        below: list[tuple[str, object]] = []
        for key, value in level:
            if isinstance(value, dict):
                below += [(str(name).lower(), inner) for name, inner in value.items()]
            elif isinstance(value, list):
                below += [(key, inner) for inner in value]
            elif isinstance(value, str):
                inner = _json(value) if value.lstrip()[:1] in {"{", "["} else _NO_JSON
                if inner is _NO_JSON:
                    yield key, value
                else:
                    below.append((key, inner))
        level = below
