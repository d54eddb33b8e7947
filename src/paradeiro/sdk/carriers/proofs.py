"""In: what a carrier answered about the proof of a delivery; out: its pictures, or why there are none. Pure."""

import base64
import binascii
from collections.abc import Sequence
from typing import Final

from paradeiro.domain.following.proofs import UNKNOWN_TYPE, content_type
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import Picture, ProofAnswer
from paradeiro.sdk.downloads import Downloaded
from paradeiro.sdk.http import HttpAnswer, HttpFailure, http_problem
from paradeiro.sdk.tokens import NoTokens

# A photograph of a telephone has a few million bytes.
LARGEST_PICTURE: Final = 8 * 1024 * 1024
NOT_YET: Final = "no picture is there yet"
_LONGEST_COMMENT = 200
_DATA_URL = "base64,"
_NOT_FOUND = 404


def picture_of(text: object, comment: str = "", *, largest: int = LARGEST_PICTURE) -> Picture | None:
    """The picture in base64 text, also as a data URL; None if it cannot be read, is empty or has more than `largest`
    bytes.
    """
    if not isinstance(text, str) or len(text) > largest * 4 // 3 + 1024:
        return None
    if text.startswith("data:"):
        text = text.partition(_DATA_URL)[2]
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return Picture(content, comment[:_LONGEST_COMMENT]) if 0 < len(content) <= largest else None


def answer_with(code: str, pictures: Sequence[Picture | None], nothing: str = NOT_YET) -> ProofAnswer:
    """The answer about one package whose proof has these pictures (None: one that cannot be read)."""
    whole = tuple(picture for picture in pictures if picture is not None)
    if len(whole) < len(pictures):
        message = f"{len(pictures) - len(whole)} of {len(pictures)} pictures could not be read"
        return ProofAnswer(code, Outcome.MALFORMED, whole, message)
    return ProofAnswer(code, Outcome.FOUND, whole) if whole else ProofAnswer(code, Outcome.NOT_FOUND, message=nothing)


def answer_with_files(code: str, files: Sequence[Downloaded], *, pending: int = 0) -> ProofAnswer:
    """The answer about one package whose proof are these files; `pending`: how many more have no address yet. A file
    that is neither picture nor document (a page to log in at) is unreadable.
    """
    came = [each.content for each in files if each.outcome is Outcome.FOUND]
    pictures = tuple(Picture(content) for content in came if content_type(content) != UNKNOWN_TYPE)
    if len(pictures) < len(came):
        return ProofAnswer(code, Outcome.MALFORMED, pictures, "a file is neither a picture nor a document")
    for outcome in (Outcome.MALFORMED, Outcome.RETRY, Outcome.NOT_FOUND):
        worst = next((each for each in files if each.outcome is outcome), None)
        if worst is not None:
            return ProofAnswer(code, outcome, pictures, worst.message)
    if pending or not pictures:
        return ProofAnswer(code, Outcome.NOT_FOUND, pictures, NOT_YET)
    return ProofAnswer(code, Outcome.FOUND, pictures)


def failed_proof(code: str, told: HttpAnswer | HttpFailure | NoTokens) -> ProofAnswer | None:
    """Why a request brought no proof; None if it succeeded and its body is to be read. Bodies may show persons: no
    word of them is passed on.
    """
    if isinstance(told, NoTokens):
        return ProofAnswer(code, told.outcome, message=told.message)
    if isinstance(told, HttpFailure):
        return ProofAnswer(code, Outcome.RETRY, message=told.message)
    if told.is_html:
        outcome = http_problem(told)
        kept = outcome if outcome in {Outcome.RETRY, Outcome.AUTH_FAILED} else Outcome.MALFORMED
        return ProofAnswer(code, kept, message=f"HTTP {told.status} with a web page")
    if told.status == _NOT_FOUND:
        return ProofAnswer(code, Outcome.NOT_FOUND, message=NOT_YET)
    outcome = http_problem(told)
    return ProofAnswer(code, outcome, message=f"HTTP {told.status}") if outcome is not None else None
