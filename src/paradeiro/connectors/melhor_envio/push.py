"""In: a push as received, the account's secrets; out: whether it states facts about a label. Pure.

Signed with HMAC-SHA256 of the raw body, written in base64 by one public client and in hex by another: both are taken.
"""

import base64
import hmac
from collections.abc import Mapping
from hashlib import sha256

import msgspec

from paradeiro.connectors.melhor_envio.names import text_of
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import HOOK_SECRET, Push, PushRead

SIGNATURE = "x-me-signature"
SECRET = "client_secret"  # noqa: S105 - the setting's name


def read_push(push: Push, settings: Mapping[str, str]) -> PushRead:
    """Whether a push states facts. Never raises, whatever the bytes are."""
    secrets = [secret for name in (HOOK_SECRET, SECRET) if (secret := settings.get(name) or "")]
    if not secrets:
        return PushRead(Outcome.AUTH_FAILED, message="there is no secret to check it with")
    if not _is_signed(push, secrets):
        return PushRead(Outcome.AUTH_FAILED, message=f"the {SIGNATURE} does not fit")
    if not push.body.strip():
        return PushRead(Outcome.NOT_FOUND, message="an empty test call")
    try:
        told = msgspec.json.decode(push.body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return PushRead(Outcome.MALFORMED, message="it is not JSON")
    label = told.get("data") if isinstance(told, dict) else None
    if not isinstance(label, dict) or not text_of(label.get("id")):
        # The call that they make when the address is registered: anything but a 200 refuses the registration.
        return PushRead(Outcome.NOT_FOUND, message="it names no label: a test call")
    return PushRead(Outcome.FOUND, states_facts=True)


def _is_signed(push: Push, secrets: list[str]) -> bool:
    said = push.headers.get(SIGNATURE, "").strip().removeprefix("sha256=").encode("utf-8", "replace")
    forms: list[bytes] = []
    for secret in secrets:
        mark = hmac.new(secret.encode(), push.body, sha256).digest()
        forms += [base64.b64encode(mark), base64.b64encode(mark).rstrip(b"="), mark.hex().encode()]
    # Each is compared in full, so that the time taken reveals nothing.
    right = [hmac.compare_digest(said, form) or hmac.compare_digest(said.lower(), form) for form in forms]
    return any(right)
