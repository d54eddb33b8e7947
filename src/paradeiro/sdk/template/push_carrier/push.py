"""In: a push as received and the secret; out: whether it proves itself and states facts, or what is wrong. Pure."""

import hmac
from collections.abc import Mapping
from hashlib import sha256

from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import HOOK_SECRET, Push, PushRead
from paradeiro.sdk.template.push_carrier.parse import parse

# The carrier signs the body as it is sent: HMAC with SHA-256, in hex.
SIGNATURE = "x-signature"


def read_push(push: Push, settings: Mapping[str, str]) -> PushRead:
    """What a push is worth. Never raises, whatever the bytes are."""
    problem = _signature_problem(push, settings.get(HOOK_SECRET, ""))
    if problem:
        return PushRead(Outcome.AUTH_FAILED, message=problem)
    told = parse(push.body)[0]
    return PushRead(told.outcome, message=told.message, states_facts=told.outcome is Outcome.FOUND)


def _signature_problem(push: Push, secret: str) -> str:
    """Why the push is not proven to be the carrier's; empty if it is."""
    if not secret:
        return "there is no secret to check it with"
    given = push.headers.get(SIGNATURE, "").strip().encode("utf-8", "replace")
    right = hmac.new(secret.encode(), push.body, sha256).hexdigest().encode()
    # Compared in full, so that the time taken reveals nothing.
    return "" if hmac.compare_digest(given, right) else f"{SIGNATURE} does not fit"
