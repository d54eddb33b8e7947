"""In: a message and the secrets of its endpoint; out: the headers that prove who sent it (Standard Webhooks 1.0)."""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

PREFIX = "whsec_"


def secret_bytes(secret: str) -> bytes:
    """The key in a `whsec_…` text. Raises ValueError for any other text."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("the secret is not whsec_ and base64") from error
    if not key:
        raise ValueError("the secret is empty")
    return key


def secrets_of(settings: Mapping[str, str], now: datetime) -> list[str]:
    """The secrets that are valid now, the newest first."""
    former, until = settings.get("former_secret", ""), settings.get("former_until", "")
    keep = bool(former and until) and now < datetime.fromisoformat(until)
    return [settings["secret"], *([former] if keep else [])]


def signature_headers(secrets: Sequence[str], message_id: str, at: datetime, body: bytes) -> list[tuple[str, str]]:
    """The three headers; one signature per secret, so that the other side may change secrets at any time."""
    seconds = str(int(at.timestamp()))
    content = f"{message_id}.{seconds}.".encode() + body
    marks = [base64.b64encode(hmac.digest(secret_bytes(each), content, sha256)).decode() for each in secrets]
    return [
        ("webhook-id", message_id),
        ("webhook-timestamp", seconds),
        ("webhook-signature", " ".join(f"v1,{mark}" for mark in marks)),
    ]
