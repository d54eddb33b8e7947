"""In: an open session, a batch of packages; out: their answers; a package that breaks its batch is isolated."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations.set_aside import NOT_THE_ROWS, UnusableRow
from paradeiro.domain.words import Outcome
from paradeiro.flow.context import log
from paradeiro.flow.operations import unusable_rows
from paradeiro.sdk.contract import Answer

Answers = dict[str, Answer]

# Answers of a gateway; another 5xx comes from the party itself and may concern one code.
_GATEWAY = frozenset({502, 503, 504})
_FIRST_SERVER_ERROR = 500
# Requests to find the code that breaks a batch: enough to find one among 200.
_MOST_QUESTIONS = 16
_UNANSWERED = LookupError("the connector gave no answer about it")


@dataclass(frozen=True, slots=True)
class FetchResult:
    """Answers by code, unusable packages, and whether the party first answered errors that none of them caused."""

    answers: Answers
    unusable: list[UnusableRow] = field(default_factory=list)
    had_transient_errors: bool = False


def codes_of(due: Sequence[ShipmentRow]) -> list[str]:
    """The distinct tracking codes."""
    return list(dict.fromkeys(row.shipment.tracking_code for row in due))


def is_server_error(answer: Answer) -> bool:
    """Whether the party itself answered a 5xx, which may concern this package or all."""
    status = answer.http_status
    return (
        answer.outcome is Outcome.RETRY
        and status is not None
        and status >= _FIRST_SERVER_ERROR
        and status not in _GATEWAY
    )


async def fetch(session: Any, due: Sequence[ShipmentRow], wait: Callable[[], Awaitable[None]]) -> FetchResult:
    """Fetch a batch. Packages for which the connector raises are returned as unusable. A batch answered with an error
    is halved until the code that causes it is alone. `wait`: called before each further request.
    """
    try:
        answers = await _fetch_codes(session, codes_of(due))
    except NOT_THE_ROWS:
        raise
    except Exception as error:  # noqa: BLE001 - one package breaks the connector: set it aside, fetch the others
        if len(due) == 1:
            return FetchResult({}, [unusable_rows.unusable_shipment(due[0], error)])
        return await _fetch_one_by_one(session, due, wait)
    missing = [unusable_rows.unusable_shipment(k, _UNANSWERED) for k in due if k.shipment.tracking_code not in answers]
    if len(answers) == 1 or not _all_errors(answers.values()):
        return FetchResult(answers, missing)
    answers = await _fetch_halves(session, answers, wait)
    return FetchResult(
        answers, missing, had_transient_errors=not any(is_server_error(answer) for answer in answers.values())
    )


async def fetch_many(session: Any, due: Sequence[ShipmentRow]) -> Answers:
    """The answers of a bulk request, possibly not for all; none if it fails (ordinary batches follow)."""
    try:
        return {answer.tracking_code: answer for answer in await session.fetch_many(codes_of(due))}
    except NOT_THE_ROWS:
        raise
    except Exception:  # noqa: BLE001 - ordinary batches find out which package breaks the connector
        log.exception("asking for many failed; they are asked for in the ordinary way", packages=len(due))
        return {}


async def _fetch_codes(session: Any, codes: Sequence[str]) -> Answers:
    return {answer.tracking_code: answer for answer in await session.fetch(codes)}


async def _fetch_one_by_one(
    session: Any, due: Sequence[ShipmentRow], wait: Callable[[], Awaitable[None]]
) -> FetchResult:
    whole = FetchResult({})
    for row in due:
        await wait()
        one = await fetch(session, [row], wait)
        whole.answers.update(one.answers)
        whole.unusable.extend(one.unusable)
    return whole


async def _fetch_halves(session: Any, whole: Answers, wait: Callable[[], Awaitable[None]]) -> Answers:
    """Fetch the halves of a batch answered with an error, recursively; codes not reached keep that answer. A single
    code is retried once, so that a random failure of the party blames no package.
    """
    answers, parts, retried = dict(whole), _split(list(whole)), set[str]()
    for _ in range(_MOST_QUESTIONS):
        if not parts:
            break
        part = parts.pop(0)
        await wait()
        part_answers = await _fetch_codes(session, part)
        answers |= part_answers
        if not _all_errors(part_answers.values()):
            continue
        if len(part) > 1:
            parts += _split(part)
        elif part[0] not in retried:
            retried.add(part[0])
            parts.append(part)
    return answers


def _split(codes: list[str]) -> list[list[str]]:
    middle = len(codes) // 2
    return [codes[:middle], codes[middle:]]


def _all_errors(answers: Iterable[Answer]) -> bool:
    return all(is_server_error(answer) for answer in answers)
