"""In: a push as received and our secret; out: whether it states facts, or why it is no valid push. Pure.

A carrier or an ERP posts the XML of an event to our address with the address's secret key in a header. The key proves
who posts; the signature in the XML proves who states it.
"""

import hmac
from collections.abc import Mapping

from paradeiro.connectors.nfe_cte.document import DocumentError, OtherDocumentError
from paradeiro.connectors.nfe_cte.event import OtherEnvironmentError, read_fiscal_event
from paradeiro.connectors.nfe_cte.parse import parse_with
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import HOOK_SECRET, Push, PushRead

KEY_HEADER = "x-api-key"
_AUTHORIZATION, _BEARER = "authorization", "bearer "


def read_push(push: Push, settings: Mapping[str, str]) -> PushRead:
    """The push. Never raises, whatever the bytes are."""
    problem = _key_problem(push, settings.get(HOOK_SECRET, ""))
    if problem:
        return PushRead(Outcome.AUTH_FAILED, message=problem)
    if not push.body.strip():
        return PushRead(Outcome.NOT_FOUND, message="a test call: it has no document", identity="test call")
    try:
        found = read_fiscal_event(push.body, settings)
    except (OtherDocumentError, OtherEnvironmentError) as error:
        return PushRead(Outcome.NOT_FOUND, message=str(error))
    except DocumentError as error:
        return PushRead(Outcome.MALFORMED, message=str(error))
    answers = parse_with(push.body, settings)
    if all(each.outcome is not Outcome.FOUND for each in answers):
        return PushRead(Outcome.MALFORMED, message=answers[0].message)
    return PushRead(Outcome.FOUND, identity=found.identity, states_facts=True)


def _key_problem(push: Push, secret: str) -> str:
    """Why the push is not proven; empty if it is."""
    if not secret:
        return "there is no secret to check it with"
    given = push.headers.get(KEY_HEADER, "")
    bearer = push.headers.get(_AUTHORIZATION, "")
    if not given and bearer[: len(_BEARER)].lower() == _BEARER:
        given = bearer[len(_BEARER) :].strip()
    if not given:
        return f"there is no header {KEY_HEADER} with the address's key"
    right = hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())
    return "" if right else "the key is another"
