"""In: what an account's answers were like, and the newest; out: the habit carried on, and how they differ from it."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from paradeiro.domain.words import Drift

Shape = Mapping[str, frozenset[str]]

# How many answers a share remembers: lately, and as a habit.
_RECENT, _USUAL = 20, 1000
# So many answers are learnt from before a field that nobody declared is news.
_LEARNING = 100
# A field is gone that nearly every answer had and that hardly one has: about thirty answers without it.
_NEARLY_ALL, _HARDLY_ANY = 0.97, 0.2
_SEEN_BEFORE_ODD = 3
_MOST_KEPT = 300
_MOST_REASONS = 5
_OTHER = "…"
_EVENTLESS_LATELY, _EVENTLESS_USUALLY = 0.5, 0.2
# Four times as long as usual, and long enough to matter to anybody.
_MUCH_SLOWER = math.log(4)
_SLOW_SECONDS = math.log(0.1)
_TIMED_BEFORE_ODD = 50
# By turns: five times back from a failure within hours, with a quarter of all questions failing.
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
    """How often something is so: as a habit and lately, from 0 to 1 (or a mean, for seconds)."""

    usual: float
    recent: float
    seen: int = 1

    def then(self, value: float, *, learn: bool = True) -> "Share":
        """After one more. What is odd now is not learnt."""
        usual = self.usual + (value - self.usual) / min(self.seen + 1, _USUAL) if learn else self.usual
        return Share(usual, self.recent + (value - self.recent) / min(self.seen + 1, _RECENT), self.seen + 1)


@dataclass(frozen=True, slots=True)
class Counted:
    """Something that should not be: how often it was seen, and since when."""

    seen: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Habit:
    """What an account's answers are like. `odd` counts by "drift detail"; `accepted` are those that are known by now;
    `found` is what a person was told and when it began.
    """

    answers: int = 0
    fields: dict[str, Share] = field(default_factory=dict)
    odd: dict[str, Counted] = field(default_factory=dict)
    accepted: frozenset[str] = frozenset()
    # An account is trusted at first: one odd answer of a new one is not half of all there were.
    unreadable: Share = Share(0.0, 0.0, _RECENT)
    eventless: Share = Share(0.0, 0.0, _RECENT)
    failing: Share = Share(0.0, 0.0, _RECENT)
    seconds: Share | None = None
    recoveries: tuple[datetime, ...] = ()
    found: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """What one question gave. `shapes`: of answers that were new and read; `readable`: how many were read, new or not;
    `unreadable`: why, for each that was not;
    `eventful`, `eventless`: answers about packages that had events lately; `seconds` it took; `failed`: whether there
    was no answer (None: it was no question); `recovered`: the party answered after it had not.
    """

    shapes: tuple[Shape, ...] = ()
    readable: int = 0
    unreadable: tuple[str, ...] = ()
    eventful: int = 0
    eventless: int = 0
    seconds: float | None = None
    failed: bool | None = None
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class Oddity:
    """One way in which the answers differ."""

    drift: Drift
    detail: str
    since: datetime


def carry_on(habit: Habit, look: Look, expected: Mapping[str, Expected], now: datetime) -> Habit:
    """The habit after one more look, with what it differs in now added to `found`."""
    for shape in look.shapes:
        habit = _shaped(habit, shape, expected, now)
    for reason in look.unreadable:
        habit = replace(habit, unreadable=habit.unreadable.then(1.0, learn=False))
        habit = _count(habit, _reason(habit, reason), now)
    for _ in range(min(look.readable, _USUAL)):
        habit = replace(habit, unreadable=habit.unreadable.then(0.0))
    habit = replace(habit, eventless=_turned(habit.eventless, look.eventful, look.eventless))
    if look.seconds is not None:
        habit = replace(habit, seconds=_timed(habit.seconds, look.seconds))
    if look.failed is not None:
        habit = replace(habit, failing=habit.failing.then(1.0 if look.failed else 0.0))
    if look.recovered:
        habit = replace(habit, recoveries=(*habit.recoveries, now)[-_TURNS:])
    now_odd = {_key(drift, detail): since for drift, detail, since in _odd(habit, expected, now)}
    return replace(habit, found=now_odd | habit.found)


def oddities(habit: Habit) -> tuple[Oddity, ...]:
    """What a person should know, the gravest first."""
    told = [Oddity(Drift(key.partition(" ")[0]), key.partition(" ")[2], since) for key, since in habit.found.items()]
    ranks = list(Drift)
    return tuple(sorted(told, key=lambda o: (ranks.index(o.drift), o.since, o.detail)))


def lasting(habit: Habit) -> Habit:
    """The habit without what has healed by itself. Later than it began: else it would begin and end by turns."""
    found = {key: since for key, since in habit.found.items() if not _healed(habit, _drift_of(key))}
    return replace(habit, found=found)


def _healed(habit: Habit, drift: Drift) -> bool:
    match drift:
        case Drift.EVENTS_GONE:
            return habit.eventless.recent < _EVENTLESS_LATELY / 2
        case Drift.SLOWER:
            return habit.seconds is None or habit.seconds.recent - habit.seconds.usual < _MUCH_SLOWER / 2
        case Drift.UNSTEADY:
            return habit.failing.recent < _FAILING / 4
        case Drift.UNREADABLE | Drift.FIELD_GONE | Drift.FIELD_NEW | Drift.TYPE_CHANGED:
            return False


def accepted(habit: Habit) -> Habit:
    """A person ended the notice: how it is now is how it is."""
    known = habit.accepted | {key for key in habit.found if _drift_of(key) in {Drift.FIELD_NEW, Drift.TYPE_CHANGED}}
    fields = {path: replace(share, usual=share.recent) for path, share in habit.fields.items()}
    seconds = habit.seconds and replace(habit.seconds, usual=habit.seconds.recent)
    eventless = replace(habit.eventless, usual=habit.eventless.recent)
    return replace(
        habit, accepted=known, fields=fields, seconds=seconds, eventless=eventless, odd={}, recoveries=(), found={}
    )


def blind(habit: Habit) -> bool:
    """Whether most answers tell nothing now, and a person was told so: silence is no news then."""
    kinds = {_drift_of(key) for key in habit.found}
    lost = Drift.EVENTS_GONE in kinds and habit.eventless.recent >= _EVENTLESS_LATELY
    return lost or (Drift.UNREADABLE in kinds and habit.unreadable.recent >= _EVENTLESS_LATELY)


def _key(drift: Drift, detail: str) -> str:
    return f"{drift} {detail}".rstrip()


def _drift_of(key: str) -> Drift:
    return Drift(key.partition(" ")[0])


def _shaped(habit: Habit, shape: Shape, expected: Mapping[str, Expected], now: datetime) -> Habit:
    """One more answer's fields."""
    fields = dict(habit.fields)
    for path in {*expected, *fields, *shape}:
        there = 1.0 if path in shape else 0.0
        known = fields.get(path)
        if known is None and len(fields) < _MOST_KEPT:
            # What every answer must have needs no learning; anything else is as often there as it is seen.
            first = Share(1.0, 1.0, _USUAL) if path in expected and expected[path].always else None
            fields[path] = first.then(there, learn=False) if first else Share(there, there)
        elif known is not None:
            # The absence of what is nearly always there is not learnt: it would become the habit while nobody looks.
            fields[path] = known.then(there, learn=bool(there) or known.usual < _NEARLY_ALL)
    learning = habit.answers < _LEARNING
    habit = replace(habit, answers=habit.answers + 1, fields=fields)
    strange = set(_strange(shape, expected)) - habit.accepted
    if learning:
        return replace(habit, accepted=habit.accepted | {key for key in strange if key.startswith(Drift.FIELD_NEW)})
    for key in sorted(strange):
        habit = _count(habit, key, now)
    return habit


def _strange(shape: Shape, expected: Mapping[str, Expected]) -> Iterable[str]:
    """Fields that nobody declared, and those of a type that nobody declared. Below an unknown field nothing is said."""
    if not expected:
        return
    unknown = {path for path in shape if path not in expected}
    for path in sorted(unknown):
        if not any(path.startswith((f"{other}.", f"{other}[")) for other in unknown if other != path):
            yield _key(Drift.FIELD_NEW, path)
    for path, types in shape.items():
        if path in expected:
            for odd in sorted(types - expected[path].types - {"null"}):
                yield _key(Drift.TYPE_CHANGED, f"{path} {odd}")


def _count(habit: Habit, key: str, now: datetime) -> Habit:
    known = habit.odd.get(key)
    if known is None and len(habit.odd) >= _MOST_KEPT:
        return habit
    counted = Counted(known.seen + 1, known.since) if known else Counted(1, now)
    return replace(habit, odd=habit.odd | {key: counted})


def _reason(habit: Habit, reason: str) -> str:
    """A name for why an answer could not be read that is the same for answers that fail alike."""
    key = _key(Drift.UNREADABLE, _NUMBERS.sub("#", reason)[:120])
    known = [k for k in habit.odd if k.startswith(Drift.UNREADABLE)]
    return key if key in known or len(known) < _MOST_REASONS else _key(Drift.UNREADABLE, _OTHER)


def _turned(share: Share, eventful: int, eventless: int) -> Share:
    """The share of eventless answers after a batch, whose answers have no order: told as they come, mixed."""
    total = eventful + eventless
    for index in range(total):
        less = (index + 1) * eventless // total > index * eventless // total
        share = share.then(1.0 if less else 0.0, learn=not less)
    return share


def _timed(share: Share | None, seconds: float) -> Share:
    value = math.log(max(seconds, 1e-4))
    if share is None:
        return Share(value, value)
    return share.then(value, learn=share.seen < _TIMED_BEFORE_ODD or value - share.usual < _MUCH_SLOWER)


def _odd(habit: Habit, expected: Mapping[str, Expected], now: datetime) -> Iterable[tuple[Drift, str, datetime]]:
    for key, counted in habit.odd.items():
        drift = _drift_of(key)
        if drift is Drift.UNREADABLE or counted.seen >= _SEEN_BEFORE_ODD:
            yield drift, key.partition(" ")[2], counted.since
    for path, share in habit.fields.items():
        # Where there is no `a`, there is no `a.b`: only the outermost is told.
        above = _above(path)
        inside = above in habit.fields and _gone(habit.fields[above], above, expected)
        if _gone(share, path, expected) and not inside:
            yield Drift.FIELD_GONE, path, now
    if habit.eventless.recent >= _EVENTLESS_LATELY and habit.eventless.usual <= _EVENTLESS_USUALLY:
        yield Drift.EVENTS_GONE, "", now
    if _slower(habit.seconds):
        yield Drift.SLOWER, "", now
    turns = [at for at in habit.recoveries if now - at <= _TURNS_WITHIN]
    if len(turns) >= _TURNS and habit.failing.recent >= _FAILING:
        yield Drift.UNSTEADY, "", turns[0]


def _above(path: str) -> str:
    return path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]


def _gone(share: Share, path: str, expected: Mapping[str, Expected]) -> bool:
    learnt = share.seen >= _LEARNING or (path in expected and expected[path].always)
    return learnt and share.usual >= _NEARLY_ALL and share.recent <= _HARDLY_ANY


def _slower(share: Share | None) -> bool:
    if share is None or share.seen < _TIMED_BEFORE_ODD:
        return False
    return share.recent - share.usual >= _MUCH_SLOWER and share.recent >= _SLOW_SECONDS
