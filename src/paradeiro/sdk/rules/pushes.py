"""In: a connector that reads pushes, and saved ones; out: a sentence for each promise about pushes that it breaks.

A saved push stands in `fixtures/pushes/OUTCOME_name.http`: header lines, an empty line, the body as it came. It is
signed with the canary, which stands in for the secret while rules run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import HOOK_SECRET, Connector, Push, PushRead
from paradeiro.sdk.rules.mutations import RUBBISH
from paradeiro.sdk.rules.subject import CANARY, PromiseBrokenError, Subject, account_of

_OURS = (Outcome.NOT_FOUND, Outcome.FOUND, Outcome.MALFORMED)
_ODD_HEADERS = ("", " ", "\x00", "é" * 64, "0" * 64, "=" * 44, "sha256=", "\udcff", "9" * 5000)


def reads_pushes(connector: Connector) -> bool:
    """Whether parties of this kind push."""
    return connector.read_push is not None


def pushes(subject: Subject) -> Iterator[str]:
    """Saved pushes are read as their names say; what is not proven to be the party's own is refused; nothing raises."""
    saved = list(_saved(subject.folder))
    if not any(expected is Outcome.FOUND for _, expected, _ in saved):
        yield "fixtures/pushes/found_*.http is missing: a push as it comes, signed with the canary"
    for name, expected, push in saved:
        yield from (f"{name}: {why}" for why in _as_named(subject, push, expected))
        yield from (f"{name}: {why}" for why in _unproven(subject, push))
        yield from (f"{name}: {why}" for why in _garbage(subject, push))


def _as_named(subject: Subject, push: Push, expected: Outcome) -> Iterator[str]:
    found = _read(subject, push)
    if found.outcome is not expected:
        yield f"gave {found.outcome} ({found.message}), should be {expected}"
    if (found.outcome is Outcome.FOUND) != bool(found.about) or len(set(found.about)) != len(found.about):
        yield f"is about {found.about}: what is found names something, each once, and nothing else does"


def _unproven(subject: Subject, push: Push) -> Iterator[str]:
    """Every way in which the proof can be missing."""
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


def _garbage(subject: Subject, push: Push) -> Iterator[str]:
    """Bodies and headers that are none: a typed outcome, and no word of the secret."""
    tries = [Push(push.headers, body) for body in RUBBISH.values()]
    tries += [Push(dict.fromkeys(push.headers, odd), push.body) for odd in _ODD_HEADERS]
    for each in (*tries, push):
        found = _read(subject, each)
        if found.outcome not in {*_OURS, Outcome.AUTH_FAILED}:
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


def _saved(folder: Path) -> Iterator[tuple[str, Outcome, Push]]:
    for path in sorted((folder / "fixtures" / "pushes").glob("*.http")):
        head, _, body = path.read_bytes().partition(b"\n\n")
        lines = (line.partition(":") for line in head.decode().splitlines())
        expected = next((o for o in _OURS if path.name.startswith(f"{o.value}_")), None)
        if expected is None:
            raise PromiseBrokenError(f"{path.name} should begin with {', '.join(o.value for o in _OURS)}")
        yield path.name, expected, Push({name.lower(): value.strip() for name, _, value in lines}, body)
