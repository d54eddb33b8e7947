"""In: a timeline, the time and a catalogue; out: its wording: position, journey line, lateness."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from paradeiro.domain.days import day_of
from paradeiro.domain.records import Place, Snapshot, Timeline, TrackingEvent
from paradeiro.domain.words import Reason, Source, Status, Withdraws
from paradeiro.sdk.public_history import public_events, public_text
from paradeiro.sdk.wording.catalogue import Catalogue, StatusWording, Step, Tone
from paradeiro.sdk.wording.places import city_of, place_line, tidy, with_preposition
from paradeiro.sdk.wording.times import capital, date_words, day_words, full_date

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
_NO_JOURNEY = frozenset({Status.CANCELLED, Status.UNKNOWN})
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
# A delivery has its own correction; statuses without a position were not reported.
_NO_WITHDRAWAL_NOTICE = frozenset({None, Status.UNKNOWN, Status.DELIVERED, Status.REGISTERED})
# Our sentence for these says too little, so the carrier's text is shown too.
_SHOWS_CARRIER_TEXT = frozenset({Status.EXCEPTION, Status.UNKNOWN})


@dataclass(frozen=True, slots=True)
class PositionText:
    """The wording of a package's position. `at` is local, None if unknown; `note` is the carrier's own text."""

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
class JourneyStep:
    """One step of the journey line. `state` is passed, here or left; `city`: where that was, if known."""

    step: Step
    label: str
    state: str
    city: str = ""


def status_wording(catalogue: Catalogue, status: Status, reason: Reason | None) -> StatusWording:
    """The wording of a status with its reason: its own sentence if there is one, else the status's with the reason."""
    own = catalogue.words.get((status, reason))
    if own is not None:
        return own
    plain = catalogue.words[status, None]
    why = catalogue.reasons.get(reason) if reason is not None else None
    if why is None:
        return plain
    sentence = f"{plain.sentence} {catalogue.labels.reason}: {why}."
    return StatusWording(plain.label, sentence, plain.then, plain.act)


def status_tone(catalogue: Catalogue, status: Status, reason: Reason | None) -> Tone:
    """The colour of the mark: amber whenever the reader must act, unless the package is lost or damaged."""
    if status_wording(catalogue, status, reason).act and reason not in _NEVER_ARRIVES and reason is not Reason.DAMAGED:
        return Tone.YOUR_TURN
    if status in {Status.IN_TRANSIT, Status.EXCEPTION} and reason is Reason.CUSTOMS:
        return Tone.MOVING
    return _TONES[status]


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """A template of the catalogue with its values; an option without all its values is left out."""

    def fill_option(match: re.Match[str]) -> str:
        inner = match.group(1)
        return inner if all(values.get(name) for name in _SLOT.findall(inner)) else ""

    before = ""
    while before != template:
        before, template = template, _OPTION.sub(fill_option, template)
    said = _SLOT.sub(lambda slot: values.get(slot.group(1), ""), template)
    return capital(said)


def position_text(timeline: Timeline, *, now: datetime, zone: tzinfo, catalogue: Catalogue) -> PositionText:
    """The timeline's current position as one sentence, and what follows from it."""
    snapshot = timeline.snapshot
    words = status_wording(catalogue, snapshot.status, snapshot.reason)
    at = _moved_at(timeline)
    local = at.astimezone(zone) if at else None
    when = day_words(local.date(), now.astimezone(zone).date(), catalogue.calendar) if local else ""
    known = snapshot.status is not Status.REGISTERED
    return PositionText(
        status=snapshot.status,
        tone=status_tone(catalogue, snapshot.status, snapshot.reason),
        label=words.label,
        sentence=_sentence(words, catalogue, snapshot.place, snapshot.destination, when),
        then=words.then,
        act=words.act,
        at=local,
        place=place_line(snapshot.place) if known else "",
        note=_note(timeline),
    )


def _sentence(words: StatusWording, catalogue: Catalogue, place: Place, destination: Place | None, when: str) -> str:
    here, there = city_of(place), city_of(destination)
    values = {
        "when": when,
        "at": with_preposition(catalogue, here, "at"),
        "via": with_preposition(catalogue, here, "via"),
        # Within one city "on its way to Campinas, passed Campinas" is useless.
        "to": with_preposition(catalogue, there, "to") if there != here else "",
    }
    return fill_template(words.sentence, values)


def _moved_at(timeline: Timeline) -> datetime | None:
    """When the snapshot's status was reached: the newest event with that status, else the beginning of the status."""
    snapshot = timeline.snapshot
    if snapshot.delivered:
        return snapshot.delivered_at
    newest = _newest_matching_event(timeline)
    return newest.occurred_at if newest else snapshot.since


def _newest_matching_event(timeline: Timeline) -> TrackingEvent | None:
    """The newest event with the snapshot's status and reason."""
    now = timeline.snapshot
    same = (t.event for t in public_events(timeline) if (t.event.status, t.event.reason) == (now.status, now.reason))
    return max(same, key=lambda event: event.occurred_at, default=None)


def _note(timeline: Timeline) -> str:
    """The carrier's own text; not an operator's or another program's."""
    snapshot, newest = timeline.snapshot, _newest_matching_event(timeline)
    if newest is not None and newest.source is not Source.CARRIER:
        return ""
    detail = tidy(snapshot.detail)
    if detail:
        return detail
    return tidy(snapshot.description) if snapshot.status in _SHOWS_CARRIER_TEXT else ""


def event_words(event: TrackingEvent, catalogue: Catalogue) -> str:
    """One line of the timeline: our wording for the carrier's codes, the text itself where another program wrote it."""
    theirs = public_text(event)
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
    # "A caminho de Campinas, com atraso": the destination precedes the reason.
    way, comma, how = label.partition(",")
    return f"{way}{to}{comma}{how}" + (f": {why}" if why else "")


def lateness_sentence(
    promised_at: datetime | None, snapshot: Snapshot, *, now: datetime, zone: tzinfo, catalogue: Catalogue
) -> str:
    """One sentence if the package is, will be or was late for its promise; empty if not, or if unknown."""
    if promised_at is None or snapshot.reason in _NEVER_ARRIVES:
        return ""
    today, promised = now.astimezone(zone).date(), promised_at.astimezone(zone).date()
    said = {"promised": full_date(promised, today, catalogue.calendar), "expected": ""}
    if snapshot.delivered_at is not None:
        late = snapshot.delivered_at.astimezone(zone).date() > promised
        return fill_template(catalogue.lateness.delivered, said) if late else ""
    if snapshot.status not in _STILL_COMES:
        return ""
    expected = day_of(snapshot.estimate, zone) if snapshot.estimate else None
    if expected is not None and expected > promised and expected >= today:
        said["expected"] = date_words(expected, today, catalogue.calendar)
        return fill_template(catalogue.lateness.new_date, said)
    return fill_template(catalogue.lateness.no_date, said) if today > promised else ""


def correction_sentence(timeline: Timeline, catalogue: Catalogue) -> str:
    """The sentence that withdraws a reported delivery; names who corrected it."""
    withdrawals = [told.event for told in public_events(timeline) if told.undoes_delivery]
    by_store = bool(withdrawals) and withdrawals[-1].source is not Source.CARRIER
    return catalogue.correction.by_store if by_store else catalogue.correction.by_carrier


def withdrawal_sentence(timeline: Timeline, catalogue: Catalogue) -> str:
    """The event that the carrier just withdrew, if that is the news: a reported theft must be corrected too."""
    newest = timeline.events[-1] if timeline.events else None
    if newest is None or newest.withdraws is not Withdraws.PREVIOUS:
        return ""
    gone = [e for e in timeline.events if e.identity in timeline.withdrawn and e.status not in _NO_WITHDRAWAL_NOTICE]
    return catalogue.correction.taken_back.format(what=event_words(gone[-1], catalogue)) if gone else ""


def journey_steps(timeline: Timeline, catalogue: Catalogue) -> tuple[JourneyStep, ...]:
    """The journey line of four steps: passed, here, left. A returning package has its own line; a cancelled or unknown
    one has none.
    """
    snapshot = timeline.snapshot
    if snapshot.status in _NO_JOURNEY or snapshot.reason in _NEVER_ARRIVES:
        return ()
    reached = _reached_steps(timeline)
    line = _line_of(reached)
    here = max((i for i, step in enumerate(line) if step in reached), default=-1)
    ended = snapshot.status.final
    labels, cities = catalogue.labels.steps, _step_cities(timeline)
    return tuple(
        JourneyStep(
            step,
            labels[step],
            "passed" if i < here or (i == here and ended) else "here" if i == here else "left",
            cities.get(step, "") if i <= here else "",
        )
        for i, step in enumerate(line)
    )


def _step_cities(timeline: Timeline) -> dict[Step, str]:
    """The city of the last event at each step."""
    cities: dict[Step, str] = {}
    for told in public_events(timeline):
        status = told.event.status
        steps = _END_STEPS if status is Status.DELIVERED else (_STEPS.get(status),) if status else ()
        for step in steps:
            city = city_of(told.event.place)
            if step is not None and city and not told.undoes_delivery:
                cities[step] = city
    return cities


_END_STEPS = (Step.DELIVERED, Step.PICKED_UP)
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


def _reached_steps(timeline: Timeline) -> frozenset[Step]:
    """The steps at which the package may be now. An exception stops it at the step reached before."""
    snapshot = timeline.snapshot
    picked_up = any(told.event.status is Status.AVAILABLE_FOR_PICKUP for told in public_events(timeline))
    if snapshot.delivered:
        return frozenset({Step.PICKED_UP if picked_up else Step.DELIVERED})
    if snapshot.status is Status.EXCEPTION:
        before = [t.event.status for t in public_events(timeline) if t.event.status in _STEPS]
        steps = [s for s in before if s is not Status.EXCEPTION]
        return frozenset({_STEPS[steps[-1]] if steps and steps[-1] is not None else Step.MOVING})
    step = _STEPS.get(snapshot.status)
    return frozenset({step}) if step else frozenset()


def _line_of(reached: frozenset[Step]) -> tuple[Step, ...]:
    if reached & {Step.COMING_BACK, Step.BACK}:
        return (Step.POSTED, Step.MOVING, Step.COMING_BACK, Step.BACK)
    if reached & {Step.PICKUP, Step.PICKED_UP}:
        return (Step.POSTED, Step.MOVING, Step.PICKUP, Step.PICKED_UP)
    return (Step.POSTED, Step.MOVING, Step.OUT, Step.DELIVERED)
