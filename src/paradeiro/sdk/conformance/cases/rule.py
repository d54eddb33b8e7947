"""In: a connector that parses, its fixtures, and the table [cases] of its quality.toml; out: the cases it breaks."""

import json
from collections.abc import Iterator, Mapping

from paradeiro.sdk.conformance.cases.trials import TRIALS
from paradeiro.sdk.conformance.quality import Claim, case_claims
from paradeiro.sdk.conformance.subject import Fixture, Subject
from paradeiro.sdk.hard_cases.carriers import BY_NAME, CASES, CarrierCase, Shown, plain

EXEMPT = "exempt"
# It is tried on what fixtures allow; naming one would not help.
_MADE = "it is made from the fixtures, and none of these allows it: say in [cases] why"


def check_carrier_cases(subject: Subject) -> Iterator[str]:
    """Each case is shown by the fixture that quality.toml names, made from fixtures, or exempt for a reason."""
    claims = case_claims(subject.folder)
    yield from (f"[cases] has '{name}', which is no case" for name in claims if name not in BY_NAME)
    for case in CASES:
        yield from (f"{case.name}: {why}" for why in case_problems(subject, case, claims))


def case_problems(subject: Subject, case: CarrierCase, claims: Mapping[str, Claim]) -> Iterator[str]:
    """What is wrong with one case: the fixture that is named for it is examined, else it is made from all of them."""
    claim = claims.get(case.name)
    if claim is not None and claim.state == EXEMPT:
        if not claim.reason:
            yield "it is exempt without a reason"
        return
    if claim is not None:
        yield from _fixture_problems(subject, case, claim.state)
        return
    trials = list(TRIALS[case.name](subject)) if case.name in TRIALS else []
    yield from filter(None, trials)
    if not trials:
        wanted = "name one in [cases], or say why there can be none" if case.is_shown else _MADE
        yield f"no fixture shows it: {wanted}. {case.sentence}"


def _fixture_problems(subject: Subject, case: CarrierCase, name: str) -> Iterator[str]:
    fixture = next((each for each in subject.fixtures if each.name == name), None)
    if fixture is None:
        yield f"there is no fixture '{name}'"
    elif case.is_shown is None:
        yield "it is made from the fixtures: none is named for it"
    else:
        parsed = subject.parse(fixture.data)
        words = "\n".join(event.description for each in parsed for event in each.events)
        shown = Shown(plain(f"{_text_of(fixture)}\n{words}"), parsed)
        yield from (f"{fixture.file}: {why}" for why in case.is_shown(shown))


def _text_of(fixture: Fixture) -> str:
    document = fixture.document()
    if document is not None:
        return json.dumps(document, ensure_ascii=False)
    return fixture.data.decode("utf-8", "replace")
