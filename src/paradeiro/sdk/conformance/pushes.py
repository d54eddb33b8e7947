"""In: a connector that reads pushes, and saved pushes; out: a sentence for each broken rule about pushes.

A saved push is in `fixtures/pushes/OUTCOME_name.http`: header lines, an empty line, the body as received. It is signed
with the canary, which replaces the secret while rules run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from paradeiro.domain.words import Outcome
from paradeiro.sdk.conformance.mutations import GARBAGE
from paradeiro.sdk.conformance.subject import CANARY, PromiseBrokenError, Subject, account_of
from paradeiro.sdk.contract import HOOK_SECRET, Connector, Push, PushRead

_PROVEN_OUTCOMES = (Outcome.NOT_FOUND, Outcome.FOUND, Outcome.MALFORMED)
_ODD_HEADERS = ("", " ", "\x00", "é" * 64, "0" * 64, "=" * 44, "sha256=", "\udcff", "9" * 5000)


def reads_pushes(connector: Connector) -> bool:
    """Whether parties of this kind push."""
    return connector.read_push is not None


def check_pushes(subject: Subject) -> Iterator[str]:
    """Saved pushes are read as their names say; an unproven push is refused; nothing raises."""
    saved = list(_saved_pushes(subject.folder))
    if not any(expected is Outcome.FOUND for _, expected, _ in saved):
        yield "fixtures/pushes/found_*.http is missing: a push as it comes, signed with the canary"
    for name, expected, push in saved:
        yield from (f"{name}: {why}" for why in _check_saved_push(subject, push, expected))
        yield from (f"{name}: {why}" for why in _check_unproven(subject, push))
        yield from (f"{name}: {why}" for why in _check_garbage(subject, push))


def _check_saved_push(subject: Subject, push: Push, expected: Outcome) -> Iterator[str]:
    found = _read(subject, push)
    if found.outcome is not expected:
        yield f"gave {found.outcome} ({found.message}), should be {expected}"
    named = bool(found.about) or found.states_facts
    if (found.outcome is Outcome.FOUND) != named or len(set(found.about)) != len(found.about):
        yield f"is about {found.about}: what is found names something, each once, and nothing else does"
    if found.states_facts:
        yield from _check_facts(subject, push)


def _check_facts(subject: Subject, push: Push) -> Iterator[str]:
    """A push that states facts is read like an answer, and names whom it is about."""
    parsed = subject.parse(push.body)
    if all(each.outcome is not Outcome.FOUND for each in parsed):
        yield "states facts, but parse finds none in its body"
    if any(not (each.tracking_code or each.identifiers) for each in parsed if each.outcome is Outcome.FOUND):
        yield "states facts about nobody: neither a tracking code nor an identifier"


def _check_unproven(subject: Subject, push: Push) -> Iterator[str]:
    """Every way in which the proof can be missing is refused."""
    settings = _settings(subject)
    without = {name: value for name, value in settings.items() if name != HOOK_SECRET}
    ways = {
        "without its headers": (Push({}, push.body), settings),
        "with another secret": (push, settings | {HOOK_SECRET: "another"}),
        "with an empty secret": (push, settings | {HOOK_SECRET: ""}),
        "where there is no secret": (push, without),
        "with odd headers": (Push(dict.fromkeys(push.headers, "0" * 64), push.body), settings),
    }
    for way, (changed, given) in ways.items():
        found = _read(subject, changed, given)
        if found != replace(found, outcome=Outcome.AUTH_FAILED, about=()):
            yield f"{way} it gave {found.outcome}, should be {Outcome.AUTH_FAILED}"


def _check_garbage(subject: Subject, push: Push) -> Iterator[str]:
    """Invalid bodies and headers: a typed outcome, and the secret appears nowhere."""
    tries = [Push(push.headers, body) for body in GARBAGE.values()]
    tries += [Push(dict.fromkeys(push.headers, odd), push.body) for odd in _ODD_HEADERS]
    for each in (*tries, push):
        found = _read(subject, each)
        if found.outcome not in {*_PROVEN_OUTCOMES, Outcome.AUTH_FAILED}:
            yield f"gave {found.outcome}, which no push can be"
        if CANARY in f"{found!r} {each!r}":
            yield "its repr shows the secret"


def _read(subject: Subject, push: Push, settings: Mapping[str, str] | None = None) -> PushRead:
    assert subject.connector.read_push is not None
    try:
        found = subject.connector.read_push(push, _settings(subject) if settings is None else settings)
    except Exception as error:
        raise PromiseBrokenError(f"read_push raised {type(error).__name__}: {str(error)[:120]}") from error
    if not isinstance(found, PushRead):
        raise PromiseBrokenError(f"read_push gave {found!r:.40} instead of a PushRead")
    return found


def _settings(subject: Subject) -> dict[str, str]:
    return {**account_of(subject.connector).settings, HOOK_SECRET: CANARY}


def _saved_pushes(folder: Path) -> Iterator[tuple[str, Outcome, Push]]:
    for path in sorted((folder / "fixtures" / "pushes").glob("*.http")):
        head, _, body = path.read_bytes().partition(b"\n\n")
        lines = (line.partition(":") for line in head.decode().splitlines())
        expected = next((o for o in _PROVEN_OUTCOMES if path.name.startswith(f"{o.value}_")), None)
        if expected is None:
            raise PromiseBrokenError(f"{path.name} should begin with {', '.join(o.value for o in _PROVEN_OUTCOMES)}")
        yield path.name, expected, Push({name.lower(): value.strip() for name, _, value in lines}, body)
