"""In: a push as received and the secret; out: whether it proves itself and states facts, or what is wrong. Pure.

Loggi signs nothing: it sends HTTP Basic with what its sales team was told. The password is our secret; the user name is
free. The body is that of an answer.
"""

import base64
import hmac
from collections.abc import Mapping

from paradeiro.connectors.loggi.parse import parse
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import HOOK_SECRET, Push, PushRead

_SCHEME = "basic"
_TESTS = (b"", b"{}", b"[]", b"null")


def read_push(push: Push, settings: Mapping[str, str]) -> PushRead:
    """What a push is worth. Never raises, whatever the bytes are."""
    problem = _password_problem(push.headers.get("authorization", ""), settings.get(HOOK_SECRET, ""))
    if problem:
        return PushRead(Outcome.AUTH_FAILED, message=problem)
    if push.body.strip() in _TESTS:
        return PushRead(Outcome.NOT_FOUND, message="a test that names no package")
    parsed = parse(push.body)
    found = [each for each in parsed if each.outcome is Outcome.FOUND]
    if any(not each.identifiers for each in found):
        return PushRead(Outcome.MALFORMED, message="it states news of a package that it does not name")
    if found:
        return PushRead(Outcome.FOUND, states_facts=True)
    return PushRead(parsed[0].outcome, message=parsed[0].message)


def _password_problem(header: str, secret: str) -> str:
    """Why the push is not proven to be from Loggi; empty if it is."""
    if not secret:
        return "there is no secret to check it with"
    scheme, _, credentials = header.strip().partition(" ")
    if scheme.lower() != _SCHEME:
        return "there is no HTTP Basic"
    try:
        password = base64.b64decode(credentials.strip(), validate=True).partition(b":")[2]
    except ValueError:
        return "the HTTP Basic cannot be read"
    return "" if hmac.compare_digest(password, secret.encode()) else "the password is another"
