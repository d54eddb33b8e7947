"""In: a push as received and the account's key; out: whether it proves itself and states facts, or what is wrong. Pure.

J&T signs a push as it wants questions signed: base64 of the MD5 of the content followed by the private key. The same
push can be sent again by who saw it; it says nothing new then.
"""

import base64
import hmac
from collections.abc import Mapping
from hashlib import md5

from paradeiro.connectors.jt_express.envelope import content_of
from paradeiro.connectors.jt_express.parse import parse
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import HOOK_SECRET, Push, PushRead

# The header's name, in questions and pushes.
DIGEST = "digest"
# Whose key it may be signed with: the console's, or the secret of our address where that was entered there.
_KEYS = ("private_key", HOOK_SECRET)
_TESTS = (b"", b"{}", b"[]", b"null")


def digest_of(content: bytes, key: str) -> str:
    """The signature of a content: theirs of pushes, ours of questions."""
    return base64.b64encode(md5(content + key.encode(), usedforsecurity=False).digest()).decode()


def read_push(push: Push, settings: Mapping[str, str]) -> PushRead:
    """What a push is worth. Never raises, whatever the bytes are."""
    content = content_of(push.body)
    problem = _digest_problem(content, push.headers.get(DIGEST, ""), [settings.get(name) or "" for name in _KEYS])
    if problem:
        return PushRead(Outcome.AUTH_FAILED, message=problem)
    if content.strip() in _TESTS:
        return PushRead(Outcome.NOT_FOUND, message="a test that names no parcel")
    parsed = parse(push.body)
    found = [each for each in parsed if each.outcome is Outcome.FOUND]
    if any(not each.identifiers for each in found):
        return PushRead(Outcome.MALFORMED, message="it states news of a parcel that it does not name")
    if found:
        return PushRead(Outcome.FOUND, states_facts=True)
    outcome = Outcome.NOT_FOUND if parsed[0].outcome is Outcome.NOT_FOUND else Outcome.MALFORMED
    return PushRead(outcome, message=parsed[0].message)


def _digest_problem(content: bytes, given: str, keys: list[str]) -> str:
    """Why the push is not proven to be from J&T; empty if it is."""
    if not any(keys):
        return "there is no key to check it with"
    if not given:
        return f"there is no header '{DIGEST}'"
    said = given.strip().encode("utf-8", "replace")
    # Each is compared in full, so that the time taken reveals nothing.
    right = [hmac.compare_digest(said, digest_of(content, key).encode()) for key in keys if key]
    return "" if any(right) else "the digest does not fit"
