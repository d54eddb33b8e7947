"""In: the bytes of an answer or push of J&T Express; out: the parcels in it as written, or why there are none. Pure.

A push is a form with one field `bizContent`, whose value is JSON; an answer is JSON.
"""

from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from paradeiro.domain.bounds import clean_text, one_line
from paradeiro.domain.words import Outcome

LONGEST = 300
FIELD = "bizContent"
_SUCCESS = "1"
Parcel = dict[str, Any]

# Numbers of the open platform, as documented for other countries (README). Any other is unreadable.
REFUSALS: dict[str, Outcome] = {
    "145003010": Outcome.AUTH_FAILED,  # no such apiAccount
    "145003012": Outcome.AUTH_FAILED,  # the account has no permission for the interface
    "145003030": Outcome.AUTH_FAILED,  # the digest does not fit
    "145003031": Outcome.AUTH_FAILED,  # a signature within the content does not fit
    "145003040": Outcome.RETRY,  # an exception of theirs
    "145003050": Outcome.REFUSED,  # parameters, so the number asked about
    "145003051": Outcome.AUTH_FAILED,  # no apiAccount
    "145003052": Outcome.AUTH_FAILED,  # no digest
    "145005000": Outcome.RETRY,  # their system
    "999001030": Outcome.NOT_FOUND,  # no data
}


class NoParcelsError(ValueError):
    """A body without parcels: its outcome, and why."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome


def content_of(body: bytes) -> bytes:
    """The exact bytes that a push's digest is of: the decoded field of the form, else the whole body."""
    for part in body.strip().split(b"&"):
        name, _, value = part.partition(b"=")
        if name == FIELD.encode():
            return unquote_to_bytes(value.replace(b"+", b" "))
    return body


def parcels_of(body: bytes) -> list[Parcel]:
    """The parcels of an answer or push. Raises `NoParcelsError`."""
    try:
        said = msgspec.json.decode(content_of(body))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise NoParcelsError(Outcome.MALFORMED, "it is not whole JSON") from None
    if isinstance(said, dict) and not _is_parcel(said):
        said = _data_of(said)
    found = [said] if isinstance(said, dict) else said
    if not isinstance(found, list) or not all(isinstance(each, dict) and _is_parcel(each) for each in found):
        raise NoParcelsError(Outcome.MALFORMED, "it has no parcels with 'details'")
    if not found:
        raise NoParcelsError(Outcome.NOT_FOUND, "no parcel of this number")
    return found


def _is_parcel(said: Parcel) -> bool:
    return "details" in said


def _data_of(said: dict[str, Any]) -> object:
    """What a successful answer holds. Raises `NoParcelsError` for any other."""
    if "code" not in said:
        raise NoParcelsError(Outcome.MALFORMED, f"neither 'code' nor 'details'; it has: {_names(said)}")
    code = text(said["code"])
    if code != _SUCCESS:
        words = f"{code or 'no code'}: {text(said.get('msg')) or 'no words'}"
        raise NoParcelsError(REFUSALS.get(code, Outcome.MALFORMED), words)
    if "data" not in said:
        raise NoParcelsError(Outcome.MALFORMED, "a success without 'data'")
    return [] if said["data"] is None else said["data"]


def _names(said: dict[str, Any]) -> str:
    return clean_text(", ".join(list(said)[:8]), LONGEST) or "nothing"


def scans_of(parcel: Parcel) -> list[dict[str, Any]]:
    """The scans of a parcel. Raises `NoParcelsError` if one of them is none."""
    found = parcel["details"]
    if found is None:
        return []
    found = [found] if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise NoParcelsError(Outcome.MALFORMED, "'details' is no list of scans")
    return found


def text(value: object) -> str:
    """A text or a whole number on one line; empty for any other type."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    return one_line(value, LONGEST)
