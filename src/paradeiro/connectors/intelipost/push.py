"""In: a push as received, the account's secrets; out: whether it states facts about a volume. Pure.

They do not sign: they send a key, as the header `api-key` (older modules) or as the user of HTTP Basic (the newest).
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from contextlib import suppress

import msgspec

from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import HOOK_SECRET, Push, PushRead

SECRET = "push_key"  # noqa: S105 - the setting's name
_BASIC = "basic "


def read_push(push: Push, settings: Mapping[str, str]) -> PushRead:
    """Whether a push states facts. Never raises, whatever the bytes are."""
    secrets = [secret.encode() for name in (HOOK_SECRET, SECRET) if (secret := settings.get(name) or "")]
    if not secrets:
        return PushRead(Outcome.AUTH_FAILED, message="there is no key to compare with")
    # Each is compared in full, so that the time taken reveals nothing.
    right = [hmac.compare_digest(given, secret) for given in _keys(push) for secret in secrets]
    if not any(right):
        return PushRead(Outcome.AUTH_FAILED, message="it does not send our key")
    try:
        told = msgspec.json.decode(push.body) if push.body.strip() else {}
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return PushRead(Outcome.MALFORMED, message="it is not JSON")
    if not isinstance(told, dict) or not isinstance(told.get("history"), dict):
        return PushRead(Outcome.NOT_FOUND, message="it tells of no volume: a test call")
    if not any(_says(told.get(name)) for name in ("order_number", "sales_order_number", "tracking_code")):
        return PushRead(Outcome.NOT_FOUND, message="it names no order: a test call")
    return PushRead(Outcome.FOUND, states_facts=True)


def _says(value: object) -> bool:
    return isinstance(value, str | int) and bool(str(value).strip())


def _keys(push: Push) -> list[bytes]:
    """The keys that a push sends, in either way."""
    header = push.headers.get("authorization", "").strip()
    found = [push.headers.get("api-key", "").strip().encode("utf-8", "replace")]
    if header[: len(_BASIC)].lower() == _BASIC:
        with suppress(binascii.Error, ValueError):  # not Basic as it is written: no key
            found.append(base64.b64decode(header[len(_BASIC) :].strip(), validate=True).partition(b":")[0])
    return found
