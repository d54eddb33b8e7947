"""In: what packages are asked by, at one contract; out: one answer each, as raw bytes with an outcome. HTTP only."""

from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from paradeiro.connectors.jadlog.parse import parse
from paradeiro.connectors.jadlog.questions import Question, echo_of, is_plain, kinds_asked, question_of, rounds_of
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Answer, Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure, http_problem, json_object, new_client, retry_after, send_request

PRODUCTION = "https://www.jadlog.com.br/embarcador/api"
_PATH = "/tracking/consultar"
# Under which name Jadlog knows a code, of so many codes.
_MOST_LEARNED = 20_000


class _Root(msgspec.Struct):
    """An answer's root, its items as raw bytes."""

    consulta: list[msgspec.Raw]


class JadlogSession:
    """One contract's connection. It learns under which name Jadlog knows a code, and asks by that at first."""

    def __init__(self, account: AccountRef, _: Clock) -> None:
        settings = account.settings
        self._client = new_client(
            settings.get("base_url") or PRODUCTION,
            {
                "Authorization": f"Bearer {settings.get('token') or ''}",
                "Accept": "application/json",
                "Content-Type": "application/json",
            },
        )
        self._kinds = kinds_asked(settings.get("asked_as") or "")
        self._sender = "".join(c for c in (settings.get("sender_tax_number") or "").upper() if c.isalnum())
        self._learned: OrderedDict[str, str] = OrderedDict()

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order. A code that is unknown under one name is asked under the next."""
        found: dict[str, Answer] = {}
        open_ones = list(dict.fromkeys(tracking_codes))
        for attempt in range(len(self._kinds)):
            for some in rounds_of(self._question(text, attempt) for text in open_ones):
                found |= await self._ask(some)
            open_ones = [t for t in open_ones if is_plain(t) and found[t].outcome is Outcome.NOT_FOUND]
            if not open_ones:
                break
        return [found[code] for code in tracking_codes]

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    def _question(self, text: str, attempt: int) -> Question:
        known = self._learned.get(text)
        order = self._kinds if known is None else (known, *(kind for kind in self._kinds if kind != known))
        return question_of(text, order[attempt], self._sender)

    async def _ask(self, questions: Sequence[Question]) -> dict[str, Answer]:
        """One call."""
        body = msgspec.json.encode({"consulta": [question.body for question in questions]})
        answer = await send_request(self._client, "POST", _PATH, body=body)
        if isinstance(answer, HttpFailure):
            return {q.text: Answer(q.text, Outcome.RETRY, message=answer.message) for q in questions}
        outcome = http_problem(answer)
        if outcome is not None:
            # A 404 and the like concern the interface, not a package.
            outcome = Outcome.MALFORMED if outcome is Outcome.REFUSED else outcome
            return _same_for_all(questions, outcome, answer, f"HTTP {answer.status}")
        found = _slice_batch(questions, answer)
        self._learn(questions, found)
        return found

    def _learn(self, questions: Sequence[Question], found: dict[str, Answer]) -> None:
        for question in questions:
            if found[question.text].outcome is Outcome.FOUND and is_plain(question.text):
                self._learned[question.text] = question.name
                self._learned.move_to_end(question.text)
        while len(self._learned) > _MOST_LEARNED:
            self._learned.popitem(last=False)


def _same_for_all(questions: Sequence[Question], outcome: Outcome, answer: HttpAnswer, why: str) -> dict[str, Answer]:
    wait = retry_after(answer)
    return {q.text: Answer(q.text, outcome, answer.body, why, answer.status, wait) for q in questions}


def _slice_batch(questions: Sequence[Question], answer: HttpAnswer) -> dict[str, Answer]:
    """Cut the answer into each package's own bytes, exactly as received; found by the key that each item echoes."""
    try:
        raws = [bytes(raw) for raw in msgspec.json.decode(answer.body, type=_Root).consulta]
    except (msgspec.MsgspecError, ValueError, RecursionError):
        whole = parse(answer.body)[0]
        refused = whole.outcome is Outcome.AUTH_FAILED
        outcome = Outcome.AUTH_FAILED if refused else Outcome.MALFORMED
        return _same_for_all(questions, outcome, answer, whole.message)
    named = {echo_of(json_object(raw)): raw for raw in raws}
    if set(named) == {("", "")} and len(raws) == len(questions):
        # They answer in the order asked; where nothing is echoed at all, the order is all there is.
        named = {(q.name, q.value): raw for q, raw in zip(questions, raws, strict=True)}
    return {q.text: _answer(q, named.get((q.name, q.value)), answer) for q in questions}


def _answer(question: Question, body: bytes | None, answer: HttpAnswer) -> Answer:
    if body is None:
        gone = "the package is not in the answer"
        return Answer(question.text, Outcome.MALFORMED, answer.body, gone, answer.status)
    parsed = parse(body)[0]
    return Answer(question.text, parsed.outcome, body, parsed.message, answer.status)
