"""In: a timeline, the time and a catalogue; out: what a person would say of it: position, journey line, lateness."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from paradeiro.domain.days import day_of
from paradeiro.domain.records import Place, Snapshot, Timeline, TrackingEvent
from paradeiro.domain.words import Reason, Source, Status, Withdraws
from paradeiro.sdk.history import public_words, told_events
from paradeiro.sdk.speech.catalogue import Catalogue, Step, Tone, Words
from paradeiro.sdk.speech.moments import capital, date_words, day_words, full_date
from paradeiro.sdk.speech.places import city_of, place_line, tidy, with_preposition

_OPTION = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")

_TONES = {
    Status.REGISTERED: Tone.QUIET,
    Status.ACCEPTED: Tone.MOVING,
    Status.IN_TRANSIT: Tone.MOVING,
    Status.OUT_FOR_DELIVERY: Tone.MOVING,
    Status.AVAILABLE_FOR_PICKUP: Tone.YOUR_TURN,
    Status.ATTEMPT_FAILED: Tone.TROUBLE,
    Status.EXCEPTION: Tone.TROUBLE,
    Status.RETURNING: Tone.TROUBLE,
    Status.RETURNED: Tone.QUIET,
    Status.DELIVERED: Tone.GOOD,
    Status.CANCELLED: Tone.QUIET,
    Status.UNKNOWN: Tone.QUIET,
}
_NEVER_ARRIVES = frozenset({Reason.LOST, Reason.STOLEN, Reason.SEIZED, Reason.DESTROYED})
_OFF_THE_LINE = frozenset({Status.CANCELLED, Status.UNKNOWN})
_STILL_COMES = frozenset(
    {
        Status.REGISTERED,
        Status.ACCEPTED,
        Status.IN_TRANSIT,
        Status.OUT_FOR_DELIVERY,
        Status.ATTEMPT_FAILED,
        Status.EXCEPTION,
    }
)
# A delivery has its own correction; what says nothing of the position was not told.
_NOT_WORTH_TAKING_BACK = frozenset({None, Status.UNKNOWN, Status.DELIVERED, Status.REGISTERED})
# Where our own sentence says too little, the carrier's words are worth showing.
_IN_THEIR_WORDS = frozenset({Status.EXCEPTION, Status.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Position:
    """Where a package is, in words. `at` is local, None if unknown; `note` is what the carrier itself adds."""

    status: Status
    tone: Tone
    label: str
    sentence: str
    then: str
    act: bool
    at: datetime | None
    place: str
    note: str


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of the journey line. `state` is passed, here or left; `city`: where that was, if anybody said so."""

    step: Step
    label: str
    state: str
    city: str = ""


def words_of(catalogue: Catalogue, status: Status, reason: Reason | None) -> Words:
    """The words of a status with its reason: its own sentence if there is one, else the status's with the reason."""
    own = catalogue.words.get((status, reason))
    if own is not None:
        return own
    plain = catalogue.words[status, None]
    why = catalogue.reasons.get(reason) if reason is not None else None
    if why is None:
        return plain
    sentence = f"{plain.sentence} {catalogue.labels.reason}: {why}."
    return Words(plain.label, sentence, plain.then, plain.act)


def tone_of(catalogue: Catalogue, status: Status, reason: Reason | None) -> Tone:
    """The colour of the mark: amber whenever the reader must act, unless something went wrong for good."""
    if words_of(catalogue, status, reason).act and reason not in _NEVER_ARRIVES and reason is not Reason.DAMAGED:
        return Tone.YOUR_TURN
    if status in {Status.IN_TRANSIT, Status.EXCEPTION} and reason is Reason.CUSTOMS:
        return Tone.MOVING
    return _TONES[status]


def filled(template: str, values: Mapping[str, str]) -> str:
    """A template of the catalogue with its values; an option without all its values is left out."""

    def kept(match: re.Match[str]) -> str:
        inner = match.group(1)
        return inner if all(values.get(name) for name in _SLOT.findall(inner)) else ""

    before = ""
    while before != template:
        before, template = template, _OPTION.sub(kept, template)
    said = _SLOT.sub(lambda slot: values.get(slot.group(1), ""), template)
    return capital(said)


def position(timeline: Timeline, *, now: datetime, zone: tzinfo, catalogue: Catalogue) -> Position:
    """What the timeline says now, as one sentence and what follows from it."""
    snapshot = timeline.snapshot
    words = words_of(catalogue, snapshot.status, snapshot.reason)
    at = _moved_at(timeline)
    local = at.astimezone(zone) if at else None
    when = day_words(local.date(), now.astimezone(zone).date(), catalogue.calendar) if local else ""
    known = snapshot.status is not Status.REGISTERED
    return Position(
        status=snapshot.status,
        tone=tone_of(catalogue, snapshot.status, snapshot.reason),
        label=words.label,
        sentence=_sentence(words, catalogue, snapshot.place, snapshot.destination, when),
        then=words.then,
        act=words.act,
        at=local,
        place=place_line(snapshot.place) if known else "",
        note=_note(timeline),
    )


def _sentence(words: Words, catalogue: Catalogue, place: Place, destination: Place | None, when: str) -> str:
    here, there = city_of(place), city_of(destination)
    values = {
        "when": when,
        "at": with_preposition(catalogue, here, "at"),
        "via": with_preposition(catalogue, here, "via"),
        # Within one city "on its way to Campinas, passed Campinas" says nothing.
        "to": with_preposition(catalogue, there, "to") if there != here else "",
    }
    return filled(words.sentence, values)


def _moved_at(timeline: Timeline) -> datetime | None:
    """When what the snapshot says happened: the newest event that says the same, else the beginning of the status."""
    snapshot = timeline.snapshot
    if snapshot.delivered:
        return snapshot.delivered_at
    newest = _newest_saying(timeline)
    return newest.occurred_at if newest else snapshot.since


def _newest_saying(timeline: Timeline) -> TrackingEvent | None:
    """The newest event that says what the snapshot says."""
    now = timeline.snapshot
    same = (t.event for t in told_events(timeline) if (t.event.status, t.event.reason) == (now.status, now.reason))
    return max(same, key=lambda event: event.occurred_at, default=None)


def _note(timeline: Timeline) -> str:
    """What the carrier adds in its own words; not what an operator or another program stated."""
    snapshot, newest = timeline.snapshot, _newest_saying(timeline)
    if newest is not None and newest.source is not Source.CARRIER:
        return ""
    detail = tidy(snapshot.detail)
    if detail:
        return detail
    return tidy(snapshot.description) if snapshot.status in _IN_THEIR_WORDS else ""


def event_words(event: TrackingEvent, catalogue: Catalogue) -> str:
    """One line of the timeline: our words for the carrier's codes, their own for what another program wrote."""
    theirs = public_words(event)
    if event.status is None or event.status is Status.UNKNOWN:
        return theirs or event.code or catalogue.words[Status.UNKNOWN, None].label
    if event.source is not Source.CARRIER and theirs:
        return theirs
    label = catalogue.words.get((event.status, event.reason), catalogue.words[event.status, None]).label
    own = (event.status, event.reason) in catalogue.words
    why = catalogue.reasons.get(event.reason) if event.reason is not None and not own else None
    there = city_of(event.destination)
    going = event.status is Status.IN_TRANSIT and there and there != city_of(event.place)
    to = f" {with_preposition(catalogue, there, 'to')}" if going else ""
    # "A caminho de Campinas, com atraso": where it goes stands before how.
    way, comma, how = label.partition(",")
    return f"{way}{to}{comma}{how}" + (f": {why}" if why else "")


def lateness(
    promised_at: datetime | None, snapshot: Snapshot, *, now: datetime, zone: tzinfo, catalogue: Catalogue
) -> str:
    """One sentence if the package is, will be or was late for its promise; empty if not, or if nobody can say."""
    if promised_at is None or snapshot.reason in _NEVER_ARRIVES:
        return ""
    today, promised = now.astimezone(zone).date(), promised_at.astimezone(zone).date()
    said = {"promised": full_date(promised, today, catalogue.calendar), "expected": ""}
    if snapshot.delivered_at is not None:
        late = snapshot.delivered_at.astimezone(zone).date() > promised
        return filled(catalogue.lateness.delivered, said) if late else ""
    if snapshot.status not in _STILL_COMES:
        return ""
    expected = day_of(snapshot.estimate, zone) if snapshot.estimate else None
    if expected is not None and expected > promised and expected >= today:
        said["expected"] = date_words(expected, today, catalogue.calendar)
        return filled(catalogue.lateness.new_date, said)
    return filled(catalogue.lateness.no_date, said) if today > promised else ""


def correction_sentence(timeline: Timeline, catalogue: Catalogue) -> str:
    """How we take back the delivery that we reported: whoever corrected it is named."""
    withdrawals = [told.event for told in told_events(timeline) if told.undoes_delivery]
    by_store = bool(withdrawals) and withdrawals[-1].source is not Source.CARRIER
    return catalogue.correction.by_store if by_store else catalogue.correction.by_carrier


def taken_back(timeline: Timeline, catalogue: Catalogue) -> str:
    """What the carrier just took back, if that is the news: who was told of a theft must hear that there was none."""
    newest = timeline.events[-1] if timeline.events else None
    if newest is None or newest.withdraws is not Withdraws.PREVIOUS:
        return ""
    gone = [e for e in timeline.events if e.identity in timeline.withdrawn and e.status not in _NOT_WORTH_TAKING_BACK]
    return catalogue.correction.taken_back.format(what=event_words(gone[-1], catalogue)) if gone else ""


def journey(timeline: Timeline, catalogue: Catalogue) -> tuple[Stop, ...]:
    """The journey line of four stops: passed, here, left. A package that comes back has its own line; one that goes
    nowhere, or of which nothing is known, has none.
    """
    snapshot = timeline.snapshot
    if snapshot.status in _OFF_THE_LINE or snapshot.reason in _NEVER_ARRIVES:
        return ()
    reached = _reached(timeline)
    line = _line(reached)
    here = max((i for i, step in enumerate(line) if step in reached), default=-1)
    ended = snapshot.status.final
    labels, cities = catalogue.labels.steps, _cities(timeline)
    return tuple(
        Stop(
            step,
            labels[step],
            "passed" if i < here or (i == here and ended) else "here" if i == here else "left",
            cities.get(step, "") if i <= here else "",
        )
        for i, step in enumerate(line)
    )


def _cities(timeline: Timeline) -> dict[Step, str]:
    """The city of the last that happened at each stop."""
    cities: dict[Step, str] = {}
    for told in told_events(timeline):
        status = told.event.status
        steps = _ENDS if status is Status.DELIVERED else (_STEPS.get(status),) if status else ()
        for step in steps:
            city = city_of(told.event.place)
            if step is not None and city and not told.undoes_delivery:
                cities[step] = city
    return cities


_ENDS = (Step.DELIVERED, Step.PICKED_UP)
_STEPS = {
    Status.ACCEPTED: Step.POSTED,
    Status.IN_TRANSIT: Step.MOVING,
    Status.EXCEPTION: Step.MOVING,
    Status.OUT_FOR_DELIVERY: Step.OUT,
    Status.ATTEMPT_FAILED: Step.OUT,
    Status.AVAILABLE_FOR_PICKUP: Step.PICKUP,
    Status.RETURNING: Step.COMING_BACK,
    Status.RETURNED: Step.BACK,
}


def _reached(timeline: Timeline) -> frozenset[Step]:
    """Where the package is now on the line. An exception halts it wherever it was."""
    snapshot = timeline.snapshot
    picked_up = any(told.event.status is Status.AVAILABLE_FOR_PICKUP for told in told_events(timeline))
    if snapshot.delivered:
        return frozenset({Step.PICKED_UP if picked_up else Step.DELIVERED})
    if snapshot.status is Status.EXCEPTION:
        before = [t.event.status for t in told_events(timeline) if t.event.status in _STEPS]
        steps = [s for s in before if s is not Status.EXCEPTION]
        return frozenset({_STEPS[steps[-1]] if steps and steps[-1] is not None else Step.MOVING})
    step = _STEPS.get(snapshot.status)
    return frozenset({step}) if step else frozenset()


def _line(reached: frozenset[Step]) -> tuple[Step, ...]:
    if reached & {Step.COMING_BACK, Step.BACK}:
        return (Step.POSTED, Step.MOVING, Step.COMING_BACK, Step.BACK)
    if reached & {Step.PICKUP, Step.PICKED_UP}:
        return (Step.POSTED, Step.MOVING, Step.PICKUP, Step.PICKED_UP)
    return (Step.POSTED, Step.MOVING, Step.OUT, Step.DELIVERED)
