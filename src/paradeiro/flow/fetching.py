"""In: an open session and a batch of packages; out: the answers about them, the one that spoils its batch alone."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from paradeiro.db.set_aside import NOT_THE_ROWS, Spoilt
from paradeiro.db.shipments import Kept
from paradeiro.domain.words import Outcome
from paradeiro.flow import aside
from paradeiro.flow.means import log
from paradeiro.sdk.contract import Answer

Answers = dict[str, Answer]

# A gateway before the party says this (502 to 504); what the party itself says with another 5xx may be about one code.
_GATEWAY = frozenset({502, 503, 504})
_FIRST_SERVER_ERROR = 500
# Questions after which a batch that is answered errors is looked into no further: enough to find one code among 200.
_MOST_QUESTIONS = 16
_UNANSWERED = LookupError("the connector gave no answer about it")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What asking about a batch gave: the answers by code, the packages that are set aside, and whether the party
    answered errors at first that were about none of them.
    """

    answers: Answers
    spoilt: list[Spoilt] = field(default_factory=list)
    stumbled: bool = False


def codes_of(due: Sequence[Kept]) -> list[str]:
    """Their tracking codes, each once."""
    return list(dict.fromkeys(kept.shipment.tracking_code for kept in due))


def answered_an_error(answer: Answer) -> bool:
    """Whether the party answered that it failed, which may be about this package, or about everything."""
    status = answer.http_status
    return (
        answer.outcome is Outcome.RETRY
        and status is not None
        and status >= _FIRST_SERVER_ERROR
        and status not in _GATEWAY
    )


async def fetch(session: Any, due: Sequence[Kept], wait: Callable[[], Awaitable[None]]) -> Fetched:
    """The answers about a batch, by code, and the packages with which asking fails in a way that no answer is. A batch
    that is answered an error is halved until the code that causes it stands alone. `wait`: before each more question.
    """
    try:
        answers = await _ask(session, codes_of(due))
    except NOT_THE_ROWS:
        raise
    except Exception as error:  # noqa: BLE001 - a fault of ours with one package: it is told, and the others are asked
        if len(due) == 1:
            return Fetched({}, [aside.package(due[0], error)])
        return await _one_by_one(session, due, wait)
    missing = [aside.package(k, _UNANSWERED) for k in due if k.shipment.tracking_code not in answers]
    if len(answers) == 1 or not _all_errors(answers.values()):
        return Fetched(answers, missing)
    answers = await _halved(session, answers, wait)
    return Fetched(answers, missing, stumbled=not any(answered_an_error(answer) for answer in answers.values()))


async def fetch_many(session: Any, due: Sequence[Kept]) -> Answers:
    """The answers of the way for many, as far as it gave any; none if it fails: the ordinary way is there."""
    try:
        return {answer.tracking_code: answer for answer in await session.fetch_many(codes_of(due))}
    except NOT_THE_ROWS:
        raise
    except Exception:  # noqa: BLE001 - a fault of ours with one of many: the ordinary way finds out with which
        log.exception("asking for many failed; they are asked for in the ordinary way", packages=len(due))
        return {}


async def _ask(session: Any, codes: Sequence[str]) -> Answers:
    return {answer.tracking_code: answer for answer in await session.fetch(codes)}


async def _one_by_one(session: Any, due: Sequence[Kept], wait: Callable[[], Awaitable[None]]) -> Fetched:
    whole = Fetched({})
    for kept in due:
        await wait()
        one = await fetch(session, [kept], wait)
        whole.answers.update(one.answers)
        whole.spoilt.extend(one.spoilt)
    return whole


async def _halved(session: Any, whole: Answers, wait: Callable[[], Awaitable[None]]) -> Answers:
    """Ask about the halves of a batch that was answered an error, and so on; what is not reached keeps that answer.
    One that stands alone in the end is asked about once more: a party that fails now and then blames nobody so.
    """
    answers, parts, alone = dict(whole), _halves(list(whole)), set[str]()
    for _ in range(_MOST_QUESTIONS):
        if not parts:
            break
        part = parts.pop(0)
        await wait()
        told = await _ask(session, part)
        answers |= told
        if not _all_errors(told.values()):
            continue
        if len(part) > 1:
            parts += _halves(part)
        elif part[0] not in alone:
            alone.add(part[0])
            parts.append(part)
    return answers


def _halves(codes: list[str]) -> list[list[str]]:
    middle = len(codes) // 2
    return [codes[:middle], codes[middle:]]


def _all_errors(answers: Iterable[Answer]) -> bool:
    return all(answered_an_error(answer) for answer in answers)
