"""In: the baseline of an account's answers, new answers; out: the updated baseline, and deviations from it."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from paradeiro.domain.words import Drift

Shape = Mapping[str, frozenset[str]]

# Window sizes of a share, in answers: recent, and usual.
_RECENT, _USUAL = 20, 1000
# Answers to learn from before an undeclared field counts as a deviation.
_LEARNING = 100
# A field is gone if nearly every answer had it and hardly any has it: about thirty answers without it.
_NEARLY_ALL, _HARDLY_ANY = 0.97, 0.2
_SEEN_BEFORE_ODD = 3
_MOST_KEPT = 300
_NULL = frozenset({"null"})
_MOST_REASONS = 5
_OTHER = "…"
_EVENTLESS_LATELY, _EVENTLESS_USUALLY = 0.5, 0.2
# Four times as long as usual, and at least 0.1 s (both as logarithms).
_MUCH_SLOWER = math.log(4)
_SLOW_SECONDS = math.log(0.1)
_TIMED_BEFORE_ODD = 50
# Unsteady: five recoveries within six hours, with a quarter of all requests failing.
_TURNS, _TURNS_WITHIN, _FAILING = 5, timedelta(hours=6), 0.25
# Numbers in a reason differ from answer to answer (dates, sizes); a status and an error's name do not.
_NUMBERS = re.compile(r"(?<!HTTP )(?<!SRO-)(?<!GTW-)\b\d+")


@dataclass(frozen=True, slots=True)
class Expected:
    """What a connector expects of one field: the types it may have, whether every answer has it, whether its values
    may be shown to people (they hold no personal datum and no secret).
    """

    types: frozenset[str]
    always: bool = False
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """Moving averages of a value from 0 to 1 (or of log seconds): usual and recent. `seen`: number of values."""

    usual: float
    recent: float
    seen: int = 1

    def with_value(self, value: float, *, learn: bool = True) -> "Share":
        """The share after one more value. `learn`: whether `usual` changes too."""
        usual = self.usual + (value - self.usual) / min(self.seen + 1, _USUAL) if learn else self.usual
        return Share(usual, self.recent + (value - self.recent) / min(self.seen + 1, _RECENT), self.seen + 1)


@dataclass(frozen=True, slots=True)
class FieldCount:
    """How often a deviation was seen, and since when."""

    seen: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Baseline:
    """The usual properties of an account's answers. `odd`: deviation counts by key "drift detail"; `accepted`: keys
    that are no deviation; `found`: reported deviations with their start.
    """

    answers: int = 0
    fields: dict[str, Share] = field(default_factory=dict)
    odd: dict[str, FieldCount] = field(default_factory=dict)
    accepted: frozenset[str] = frozenset()
    # Start values as of a full window, so that one deviating answer of a new account weighs little.
    unreadable: Share = Share(0.0, 0.0, _RECENT)
    eventless: Share = Share(0.0, 0.0, _RECENT)
    failing: Share = Share(0.0, 0.0, _RECENT)
    seconds: Share | None = None
    recoveries: tuple[datetime, ...] = ()
    found: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnswerSample:
    """The result of one request. `shapes`: of new readable answers; `readable`: how many were readable; `unreadable`:
    the reason for each that was not; `eventful`, `eventless`: answers about packages with recent events; `seconds`:
    duration; `failed`: whether there was no answer (None: no request); `recovered`: the party answered after a failure;
    `renamed`: by `renamed_fields`, of each answer that was compared with the one before about the same.
    """

    shapes: tuple[Shape, ...] = ()
    readable: int = 0
    unreadable: tuple[str, ...] = ()
    eventful: int = 0
    eventless: int = 0
    seconds: float | None = None
    failed: bool | None = None
    recovered: bool = False
    renamed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Deviation:
    """One deviation of the answers from the baseline."""

    drift: Drift
    detail: str
    since: datetime


def update_baseline(
    baseline: Baseline, sample: AnswerSample, expected: Mapping[str, Expected], now: datetime
) -> Baseline:
    """The baseline after one more sample, with current deviations added to `found`."""
    renamed = [pair for pair in sample.renamed if _key(Drift.FIELD_NEW, pair[1]) not in baseline.accepted]
    for old, new in renamed:
        baseline = _count_deviation(baseline, _key(Drift.FIELD_GONE, old), now)
        baseline = _count_deviation(baseline, _key(Drift.FIELD_NEW, new), now)
    counted = frozenset(_key(Drift.FIELD_NEW, new) for _, new in renamed)
    for shape in sample.shapes:
        baseline = _add_shape(baseline, shape, expected, counted, now)
    for reason in sample.unreadable:
        baseline = replace(baseline, unreadable=baseline.unreadable.with_value(1.0, learn=False))
        baseline = _count_deviation(baseline, _reason_key(baseline, reason), now)
    for _ in range(min(sample.readable, _USUAL)):
        baseline = replace(baseline, unreadable=baseline.unreadable.with_value(0.0))
    baseline = replace(baseline, eventless=_add_eventless(baseline.eventless, sample.eventful, sample.eventless))
    if sample.seconds is not None:
        baseline = replace(baseline, seconds=_add_duration(baseline.seconds, sample.seconds))
    if sample.failed is not None:
        baseline = replace(baseline, failing=baseline.failing.with_value(1.0 if sample.failed else 0.0))
    if sample.recovered:
        baseline = replace(baseline, recoveries=(*baseline.recoveries, now)[-_TURNS:])
    now_odd = {_key(drift, detail): since for drift, detail, since in _current_deviations(baseline, expected, now)}
    return replace(baseline, found=now_odd | baseline.found)


def renamed_fields(before: Shape, after: Shape, expected: Mapping[str, Expected]) -> list[tuple[str, str]]:
    """Fields with another name, as (old, new): a declared one is gone from an object in which an undeclared one of the
    same types has come. `before` and `after` are two answers about the same; so nothing needs to be learnt first.
    """
    # One that was always null is no loss.
    lost = [path for path in before.keys() - after.keys() if path in expected and before[path] - _NULL]
    gone = [path for path in lost if (above := _parent_path(path)) in after or not above]
    come = [path for path in after.keys() - before.keys() if path not in expected and not path.endswith("[]")]
    pairs = [(old, new) for old in gone for new in come if _parent_path(old) == _parent_path(new)]
    return sorted((old, new) for old, new in pairs if before[old] - _NULL == after[new] - _NULL)


def since_renamed(baseline: Baseline) -> datetime | None:
    """When the first of the renamed fields was seen that are counted and not reported yet."""
    known = [c.since for key, c in baseline.odd.items() if _drift_of(key) is Drift.FIELD_GONE]
    return min(known, default=None)


def has_news(shape: Shape, expected: Mapping[str, Expected], baseline: Baseline) -> bool:
    """Whether an answer has an undeclared field that the account is not known for; never without declared fields."""
    return any(key not in baseline.accepted for key in _undeclared_fields(shape, expected))


def deviations(baseline: Baseline) -> tuple[Deviation, ...]:
    """The reported deviations, the most severe first."""
    found = [
        Deviation(Drift(key.partition(" ")[0]), key.partition(" ")[2], since) for key, since in baseline.found.items()
    ]
    ranks = list(Drift)
    return tuple(sorted(found, key=lambda o: (ranks.index(o.drift), o.since, o.detail)))


def lasting_deviations(baseline: Baseline) -> Baseline:
    """The baseline without healed deviations. The threshold is lower than the one to report (hysteresis)."""
    found = {key: since for key, since in baseline.found.items() if not _has_healed(baseline, _drift_of(key))}
    return replace(baseline, found=found)


def _has_healed(baseline: Baseline, drift: Drift) -> bool:
    match drift:
        case Drift.EVENTS_GONE:
            return baseline.eventless.recent < _EVENTLESS_LATELY / 2
        case Drift.SLOWER:
            return baseline.seconds is None or baseline.seconds.recent - baseline.seconds.usual < _MUCH_SLOWER / 2
        case Drift.UNSTEADY:
            return baseline.failing.recent < _FAILING / 4
        case Drift.UNREADABLE | Drift.FIELD_GONE | Drift.FIELD_NEW | Drift.TYPE_CHANGED:
            return False


def accept_deviations(baseline: Baseline) -> Baseline:
    """Accept the current state as usual, after a person resolved the notice."""
    known = baseline.accepted | {
        key for key in baseline.found if _drift_of(key) in {Drift.FIELD_NEW, Drift.TYPE_CHANGED}
    }
    fields = {path: replace(share, usual=share.recent) for path, share in baseline.fields.items()}
    seconds = baseline.seconds and replace(baseline.seconds, usual=baseline.seconds.recent)
    eventless = replace(baseline.eventless, usual=baseline.eventless.recent)
    return replace(
        baseline, accepted=known, fields=fields, seconds=seconds, eventless=eventless, odd={}, recoveries=(), found={}
    )


def hides_events(baseline: Baseline) -> bool:
    """Whether reported deviations explain missing events, so that silence needs no notice of its own."""
    kinds = {_drift_of(key) for key in baseline.found}
    lost = Drift.EVENTS_GONE in kinds and baseline.eventless.recent >= _EVENTLESS_LATELY
    return lost or (Drift.UNREADABLE in kinds and baseline.unreadable.recent >= _EVENTLESS_LATELY)


def _key(drift: Drift, detail: str) -> str:
    return f"{drift} {detail}".rstrip()


def _drift_of(key: str) -> Drift:
    return Drift(key.partition(" ")[0])


def _add_shape(
    baseline: Baseline, shape: Shape, expected: Mapping[str, Expected], counted: frozenset[str], now: datetime
) -> Baseline:
    """Add one answer's fields. `counted`: keys of new fields that are counted already."""
    fields = dict(baseline.fields)
    for path in {*expected, *fields, *shape}:
        there = 1.0 if path in shape else 0.0
        known = fields.get(path)
        if known is None and len(fields) < _MOST_KEPT:
            # A mandatory field starts as always present; any other as seen.
            first = Share(1.0, 1.0, _USUAL) if path in expected and expected[path].always else None
            fields[path] = first.with_value(there, learn=False) if first else Share(there, there)
        elif known is not None:
            # The absence of a field that is nearly always present is not learnt, or it would become usual unnoticed.
            # Whether it is has to be seen first: one that only some answers have stands in the first of them too.
            is_young = known.seen < _LEARNING
            fields[path] = known.with_value(there, learn=bool(there) or is_young or known.usual < _NEARLY_ALL)
    learning = baseline.answers < _LEARNING
    baseline = replace(baseline, answers=baseline.answers + 1, fields=fields)
    fresh = set(_undeclared_fields(shape, expected)) - baseline.accepted - counted
    if learning:
        # What looks like another field's new name is not learnt.
        return replace(baseline, accepted=baseline.accepted | (fresh - baseline.odd.keys()))
    for key in sorted(fresh | (set(_undeclared_types(shape, expected)) - baseline.accepted)):
        baseline = _count_deviation(baseline, key, now)
    return baseline


def _undeclared_fields(shape: Shape, expected: Mapping[str, Expected]) -> Iterable[str]:
    """Keys of undeclared fields. Those below an undeclared one are left out, and those inside of what is declared
    without its inside.
    """
    if not expected:
        return
    unknown = {path for path in shape if path not in expected and not _is_inside_open(path, expected)}
    for path in sorted(unknown):
        if not any(path.startswith((f"{other}.", f"{other}[")) for other in unknown if other != path):
            yield _key(Drift.FIELD_NEW, path)


def _undeclared_types(shape: Shape, expected: Mapping[str, Expected]) -> Iterable[str]:
    """Keys of the types that a declared field does not have by its declaration."""
    for path, types in shape.items():
        if path in expected:
            for odd in sorted(types - expected[path].types - _NULL):
                yield _key(Drift.TYPE_CHANGED, f"{path} {odd}")


def _is_inside_open(path: str, expected: Mapping[str, Expected]) -> bool:
    """Whether the nearest declared field around it has no declared field inside: nobody knows what is in there."""
    above = _parent_path(path)
    while above and above not in expected:
        above = _parent_path(above)
    return bool(above) and not any(each.startswith((f"{above}.", f"{above}[")) for each in expected)


def _count_deviation(baseline: Baseline, key: str, now: datetime) -> Baseline:
    known = baseline.odd.get(key)
    if known is None and len(baseline.odd) >= _MOST_KEPT:
        return baseline
    counted = FieldCount(known.seen + 1, known.since) if known else FieldCount(1, now)
    return replace(baseline, odd=baseline.odd | {key: counted})


def _reason_key(baseline: Baseline, reason: str) -> str:
    """The key of an unreadable answer, equal for similar reasons."""
    key = _key(Drift.UNREADABLE, _NUMBERS.sub("#", reason)[:120])
    known = [k for k in baseline.odd if k.startswith(Drift.UNREADABLE)]
    return key if key in known or len(known) < _MOST_REASONS else _key(Drift.UNREADABLE, _OTHER)


def _add_eventless(share: Share, eventful: int, eventless: int) -> Share:
    """The share of eventless answers after a batch; eventful and eventless ones are interleaved evenly."""
    total = eventful + eventless
    for index in range(total):
        less = (index + 1) * eventless // total > index * eventless // total
        share = share.with_value(1.0 if less else 0.0, learn=not less)
    return share


def _add_duration(share: Share | None, seconds: float) -> Share:
    value = math.log(max(seconds, 1e-4))
    if share is None:
        return Share(value, value)
    return share.with_value(value, learn=share.seen < _TIMED_BEFORE_ODD or value - share.usual < _MUCH_SLOWER)


def _current_deviations(
    baseline: Baseline, expected: Mapping[str, Expected], now: datetime
) -> Iterable[tuple[Drift, str, datetime]]:
    for key, counted in baseline.odd.items():
        drift = _drift_of(key)
        if drift is Drift.UNREADABLE or counted.seen >= _SEEN_BEFORE_ODD:
            yield drift, key.partition(" ")[2], counted.since
    for path, share in baseline.fields.items():
        # Without `a` there is no `a.b`: only the outermost is reported.
        above = _parent_path(path)
        inside = above in baseline.fields and _is_gone(baseline.fields[above], above, expected)
        if _is_gone(share, path, expected) and not inside:
            yield Drift.FIELD_GONE, path, now
    if baseline.eventless.recent >= _EVENTLESS_LATELY and baseline.eventless.usual <= _EVENTLESS_USUALLY:
        yield Drift.EVENTS_GONE, "", now
    if _is_slower(baseline.seconds):
        yield Drift.SLOWER, "", now
    turns = [at for at in baseline.recoveries if now - at <= _TURNS_WITHIN]
    if len(turns) >= _TURNS and baseline.failing.recent >= _FAILING:
        yield Drift.UNSTEADY, "", turns[0]


def _parent_path(path: str) -> str:
    return path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]


def _is_gone(share: Share, path: str, expected: Mapping[str, Expected]) -> bool:
    learnt = share.seen >= _LEARNING or (path in expected and expected[path].always)
    return learnt and share.usual >= _NEARLY_ALL and share.recent <= _HARDLY_ANY


def _is_slower(share: Share | None) -> bool:
    if share is None or share.seen < _TIMED_BEFORE_ODD:
        return False
    return share.recent - share.usual >= _MUCH_SLOWER and share.recent >= _SLOW_SECONDS
