"""In: a push as received and the security token; out: the numbers to look up now, or why it is no valid push. Pure.

FedEx signs its pushes (*Advanced Integrated Visibility*); how the body is laid out is not confirmed. So only tracking
numbers are read from it, wherever they stand, and then looked up.
"""

import base64
import hmac
from collections.abc import Iterator, Mapping
from hashlib import sha256

import msgspec

from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import HOOK_SECRET, Push, PushRead

SIGNATURE = "fdx-signature"
_NUMBER, _LONGEST_NUMBER = "trackingNumber", 40
# Objects and lists, one inside the other.
_DEEPEST = 12


def read_push(push: Push, settings: Mapping[str, str]) -> PushRead:
    """The tracking numbers in a push. Never raises, whatever the bytes are."""
    problem = _signature_problem(push, settings.get(HOOK_SECRET, ""))
    if problem:
        return PushRead(Outcome.AUTH_FAILED, message=problem)
    try:
        told: object = msgspec.json.decode(push.body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return PushRead(Outcome.MALFORMED, message="it is not JSON")
    about = tuple(dict.fromkeys(_numbers(told)))
    return PushRead(Outcome.FOUND, about) if about else PushRead(Outcome.NOT_FOUND, message="it names no package")


def _signature_problem(push: Push, secret: str) -> str:
    """Why the signature is not right; empty if it is."""
    if not secret:
        return "there is no secret to check it with"
    given = push.headers.get(SIGNATURE, "").strip().encode("utf-8", "replace")
    if not given:
        return f"there is no {SIGNATURE}"
    mark = hmac.new(secret.encode(), push.body, sha256).digest()
    # FedEx's page says base64 in one sentence and hex in the next. Each is compared in full, so that the time taken
    # reveals nothing.
    right = [hmac.compare_digest(given, form) for form in (base64.b64encode(mark), mark.hex().encode())]
    return "" if any(right) else "the signature does not fit"


def _numbers(told: object) -> Iterator[str]:
    """Every tracking number in a document, level by level."""
    level = [told]
    for _ in range(_DEEPEST):
        below: list[object] = []
        for each in level:
            if isinstance(each, dict):
                code = tidy_code(number) if isinstance(number := each.get(_NUMBER), str) else ""
                yield from (code,) if 0 < len(code) <= _LONGEST_NUMBER and code.isascii() and code.isalnum() else ()
                below += each.values()
            elif isinstance(each, list):
                below += each
        level = below
