"""In: numbers to look up with one key; out: one answer per number, as raw bytes with an outcome. HTTP only."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec

from paradeiro.connectors.seventeen_track.parse import NOT_REGISTERED, parse, refusal
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Answer, Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure, http_problem, new_client, retry_after, send_request

PRODUCTION = "https://api.17track.net"
_CORREIOS = 2151
_REGISTER, _LOOK_UP = "/track/v2.2/register", "/track/v2.2/gettrackinfo"
_REGISTERED_ALREADY = -18019901
# A quota does not come back within minutes.
_QUOTA_PAUSE = 3600.0
_QUOTA = frozenset({-18019907, -18019908})


class _Error(msgspec.Struct):
    code: int = 0
    message: str | None = None


class _Data(msgspec.Struct):
    accepted: list[msgspec.Raw] = []
    rejected: list[msgspec.Raw] = []


class _Root(msgspec.Struct):
    """An answer's root, its numbers as raw bytes."""

    code: int
    data: _Data | None = None


class _Part(msgspec.Struct):
    """Of a number's part, only what decides its outcome."""

    number: str
    error: _Error | None = None


class SeventeenTrackSession:
    """One key's connection. 17TRACK alone knows which numbers are registered, and says so for free."""

    def __init__(self, account: AccountRef, _: Clock) -> None:
        settings = account.settings
        headers = {"17token": settings.get("token") or "", "Accept": "application/json"}
        self._client = new_client(
            settings.get("base_url") or PRODUCTION, headers | {"Content-Type": "application/json"}
        )
        number = settings.get("carrier") or ""
        self._carrier = int(number) if number.isascii() and number.isdigit() else _CORREIOS

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order. New numbers are registered, which costs quota."""
        found = await self._ask(_LOOK_UP, tuple(dict.fromkeys(tracking_codes)))
        new = [code for code, answer in found.items() if _error_of(answer.body) == NOT_REGISTERED]
        if new:
            found |= await self._register(new)
        found = _without_quota_refusals(found)
        return [found[code] for code in tracking_codes]

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def _register(self, codes: Sequence[str]) -> dict[str, Answer]:
        """Register numbers and look them up at once: numbers that others follow are known already."""
        answers = await self._ask(_REGISTER, codes)
        taken = [code for code, answer in answers.items() if _is_registered(answer)]
        return answers | (await self._ask(_LOOK_UP, taken) if taken else {})

    async def _ask(self, path: str, codes: Sequence[str]) -> dict[str, Answer]:
        body = msgspec.json.encode([{"number": code, "carrier": self._carrier} for code in codes])
        answer = await send_request(self._client, "POST", path, body=body)
        if isinstance(answer, HttpFailure):
            return _same_for_all(codes, Outcome.RETRY, message=answer.message)
        outcome = http_problem(answer)
        if outcome is not None:
            # A 404 and the like concern the interface, not a number.
            outcome = Outcome.MALFORMED if outcome is Outcome.REFUSED else outcome
            return _same_for_all(codes, outcome, answer, message=f"HTTP {answer.status}", wait=retry_after(answer))
        return _slice_batch(codes, answer, is_look_up=path == _LOOK_UP)


def _is_registered(answer: Answer) -> bool:
    return answer.outcome is Outcome.FOUND or _error_of(answer.body) == _REGISTERED_ALREADY


def _without_quota_refusals(found: dict[str, Answer]) -> dict[str, Answer]:
    """If some numbers were answered, numbers beyond the quota do not pause the account."""
    without = {code for code, answer in found.items() if _error_of(answer.body) in _QUOTA}
    if len(without) == len(found):
        return found
    return {
        code: replace(answer, outcome=Outcome.REFUSED, retry_after=None) if code in without else answer
        for code, answer in found.items()
    }


def _error_of(body: bytes) -> int | None:
    """The error code in one number's part; None if it has none."""
    try:
        part = msgspec.json.decode(body, type=_Part)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return part.error.code if part.error else None


def _same_for_all(
    codes: Iterable[str], outcome: Outcome, answer: HttpAnswer | None = None, *, message: str, wait: float | None = None
) -> dict[str, Answer]:
    """The same outcome for every number of a batch."""
    body, status = (answer.body, answer.status) if answer else (b"", None)
    return {code: Answer(code, outcome, body, message, status, wait) for code in codes}


def _slice_batch(codes: Sequence[str], answer: HttpAnswer, *, is_look_up: bool) -> dict[str, Answer]:
    """Cut the batch answer into each number's own bytes, exactly as received."""
    try:
        root = msgspec.json.decode(answer.body, type=_Root)
        parts = [*root.data.accepted, *root.data.rejected] if root.data and root.code == 0 else []
        named = {
            a.tracking_code: a for a in (_slice(bytes(raw), answer.status, is_look_up=is_look_up) for raw in parts)
        }
    except (msgspec.MsgspecError, ValueError, RecursionError):
        named = {}
    if not named:
        whole = parse(answer.body)[0]
        outcome = whole.outcome if whole.outcome in {Outcome.AUTH_FAILED, Outcome.RETRY} else Outcome.MALFORMED
        return _same_for_all(codes, outcome, answer, message=whole.message)
    gone = "the number is not in the answer"
    return {c: named.get(c) or Answer(c, Outcome.MALFORMED, answer.body, gone, answer.status) for c in codes}


def _slice(body: bytes, status: int, *, is_look_up: bool) -> Answer:
    """One number's answer. Whether its events can be read is decided when they are recorded."""
    part = msgspec.json.decode(body, type=_Part)
    code = part.number.upper()
    if part.error is not None:
        said = refusal(code, part.error.code, part.error.message or "")
        wait = _QUOTA_PAUSE if part.error.code in _QUOTA else None
        return Answer(code, said.outcome, body, said.message, status, wait)
    if not is_look_up:
        return Answer(code, Outcome.FOUND, body, "registered", status)
    parsed = parse(body)[0]
    # An unreadable part is FOUND: recording then reports it with its bytes.
    outcome = Outcome.NOT_FOUND if parsed.outcome is Outcome.NOT_FOUND else Outcome.FOUND
    return Answer(code, outcome, body, parsed.message, status)
